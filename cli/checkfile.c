/* Parsing check.kit: see checkfile.h. One row of a table a directive. */
#include "cli/checkfile.h"

#include "cli/words.h"

#include "common/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- directives ---------------------------------------------------------- */

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

/* "mixed", or "calm..hashing" */
static void read_phases(struct fk_slice value, struct window_rule *rule)
{
    struct fk_slice first = value, last = FK_SLICE("");
    for (size_t i = 0; i + 1 < value.len; i++) {
        if (value.ptr[i] != '.' || value.ptr[i + 1] != '.')
            continue;
        first = fk_slice_sub(value, 0, i);
        last = fk_slice_sub(value, i + 2, value.len);
        break;
    }
    snprintf(
        rule->phase, sizeof rule->phase, FK_SLICE_FMT, FK_SLICE_ARG(first));
    snprintf(rule->last_phase, sizeof rule->last_phase, FK_SLICE_FMT,
        FK_SLICE_ARG(last));
}

static bool do_window(struct parser *p)
{
    struct world_rule *world = &p->out->rule;
    if (world->num_windows == WORLD_WINDOWS_MAX)
        return false;
    struct window_rule *rule = &world->window[world->num_windows++];
    size_t i = 1;
    if (p->w->count > 1 && fk_slice_find(p->w->at[1], '=') < 0)
        words_copy(p->w, i++, rule->name, sizeof rule->name);
    bool ok = p->w->count > i;
    for (; ok && i < p->w->count; i++) {
        struct fk_slice value = p->w->at[i], name;
        fk_slice_split(&value, '=', &name);
        if (fk_slice_eqz(name, "phase"))
            read_phases(value, rule);
        else if (fk_slice_eqz(name, "last"))
            ok = read_ms(value, &rule->last_ms);
        else
            ok = fk_slice_eqz(name, "trim") && read_ms(value, &rule->trim_ms);
    }
    return ok && (*rule->phase || rule->last_ms);
}

static bool do_profile(struct parser *p)
{
    struct world_rule *rule = &p->out->rule;
    words_copy(p->w, 2, rule->service, sizeof rule->service);
    return p->w->count == 3 && world_kind(p->w->at[1], &rule->kind);
}

static bool do_predict(struct parser *p)
{
    return p->w->count == 2 &&
           measure_parse(p->w->at[1], &p->out->rule, &p->out->predict);
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
    struct view_rule view = {.kind = p->out->rule.kind};
    return item && item->path_len > 1 && read_bounds(p->w, i, item) &&
           world_view(&p->out->rule, &view, &item->path_view);
}

static bool do_environment(struct parser *p)
{
    if (words_is(p->w, 1, "path"))
        return read_path(p);
    struct check_item *item = new_item(p, CHECK_RANGE);
    return item && p->w->count > 1 &&
           measure_parse(p->w->at[1], &p->out->rule, &item->expr) &&
           read_bounds(p->w, 2, item);
}

static bool read_window(struct parser *p, struct fk_slice name, int *out)
{
    size_t at;
    bool found = world_window(&p->out->rule, name, &at);
    *out = found ? (int)at : CHECK_ANYWHERE;
    return found;
}

static bool read_kind(
    struct parser *p, struct fk_slice name, struct check_view *view)
{
    view->has_kind = true;
    view->kind = p->out->rule.kind;
    view->other_kind = fk_slice_eqz(name, "other");
    return view->other_kind || world_kind(name, &view->kind);
}

static void copy(struct fk_slice from, char *out, size_t size)
{
    snprintf(out, size, FK_SLICE_FMT, FK_SLICE_ARG(from));
}

/* in-window, in=A, left=A, right=B, kind=wall, filter=LABEL, focus=NAME */
static bool read_view_word(
    struct parser *p, struct fk_slice word, struct check_view *view)
{
    struct fk_slice value = word, name;
    fk_slice_split(&value, '=', &name);
    if (fk_slice_eqz(name, "in-window"))
        view->window = 0;
    else if (fk_slice_eqz(name, "in") || fk_slice_eqz(name, "left"))
        return read_window(p, value, &view->window);
    else if (fk_slice_eqz(name, "right"))
        return read_window(p, value, &view->right);
    else if (fk_slice_eqz(name, "kind"))
        return read_kind(p, value, view);
    else if (fk_slice_eqz(name, "filter"))
        copy(value, view->filter, sizeof view->filter);
    else if (fk_slice_eqz(name, "focus"))
        copy(value, view->focus, sizeof view->focus);
    else
        return false;
    return true;
}

/* W marked TEXT within TIME of WINDOW */
static bool read_marked(struct parser *p)
{
    struct check_item *item = new_item(p, CHECK_MARKED);
    if (!item || p->w->count != 7 || !words_is(p->w, 3, "within") ||
        !words_is(p->w, 5, "of"))
        return false;
    words_copy(p->w, 2, item->text, sizeof item->text);
    return read_ms(p->w->at[4], &item->near_ms) &&
           world_window(&p->out->rule, p->w->at[6], &item->near_window);
}

/* W EXPR <= N "WHAT TO DO" */
static bool read_result(struct parser *p)
{
    struct check_item *item = new_item(p, CHECK_RANGE);
    struct words bounds = *p->w;
    if (!item || bounds.count < 4)
        return false;
    words_copy(p->w, --bounds.count, item->todo, sizeof item->todo);
    return measure_parse(p->w->at[1], &p->out->rule, &item->expr) &&
           read_bounds(&bounds, 2, item);
}

static bool read_viewed(struct parser *p)
{
    struct check_item *item = new_item(p, CHECK_VIEWED);
    bool ok = item && p->w->count > 2;
    if (!ok)
        return false;
    item->view.window = item->view.right = CHECK_ANYWHERE;
    words_copy(p->w, 2, item->view.name, sizeof item->view.name);
    for (size_t i = 3; ok && i < p->w->count; i++)
        ok = read_view_word(p, p->w->at[i], &item->view);
    return ok;
}

static bool do_work(struct parser *p)
{
    if (words_is(p->w, 1, "marked"))
        return read_marked(p);
    return words_is(p->w, 1, "viewed") ? read_viewed(p) : read_result(p);
}

/* "+-5pt", "+-30%", "+-10s", "+-0.05" */
static bool read_tolerance(struct fk_slice s, struct check_item *item)
{
    static const struct {
        const char *unit;
        enum check_tolerance kind;
        double scale;
    } units[] = {
        {"pt", TOLERANCE_POINTS, 0.01},
        {"%", TOLERANCE_FACTOR, 0.01},
        {"s", TOLERANCE_FIXED, 1},
        {"", TOLERANCE_FIXED, 1},
    };

    if (!fk_slice_starts(s, FK_SLICE("+-")))
        return false;
    s = fk_slice_sub(s, 2, s.len);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].unit);
        if (s.len <= len ||
            !fk_slice_eqz(fk_slice_sub(s, s.len - len, s.len), units[i].unit))
            continue;
        item->tolerance_kind = units[i].kind;
        bool ok =
            read_number(fk_slice_sub(s, 0, s.len - len), &item->tolerance);
        item->tolerance *= units[i].scale;
        return ok;
    }
    return false;
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
           measure_parse(p->w->at[5], &p->out->rule, &item->expr) &&
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
    return measure_parse(p->w->at[2], &p->out->rule, &wrong->expr);
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
    {"window", do_window,
        "window [NAME] phase=NAME[..NAME]|last=TIME [trim=TIME]"},
    {"profile", do_profile, "profile cpu|wall SERVICE"},
    {"predict", do_predict, "predict EXPR"},
    {"E", do_environment,
        "E EXPR >= N | E EXPR LOW..HIGH | E path A > B >= N%"},
    {"W", do_work,
        "W viewed VIEW [in=WINDOW] [left=WINDOW right=WINDOW] [kind=KIND] "
        "[filter=LABEL] [focus=NAME] | W marked TEXT within TIME of WINDOW "
        "| W EXPR >= N \"WHAT TO DO\""},
    {"U", do_understanding,
        "U ask ID \"QUESTION\" = EXPR [+-N%|+-Npt|+-N|+-Ns] | U pick ID"},
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
    if (!*out->id || !*out->rule.service || !out->rule.num_windows ||
        !*out->say)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "%s: check, window, profile and say are needed", file);
    return FK_OK;
}
