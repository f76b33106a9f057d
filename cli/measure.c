/* See measure.h. */
#include "cli/measure.h"

#include "common/clock.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What a function looks at. */
struct sight {
    const struct world *world;
    const struct window *window;
    const struct view *view;
};

typedef void measure_fn(
    const struct sight *s, const char *arg, struct value *v);

enum measure_needs { NEEDS_NOTHING, NEEDS_VIEW, NEEDS_SERIES };

struct measure_row {
    const char *name;
    enum measure_unit unit;
    enum measure_needs needs;
    bool takes_arg;
    measure_fn *fn;
};

/* A share that is a fact about the data at hand, not an estimate. */
static const double CERTAIN = 1e12;

static double seconds_of(const struct window *w)
{
    return (double)(w->until_ms - w->from_ms) / 1000;
}

static double per_second(const struct sight *s, double ns)
{
    double seconds = seconds_of(s->window);
    return seconds > 0 ? ns / 1e9 / seconds : 0;
}

static void as_share(const struct sight *s, int64_t part, struct value *v)
{
    int64_t total = profile_total(&s->view->profile);
    v->number = total ? (double)part / (double)total : 0;
}

static void do_samples(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = s->view->samples;
}

/* Also the average number of threads of a wall profile. */
static void do_cores(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = per_second(s, (double)profile_total(&s->view->profile));
}

/* Cores of one function. */
static void do_burn(const struct sight *s, const char *arg, struct value *v)
{
    v->number = per_second(s, (double)profile_total_of(&s->view->profile, arg));
}

static void do_seconds(const struct sight *s, const char *arg, struct value *v)
{
    v->number = (double)profile_total_of(&s->view->profile, arg) / 1e9;
}

static void do_rate(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = s->window->rate;
}

static void do_requests(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = (double)s->window->answered;
}

/* CPU of one request. */
static void do_cost(const struct sight *s, const char *arg, struct value *v)
{
    do_cores(s, arg, v);
    v->number = s->window->rate > 0 ? v->number * 1000 / s->window->rate : 0;
}

static void do_peak(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = s->view->series.peak;
}

static void do_median(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = s->view->series.median;
}

static void do_start(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    v->number = (double)s->window->start_ms;
}

static void do_unresolved(
    const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    as_share(s, profile_unresolved(&s->view->profile), v);
    v->n = CERTAIN;
}

static void do_share(const struct sight *s, const char *arg, struct value *v)
{
    as_share(s, profile_total_of(&s->view->profile, arg), v);
}

static void do_self(const struct sight *s, const char *arg, struct value *v)
{
    as_share(s, profile_self_of(&s->view->profile, arg), v);
}

static void do_depth(const struct sight *s, const char *arg, struct value *v)
{
    v->number = profile_depth(&s->view->profile, arg);
}

static void do_top_self(const struct sight *s, const char *arg, struct value *v)
{
    const char *name = profile_top_self(&s->view->profile, *arg ? arg : NULL);
    snprintf(v->text, sizeof v->text, "%s", name ? name : "");
}

static void do_service(const struct sight *s, const char *arg, struct value *v)
{
    (void)arg;
    snprintf(v->text, sizeof v->text, "%s", s->world->service);
}

/* A fixed word or number, for answers to recognise: is(handle_primes_slow). */
static void do_is(const struct sight *s, const char *arg, struct value *v)
{
    (void)s;
    snprintf(v->text, sizeof v->text, "%s", arg);
}

static const struct measure_row rows[] = {
    {"samples", UNIT_COUNT, NEEDS_VIEW, false, do_samples},
    {"cores", UNIT_CORES, NEEDS_VIEW, false, do_cores},
    {"threads", UNIT_CORES, NEEDS_VIEW, false, do_cores},
    {"burn", UNIT_CORES, NEEDS_VIEW, true, do_burn},
    {"seconds", UNIT_SECONDS, NEEDS_VIEW, true, do_seconds},
    {"unresolved", UNIT_SHARE, NEEDS_VIEW, false, do_unresolved},
    {"share", UNIT_SHARE, NEEDS_VIEW, true, do_share},
    {"self", UNIT_SHARE, NEEDS_VIEW, true, do_self},
    {"depth", UNIT_FRAMES, NEEDS_VIEW, true, do_depth},
    {"top_self", UNIT_TEXT, NEEDS_VIEW, false, do_top_self},
    {"cost", UNIT_MS, NEEDS_VIEW, false, do_cost},
    {"peak", UNIT_CORES, NEEDS_SERIES, false, do_peak},
    {"median", UNIT_CORES, NEEDS_SERIES, false, do_median},
    {"rate", UNIT_RATE, NEEDS_NOTHING, false, do_rate},
    {"requests", UNIT_COUNT, NEEDS_NOTHING, false, do_requests},
    {"start", UNIT_TIME, NEEDS_NOTHING, false, do_start},
    {"service", UNIT_TEXT, NEEDS_NOTHING, false, do_service},
    {"is", UNIT_TEXT, NEEDS_NOTHING, true, do_is},
};

/* ---- reading ------------------------------------------------------------- */

/* Letters, digits and '_' from the front; the rest stays. */
static struct fk_slice take_name(struct fk_slice *rest)
{
    size_t n = 0;
    while (n < rest->len &&
           (isalnum((unsigned char)rest->ptr[n]) || rest->ptr[n] == '_'))
        n++;
    struct fk_slice name = fk_slice_sub(*rest, 0, n);
    *rest = fk_slice_sub(*rest, n, rest->len);
    return name;
}

static bool take_char(struct fk_slice *rest, char c)
{
    if (!rest->len || rest->ptr[0] != c)
        return false;
    *rest = fk_slice_sub(*rest, 1, rest->len);
    return true;
}

/* What stands in brackets, if they open here. */
static bool take_bracket(
    struct fk_slice *rest, const char *brackets, char *out, size_t size)
{
    out[0] = '\0';
    if (!take_char(rest, brackets[0]))
        return true;
    ptrdiff_t end = fk_slice_find(*rest, brackets[1]);
    if (end <= 0 || (size_t)end >= size)
        return false;
    snprintf(out, size, FK_SLICE_FMT,
        FK_SLICE_ARG(fk_slice_sub(*rest, 0, (size_t)end)));
    *rest = fk_slice_sub(*rest, (size_t)end + 1, rest->len);
    return true;
}

static const struct measure_row *find_row(struct fk_slice name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (fk_slice_eqz(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* [WINDOW.][KIND[{FILTER}].]FUNCTION[(ARG)] */
static bool read_term(
    struct fk_slice *rest, struct world_rule *rule, struct measure_term *out)
{
    struct view_rule view = {.kind = rule->kind};
    struct fk_slice name = take_name(rest);
    if (world_window(rule, name, &view.window) && take_char(rest, '.'))
        name = take_name(rest);
    if (world_kind(name, &view.kind)) {
        if (!take_bracket(rest, "{}", view.filter, sizeof view.filter) ||
            !take_char(rest, '.'))
            return false;
        name = take_name(rest);
    }
    out->row = find_row(name);
    out->window = view.window;
    if (!out->row || !take_bracket(rest, "()", out->arg, sizeof out->arg))
        return false;
    view.series = out->row->needs == NEEDS_SERIES;
    if (out->row->needs != NEEDS_NOTHING &&
        !world_view(rule, &view, &out->view))
        return false;
    return *out->arg || !out->row->takes_arg;
}

bool measure_parse(
    struct fk_slice text, struct world_rule *rule, struct expr *out)
{
    *out = (struct expr){.num_terms = 0};
    if (text.len >= sizeof out->text)
        return false;
    snprintf(out->text, sizeof out->text, FK_SLICE_FMT, FK_SLICE_ARG(text));
    do {
        if (!read_term(&text, rule, &out->term[out->num_terms++]))
            return false;
    } while (out->num_terms < MEASURE_TERMS_MAX && take_char(&text, '/'));
    return text.len == 0;
}

/* ---- computing ----------------------------------------------------------- */

static void measure_one(
    const struct measure_term *t, const struct world *w, struct value *v)
{
    struct sight sight = {w, &w->window[t->window], &w->view[t->view]};
    *v = (struct value){.unit = t->row->unit, .n = sight.view->samples};
    t->row->fn(&sight, t->arg, v);
}

void measure(const struct expr *e, const struct world *world, struct value *v)
{
    struct value below;
    measure_one(&e->term[0], world, v);
    if (e->num_terms == 1)
        return;
    measure_one(&e->term[1], world, &below);
    v->unit = UNIT_RATIO;
    v->number = below.number > 0 ? v->number / below.number : INFINITY;
    v->n = fmin(v->n, below.n);
}

int64_t measure_time_of_day(int64_t ms)
{
    struct tm tm;
    time_t s = (time_t)(ms / 1000);
    if (!localtime_r(&s, &tm))
        return 0;
    return (tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec) * 1000LL +
           ms % 1000;
}

static void print_time(double ms, char *out, size_t size)
{
    long long s = measure_time_of_day((int64_t)ms) / 1000;
    snprintf(out, size, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

void measure_print(const struct value *v, char *out, size_t size)
{
    switch (v->unit) {
    case UNIT_COUNT:
    case UNIT_FRAMES:
        snprintf(out, size, "%.0f", v->number);
        break;
    case UNIT_SHARE:
        snprintf(out, size, "%.1f %%", v->number * 100);
        break;
    case UNIT_CORES:
    case UNIT_RATIO:
        snprintf(out, size, "%.*f", v->number < 0.1 ? 3 : 2, v->number);
        break;
    case UNIT_SECONDS:
        snprintf(out, size, "%.2f s", v->number);
        break;
    case UNIT_MS:
        snprintf(out, size, "%.2f ms", v->number);
        break;
    case UNIT_RATE:
        snprintf(out, size, "%.1f a second", v->number);
        break;
    case UNIT_TIME:
        print_time(v->number, out, size);
        break;
    case UNIT_TEXT:
        snprintf(out, size, "%s", v->text);
        break;
    }
}
