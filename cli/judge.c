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
static const double ENOUGH_FOR_RATIOS = 100;

void judge_say(struct finding *f, enum verdict verdict, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    f->verdict = verdict;
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
}

/* ---- E: the world -------------------------------------------------------- */

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
    char seen[256], bounds[64];
    measure(&item->expr, &c->world, &v);
    measure_print(&v, seen, sizeof seen);
    print_bounds(item, v.unit, bounds);
    bool inside = v.number >= item->low && v.number <= item->high;
    bool too_few = (v.unit == UNIT_COUNT && v.number < item->low) ||
                   (v.unit == UNIT_RATIO && !inside && v.n < ENOUGH_FOR_RATIOS);
    enum verdict verdict = inside ? VERDICT_PASS : VERDICT_BROKEN;
    if (v.unit == UNIT_SHARE)
        verdict = compare_share(&v, item->low, item->high);
    else if (too_few && !*item->todo)
        verdict = VERDICT_MORE_DATA;
    if (*item->todo && verdict == VERDICT_BROKEN)
        judge_say(f, VERDICT_NOT_YET, "not yet: %s (%s is %s, wanted %s)",
            item->todo, item->expr.text, seen, bounds);
    else
        judge_say(
            f, verdict, "%s is %s, wanted %s", item->expr.text, seen, bounds);
}

/* Share of the last function's stacks that have the whole path. */
void judge_path(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    const char *path[CHECK_PATH_MAX];
    for (size_t i = 0; i < item->path_len; i++)
        path[i] = item->path[i];
    const char *leaf = path[item->path_len - 1];
    const struct view *view = &c->world.view[item->path_view];
    const struct profile *p = &view->profile;
    double all = (double)profile_total_of(p, leaf);
    double with = (double)profile_path(p, path, item->path_len);
    double total = (double)profile_total(p);
    if (all <= 0) {
        judge_say(f, VERDICT_BROKEN, "%s is in no stack at all", leaf);
        return;
    }
    struct value v = {.unit = UNIT_SHARE,
        .number = with / all,
        .n = total > 0 ? view->samples * all / total : 0};
    judge_say(f, compare_share(&v, item->low, item->high),
        "%.1f %% of the stacks with %s have the path %s > ... > %s",
        v.number * 100, leaf, path[0], leaf);
}

/* ---- U: the understanding ------------------------------------------------ */

static bool same_text(const char *answer, const char *truth)
{
    size_t n = strlen(answer);
    if (n > 2 && !strcmp(answer + n - 2, "()"))
        n -= 2;
    return n == strlen(truth) && !strncasecmp(answer, truth, n);
}

/* hh:mm or hh:mm:ss, today or yesterday */
static bool read_time(const char *answer, double *ms)
{
    int h, m, s = 0, used = 0;
    if (sscanf(answer, "%d:%d%n:%d%n", &h, &m, &used, &s, &used) < 2 ||
        answer[used] || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
        return false;
    *ms = (h * 3600 + m * 60 + s) * 1000.0;
    return true;
}

/* A number with or without its unit; a share is answered in percent. */
static bool read_answer(const char *answer, enum measure_unit unit, double *out)
{
    char *end;
    if (unit == UNIT_TIME)
        return read_time(answer, out);
    *out = strtod(answer, &end);
    if (end == answer)
        return false;
    end += strspn(end, " %sm");
    if (unit == UNIT_SHARE)
        *out /= 100;
    return !*end && isfinite(*out);
}

static double room_of(const struct check_item *item, const struct value *truth)
{
    switch (item->tolerance_kind) {
    case TOLERANCE_POINTS:
        return item->tolerance;
    case TOLERANCE_FIXED:
        return truth->unit == UNIT_TIME ? item->tolerance * 1000
                                        : item->tolerance;
    case TOLERANCE_FACTOR:
        break;
    }
    double room = fabs(truth->number) * item->tolerance;
    /* The page shows two digits. */
    return truth->unit == UNIT_CORES ? fmax(room, 0.01) : room;
}

bool judge_answer(const struct check_item *item, const struct value *truth,
    const char *answer)
{
    double given, right = truth->number;
    if (truth->unit == UNIT_TEXT)
        return same_text(world_service_name(answer), truth->text);
    if (!read_answer(answer, truth->unit, &given))
        return false;
    if (truth->unit == UNIT_TIME)
        right = (double)measure_time_of_day((int64_t)right);
    return fabs(given - right) <= room_of(item, truth) + 1e-9;
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
        judge_say(f, VERDICT_NOT_YET,
            "to answer: %s   (flamekit answer %s %s=...)", item->question,
            c->ex.id, item->id);
        return;
    }
    measure(&item->expr, &c->world, &truth);
    if (judge_answer(item, &truth, answer)) {
        char seen[256];
        measure_print(&truth, seen, sizeof seen);
        judge_say(f, VERDICT_PASS, "%s  %s (measured %s)", item->question,
            answer, seen);
        return;
    }
    const struct check_wrong *wrong = smell(c, item, answer);
    if (wrong)
        snprintf(f->code, sizeof f->code, "%s", wrong->code);
    judge_say(f, VERDICT_NOT_YET, "%s  %s is not it%s%s%s%s%s", item->question,
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
        judge_say(f, VERDICT_BROKEN, "%s", diag.text);
        return;
    }
    bool given =
        progress_get(&c->progress, "answer", item->id, answer, sizeof answer);
    const struct quiz_option *o = given ? quiz_option(&quiz, answer) : NULL;
    if (!o) {
        judge_say(f, VERDICT_NOT_YET,
            "to answer: %s   (flamekit answer %s %s=a)", quiz.question,
            c->ex.id, item->id);
        return;
    }
    snprintf(f->code, sizeof f->code, "%s", o->code);
    judge_say(f, o->right ? VERDICT_PASS : VERDICT_NOT_YET, "%s  %c: %s%s%s%s",
        quiz.question, o->letter, o->reason, o->right ? "" : " [", o->code,
        o->right ? "" : "]");
}
