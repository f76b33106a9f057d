/* Parsing check.kit: see checkfile.h. One row of a table a directive. */
#include "cli/checkfile.h"

#include "cli/words.h"

#include "common/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct parser {
    struct checkfile *out;
    const struct words *w;
    int line;
};

/* "60%" -> 0.6, "300" -> 300. */
static bool read_number(struct fk_slice s, double *out)
{
    char text[32], *end;
    if (!s.len || s.len >= sizeof text)
        return false;
    snprintf(text, sizeof text, FK_SLICE_FMT, FK_SLICE_ARG(s));
    *out = strtod(text, &end);
    if (*end == '%') {
        *out /= 100;
        end++;
    }
    return end != text && !*end;
}

/* "60%..97%" */
static bool read_range(struct fk_slice s, struct check_item *item)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.ptr[i] == '.' && s.ptr[i + 1] == '.')
            return read_number(fk_slice_sub(s, 0, i), &item->low) &&
                   read_number(fk_slice_sub(s, i + 2, s.len), &item->high);
    return false;
}

/* ">= 300", "<= 2%", "60%..97%" from word `at` on, to the end. */
static bool read_bounds(const struct words *w, size_t at, struct check_item *i)
{
    i->low = -INFINITY;
    i->high = INFINITY;
    if (w->count == at + 1)
        return read_range(w->at[at], i);
    if (w->count != at + 2)
        return false;
    if (words_is(w, at, ">="))
        return read_number(w->at[at + 1], &i->low);
    return words_is(w, at, "<=") && read_number(w->at[at + 1], &i->high);
}

static struct check_item *new_item(struct parser *p, enum check_kind kind)
{
    if (p->out->num_items == CHECK_ITEMS_MAX)
        return NULL;
    struct check_item *item = &p->out->item[p->out->num_items++];
    *item = (struct check_item){.kind = kind, .line = p->line};
    return item;
}

static struct check_item *find_ask(struct parser *p, const char *id)
{
    for (size_t i = 0; i < p->out->num_items; i++)
        if (p->out->item[i].kind == CHECK_ASK &&
            fk_slice_eqz(fk_slice_of(p->out->item[i].id), id))
            return &p->out->item[i];
    return NULL;
}

/* ---- directives
 * --------------------------------------------------------------- */

static bool do_check(struct parser *p)
{
    words_copy(p->w, 1, p->out->id, sizeof p->out->id);
    words_copy(p->w, 2, p->out->title, sizeof p->out->title);
    return p->w->count == 3;
}

static bool read_ms(struct fk_slice value, int64_t *ms)
{
    char text[32];
    int64_t ns;
    snprintf(text, sizeof text, FK_SLICE_FMT, FK_SLICE_ARG(value));
    bool ok = fk_duration_parse(text, &ns);
    *ms = ok ? ns / FK_NS_PER_MS : 0;
    return ok;
}

static bool do_window(struct parser *p)
{
    struct window_rule *rule = &p->out->window;
    bool ok = p->w->count > 1;
    for (size_t i = 1; ok && i < p->w->count; i++) {
        struct fk_slice value = p->w->at[i], name;
        fk_slice_split(&value, '=', &name);
        if (fk_slice_eqz(name, "phase"))
            snprintf(rule->phase, sizeof rule->phase, FK_SLICE_FMT,
                FK_SLICE_ARG(value));
        else if (fk_slice_eqz(name, "last"))
            ok = read_ms(value, &rule->last_ms);
        else
            ok = fk_slice_eqz(name, "trim") && read_ms(value, &rule->trim_ms);
    }
    return ok && (*rule->phase || rule->last_ms);
}

static bool do_profile(struct parser *p)
{
    words_copy(p->w, 2, p->out->service, sizeof p->out->service);
    return p->w->count == 3 && words_is(p->w, 1, "cpu");
}

/* E path a > b > c [>= 98%] */
static bool read_path(struct parser *p)
{
    struct check_item *item = new_item(p, CHECK_PATH);
    size_t i = 2;
    while (item && i < p->w->count && item->path_len < CHECK_PATH_MAX) {
        words_copy(
            p->w, i++, item->path[item->path_len++], sizeof item->path[0]);
        if (!words_is(p->w, i, ">"))
            break;
        i++;
    }
    return item && item->path_len > 1 && read_bounds(p->w, i, item);
}

static bool do_environment(struct parser *p)
{
    if (words_is(p->w, 1, "path"))
        return read_path(p);
    struct check_item *item = new_item(p, CHECK_RANGE);
    return item && p->w->count > 1 && measure_parse(p->w->at[1], &item->expr) &&
           read_bounds(p->w, 2, item);
}

static bool do_work(struct parser *p)
{
    struct check_item *item = new_item(p, CHECK_VIEWED);
    bool ok = item && p->w->count > 2 && words_is(p->w, 1, "viewed");
    if (!ok)
        return false;
    words_copy(p->w, 2, item->view, sizeof item->view);
    for (size_t i = 3; ok && i < p->w->count; i++) {
        struct fk_slice value = p->w->at[i], name;
        fk_slice_split(&value, '=', &name);
        if (fk_slice_eqz(name, "focus"))
            snprintf(item->focus, sizeof item->focus, FK_SLICE_FMT,
                FK_SLICE_ARG(value));
        else if (fk_slice_eqz(name, "in-window"))
            item->in_window = true;
        else if (fk_slice_eqz(name, "other-profile"))
            item->other_profile = true;
        else
            ok = false;
    }
    return ok;
}

/* "+-5pt", "+-30%" */
static bool read_tolerance(struct fk_slice s, struct check_item *item)
{
    if (!fk_slice_starts(s, FK_SLICE("+-")))
        return false;
    s = fk_slice_sub(s, 2, s.len);
    item->tolerance_points =
        s.len > 2 && s.ptr[s.len - 1] == 't' && s.ptr[s.len - 2] == 'p';
    if (!item->tolerance_points)
        return read_number(s, &item->tolerance);
    if (!read_number(fk_slice_sub(s, 0, s.len - 2), &item->tolerance))
        return false;
    item->tolerance /= 100;
    return true;
}

/* U ask ID "QUESTION" = EXPR [TOLERANCE] | U pick ID */
static bool do_understanding(struct parser *p)
{
    bool ask = words_is(p->w, 1, "ask");
    if (!ask && !words_is(p->w, 1, "pick"))
        return false;
    struct check_item *item = new_item(p, ask ? CHECK_ASK : CHECK_PICK);
    if (!item)
        return false;
    words_copy(p->w, 2, item->id, sizeof item->id);
    if (!ask)
        return p->w->count == 3;
    words_copy(p->w, 3, item->question, sizeof item->question);
    return p->w->count >= 6 && p->w->count <= 7 && words_is(p->w, 4, "=") &&
           measure_parse(p->w->at[5], &item->expr) &&
           (p->w->count == 6 || read_tolerance(p->w->at[6], item));
}

/* wrong ID EXPR CODE "REASON" */
static bool do_wrong(struct parser *p)
{
    char id[32];
    words_copy(p->w, 1, id, sizeof id);
    struct check_item *item = find_ask(p, id);
    if (!item || p->w->count != 5 || item->num_wrong == CHECK_WRONG_MAX)
        return false;
    struct check_wrong *wrong = &item->wrong[item->num_wrong++];
    words_copy(p->w, 3, wrong->code, sizeof wrong->code);
    words_copy(p->w, 4, wrong->reason, sizeof wrong->reason);
    return measure_parse(p->w->at[2], &wrong->expr);
}

static bool do_say(struct parser *p)
{
    words_copy(p->w, 1, p->out->say, sizeof p->out->say);
    return p->w->count == 2;
}

static const struct {
    const char *word;
    bool (*fn)(struct parser *p);
    const char *form;
} directives[] = {
    {"check", do_check, "check ID \"TITLE\""},
    {"window", do_window, "window phase=NAME|last=TIME [trim=TIME]"},
    {"profile", do_profile, "profile cpu SERVICE"},
    {"E", do_environment,
        "E EXPR >= N | E EXPR LOW..HIGH | E path A > B >= N%"},
    {"W", do_work, "W viewed VIEW [in-window] [focus=NAME] [other-profile]"},
    {"U", do_understanding,
        "U ask ID \"QUESTION\" = EXPR [+-N%|+-Npt] | U pick ID"},
    {"wrong", do_wrong, "wrong ASK-ID EXPR CODE \"REASON\""},
    {"say", do_say, "say \"SENTENCE\""},
};

enum { NUM_DIRECTIVES = sizeof directives / sizeof *directives };

static enum fk_err parse_line(
    struct parser *p, const char *file, struct fk_diag *diag)
{
    for (size_t i = 0; i < NUM_DIRECTIVES; i++) {
        if (!words_is(p->w, 0, directives[i].word))
            continue;
        if (directives[i].fn(p))
            return FK_OK;
        return fk_diag_set(diag, FK_ERR_FORMAT, "%s:%d: the form is: %s", file,
            p->line, directives[i].form);
    }
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "%s:%d: '" FK_SLICE_FMT "' is no word of a check file", file, p->line,
        FK_SLICE_ARG(p->w->at[0]));
}

enum fk_err checkfile_parse(struct fk_slice text, const char *file,
    struct checkfile *out, struct fk_diag *diag)
{
    struct fk_slice line;
    *out = (struct checkfile){0};
    for (int n = 1; fk_slice_split(&text, '\n', &line); n++) {
        struct words w;
        struct parser p = {out, &w, n};
        if (!words_split(line, &w))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "%s:%d: a quote is not closed, or too many words", file, n);
        enum fk_err err = w.count ? parse_line(&p, file, diag) : FK_OK;
        if (err)
            return err;
    }
    if (!*out->id || !*out->service || !*out->say)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "%s: check, profile and say are needed", file);
    return FK_OK;
}
