/* W lines: what only doing the exercise leaves behind. See judge.h. */
#include "cli/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A range counts as this window when nearly all of it is inside; a window
 * is trimmed, and pages snap to buckets. */
static const double MOSTLY = 0.75;

enum { SNAP_MS = 6000 };

struct range {
    int64_t from, until;
};

static const char *text_of(json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static struct range range_of(json_t *seen)
{
    return (struct range){
        (int64_t)json_number_value(json_object_get(seen, "from")),
        (int64_t)json_number_value(json_object_get(seen, "until"))};
}

static bool touches(struct range r, const struct window *w)
{
    return r.from <= w->until_ms && r.until >= w->from_ms;
}

static bool fits(struct range r, const struct window *w)
{
    int64_t from =
        r.from > w->from_ms - SNAP_MS ? r.from : w->from_ms - SNAP_MS;
    int64_t until =
        r.until < w->until_ms + SNAP_MS ? r.until : w->until_ms + SNAP_MS;
    return r.until > r.from && touches(r, w) &&
           (double)(until - from) >= MOSTLY * (double)(r.until - r.from);
}

/* The label stands in the selector: {..., endpoint="/api/slow_io"}. */
static bool filters(const char *query, const char *label)
{
    size_t n = strlen(label);
    for (const char *at = strchr(query, '{'); at; at = strpbrk(at, ",")) {
        at += 1 + strspn(at + 1, " ");
        if (!strncmp(at, label, n) && strchr("=!~ ", at[n]))
            return true;
    }
    return false;
}

static bool is_kind(const struct check_view *view, const char *query)
{
    const char *type = world_kind_type(view->kind);
    bool same = !strncmp(query, type, strlen(type));
    return !view->has_kind || same != view->other_kind;
}

static bool is_this_view(
    const struct checker *c, const struct check_view *view, json_t *seen)
{
    const char *query = text_of(seen, "query");
    if (strcmp(text_of(seen, "view"), view->name) || !is_kind(view, query))
        return false;
    if (view->right == CHECK_ANYWHERE && view->window != CHECK_ANYWHERE &&
        !touches(range_of(seen), &c->world.window[view->window]))
        return false;
    if (*view->filter && !filters(query, view->filter))
        return false;
    return !*view->focus || !strcmp(text_of(seen, "focus"), view->focus);
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
    {"zoom", "zoom into a frame"},
    {"filter", "filter by a label"},
    {"diff", "compare two ranges in the diff"},
};

static const char *doing(const char *view)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (!strcmp(views[i].view, view))
            return views[i].doing;
    return view;
}

static const char *phase_of(const struct checker *c, int window)
{
    return c->file.rule.window[window].phase;
}

/* Left and right of a diff; what was seen when it is not that. */
static bool judge_sides(const struct checker *c, const struct check_view *view,
    json_t *seen, struct finding *f)
{
    const struct window *a = &c->world.window[view->window];
    const struct window *b = &c->world.window[view->right];
    struct range left = range_of(seen);
    struct range right =
        range_of(json_object_get(json_object_get(seen, "detail"), "right"));
    if (fits(left, a) && fits(right, b))
        return true;
    bool swapped = fits(left, b) && fits(right, a);
    if (swapped)
        snprintf(f->code, sizeof f->code, "M3");
    judge_say(f, VERDICT_NOT_YET,
        "not yet: the diff has %s; left must be %s, right %s%s",
        swapped ? "its sides swapped, so every sign is turned round"
                : "other ranges than the two phases",
        phase_of(c, view->window), phase_of(c, view->right),
        swapped ? " [M3]" : "");
    return false;
}

void judge_viewed(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    const struct check_view *view = &item->view;
    size_t i;
    json_t *seen;
    judge_say(f, VERDICT_NOT_YET, "not yet: %s%s%s%s%s%s%s", doing(view->name),
        *view->focus ? " of " : "", view->focus,
        *view->filter ? ", filtered by " : "", view->filter,
        view->window != CHECK_ANYWHERE ? ", in the phase " : "",
        view->window != CHECK_ANYWHERE ? phase_of(c, view->window) : "");
    json_array_foreach(c->activity, i, seen)
    {
        if (!is_this_view(c, view, seen))
            continue;
        if (view->right != CHECK_ANYWHERE && !judge_sides(c, view, seen, f))
            continue;
        f->code[0] = '\0';
        judge_say(f, VERDICT_PASS, "done: %s", doing(view->name));
        return;
    }
}

void judge_marked(
    struct checker *c, const struct check_item *item, struct finding *f)
{
    int64_t truth = c->world.window[item->near_window].start_ms;
    int64_t nearest = INT64_MAX;
    size_t i;
    json_t *a;
    json_array_foreach(c->markers, i, a)
    {
        int64_t at =
            (int64_t)json_number_value(json_object_get(a, "timestamp"));
        if (!strstr(text_of(a, "content"), item->text) ||
            !strcmp(text_of(a, "kind"), "phase"))
            continue;
        if (llabs(at - truth) < nearest)
            nearest = llabs(at - truth);
    }
    if (nearest <= item->near_ms)
        judge_say(f, VERDICT_PASS, "done: the marker '%s' is %.1f s off",
            item->text, (double)nearest / 1000);
    else if (nearest == INT64_MAX)
        judge_say(f, VERDICT_NOT_YET,
            "not yet: set a marker named '%s' where it began", item->text);
    else
        judge_say(f, VERDICT_NOT_YET,
            "not yet: the marker '%s' is %lld s away from where it began; "
            "%lld s are allowed",
            item->text, (long long)nearest / 1000,
            (long long)item->near_ms / 1000);
}
