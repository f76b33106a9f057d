/* One line of a check file, judged: see judge.h. */
#include "cli/judge.h"

#include "cli/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* With fewer samples an interval that touches the edge says nothing yet. */
static const double ENOUGH_SAMPLES = 5000;

static void say(struct finding *f, enum verdict verdict, const char *fmt, ...)
    FK_PRINTF(3, 4);

static void say(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    f->verdict = verdict;
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
}

/* ---- E: the world
 * ----------------------------------------------------------------- */

/* Inside, outside, or too close to the edge to tell. */
static enum verdict compare_share(
    const struct value *v, double low, double high)
{
    struct interval i = stats_wilson(v->number * v->n, v->n);
    if (i.low >= low && i.high <= high)
        return VERDICT_PASS;
    bool overlaps = i.high >= low && i.low <= high;
    if (overlaps && v->n < ENOUGH_SAMPLES)
        return VERDICT_MORE_DATA;
    return v->number >= low && v->number <= high ? VERDICT_PASS
                                                 : VERDICT_BROKEN;
}

static void print_bounds(
    const struct check_item *item, enum measure_unit unit, char out[64])
{
    double scale = unit == UNIT_SHARE ? 100 : 1;
    const char *sign = unit == UNIT_SHARE ? " %" : "";
    if (isinf(item->low))
        snprintf(out, 64, "at most %g%s", item->high * scale, sign);
    else if (isinf(item->high))
        snprintf(out, 64, "at least %g%s", item->low * scale, sign);
    else
        snprintf(
            out, 64, "%g to %g%s", item->low * scale, item->high * scale, sign);
}

void judge_range(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    struct value v;
    char seen[256], bounds[64], name[160];
    measure(&item->expr, &c->world, &v);
    measure_print(&v, seen, sizeof seen);
    print_bounds(item, v.unit, bounds);
    measure_name(&item->expr, name, sizeof name);
    bool inside = v.number >= item->low && v.number <= item->high;
    enum verdict verdict = inside ? VERDICT_PASS : VERDICT_BROKEN;
    if (v.unit == UNIT_SHARE)
        verdict = compare_share(&v, item->low, item->high);
    else if (v.unit == UNIT_COUNT && v.number < item->low)
        verdict = VERDICT_MORE_DATA;
    say(f, verdict, "%s is %s, wanted %s", name, seen, bounds);
}

/* Share of the last function's stacks that have the whole path. */
void judge_path(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    const char *path[CHECK_PATH_MAX];
    for (size_t i = 0; i < item->path_len; i++)
        path[i] = item->path[i];
    const char *leaf = path[item->path_len - 1];
    double all = (double)profile_total_of(&c->world.cpu, leaf);
    double with = (double)profile_path(&c->world.cpu, path, item->path_len);
    double total = (double)profile_total(&c->world.cpu);
    if (all <= 0) {
        say(f, VERDICT_BROKEN, "%s is in no stack at all", leaf);
        return;
    }
    struct value v = {.unit = UNIT_SHARE,
        .number = with / all,
        .n = total > 0 ? c->world.samples * all / total : 0};
    say(f, compare_share(&v, item->low, item->high),
        "%.1f %% of the stacks with %s have the path %s > ... > %s",
        v.number * 100, leaf, path[0], leaf);
}

/* ---- W: the work
 * --------------------------------------------------------------------- */

static const char *text_of(json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static bool is_this_view(
    const struct checker *c, const struct check_item *item, json_t *seen)
{
    int64_t from = (int64_t)json_number_value(json_object_get(seen, "from"));
    int64_t until = (int64_t)json_number_value(json_object_get(seen, "until"));
    const struct window *w = &c->world.window;
    if (strcmp(text_of(seen, "view"), item->view))
        return false;
    if (item->in_window && (from > w->until_ms || until < w->from_ms))
        return false;
    if (*item->focus && strcmp(text_of(seen, "focus"), item->focus))
        return false;
    return !item->other_profile ||
           strncmp(text_of(seen, "query"), PROFILE_CPU, strlen(PROFILE_CPU));
}

/* What to do on the page, a row a view. */
static const struct {
    const char *view, *doing;
} views[] = {
    {"flamegraph", "look at the flame graph"},
    {"table", "open the table"},
    {"range", "select a range on the timeline"},
    {"profile", "choose another profile type"},
    {"search", "search for a function"},
    {"zoom", "click a frame to zoom into it"},
    {"filter", "filter by a label"},
    {"diff", "open the diff"},
};

static const char *doing(const char *view)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (!strcmp(views[i].view, view))
            return views[i].doing;
    return view;
}

void judge_viewed(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    size_t i;
    json_t *seen;
    json_array_foreach(c->activity, i, seen)
    {
        if (is_this_view(c, item, seen)) {
            say(f, VERDICT_PASS, "done: %s", doing(item->view));
            return;
        }
    }
    say(f, VERDICT_NOT_YET, "not yet: %s%s%s%s", doing(item->view),
        *item->focus ? " (" : "", item->focus, *item->focus ? ")" : "");
}

/* ---- U: the understanding
 * --------------------------------------------------------------- */

static bool same_text(const char *answer, const char *truth)
{
    size_t n = strlen(answer);
    if (n > 2 && !strcmp(answer + n - 2, "()"))
        n -= 2;
    return n == strlen(truth) && !strncasecmp(answer, truth, n);
}

/* A share is answered in percent, with or without the sign. */
static bool read_answer(const char *answer, enum measure_unit unit, double *out)
{
    char *end;
    *out = strtod(answer, &end);
    if (end == answer)
        return false;
    while (*end == ' ' || *end == '%')
        end++;
    if (unit == UNIT_SHARE)
        *out /= 100;
    return !*end && isfinite(*out);
}

bool judge_answer(const struct check_item *item, const struct value *truth,
    const char *answer)
{
    double given;
    if (truth->unit == UNIT_TEXT)
        return same_text(answer, truth->text);
    if (!read_answer(answer, truth->unit, &given))
        return false;
    double room = item->tolerance_points
                      ? item->tolerance
                      : fabs(truth->number) * item->tolerance;
    if (truth->unit == UNIT_CORES)
        room = fmax(room, 0.01); /* the page shows two digits */
    return fabs(given - truth->number) <= room + 1e-9;
}

/* An answer that fits a known misconception names it. */
static const struct check_wrong *smell(
    const struct checker *c, const struct check_item *item, const char *answer)
{
    for (size_t i = 0; i < item->num_wrong; i++) {
        struct value v;
        measure(&item->wrong[i].expr, &c->world, &v);
        if (judge_answer(item, &v, answer))
            return &item->wrong[i];
        double a, b;
        if (v.unit == UNIT_TEXT && read_answer(answer, UNIT_COUNT, &a) &&
            read_answer(v.text, UNIT_COUNT, &b) && fabs(a - b) < 1e-9)
            return &item->wrong[i];
    }
    return NULL;
}

void judge_ask(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    char answer[256];
    struct value truth;
    if (!progress_get(
            &c->progress, "answer", item->id, answer, sizeof answer)) {
        say(f, VERDICT_NOT_YET, "to answer: %s   (flamekit answer %s %s=...)",
            item->question, c->ex.id, item->id);
        return;
    }
    measure(&item->expr, &c->world, &truth);
    if (judge_answer(item, &truth, answer)) {
        char seen[256];
        measure_print(&truth, seen, sizeof seen);
        say(f, VERDICT_PASS, "%s  %s (measured %s)", item->question, answer,
            seen);
        return;
    }
    const struct check_wrong *wrong = smell(c, item, answer);
    if (wrong)
        snprintf(f->code, sizeof f->code, "%s", wrong->code);
    say(f, VERDICT_NOT_YET, "%s  %s is not it%s%s%s%s%s", item->question,
        answer, wrong ? ": " : "", wrong ? wrong->reason : "",
        wrong ? " [" : "", f->code, wrong ? "]" : "");
}

void judge_pick(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    struct quiz_item quiz;
    struct fk_diag diag = {""};
    char answer[16];
    if (quiz_find(fk_buf_slice(&c->quiz), "quiz.kit", item->id, &quiz, &diag)) {
        say(f, VERDICT_BROKEN, "%s", diag.text);
        return;
    }
    bool given =
        progress_get(&c->progress, "answer", item->id, answer, sizeof answer);
    const struct quiz_option *o = given ? quiz_option(&quiz, answer) : NULL;
    if (!o) {
        say(f, VERDICT_NOT_YET, "to answer: %s   (flamekit answer %s %s=a)",
            quiz.question, c->ex.id, item->id);
        return;
    }
    snprintf(f->code, sizeof f->code, "%s", o->code);
    say(f, o->right ? VERDICT_PASS : VERDICT_NOT_YET, "%s  %c: %s%s%s%s",
        quiz.question, o->letter, o->reason, o->right ? "" : " [", o->code,
        o->right ? "" : "]");
}
