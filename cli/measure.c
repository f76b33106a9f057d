/* See measure.h. */
#include "cli/measure.h"

#include <stdio.h>
#include <string.h>

typedef void measure_fn(
    const struct world *w, const char *arg, struct value *v);

struct measure_row {
    const char *name;
    enum measure_unit unit;
    bool takes_arg;
    measure_fn *fn;
};

/* A share that is a fact about the data at hand, not an estimate. */
static const double CERTAIN = 1e12;

static void as_share(const struct world *w, int64_t part, struct value *v)
{
    int64_t total = profile_total(&w->cpu);
    v->number = total ? (double)part / (double)total : 0;
    v->n = w->samples;
}

static void do_samples(const struct world *w, const char *arg, struct value *v)
{
    (void)arg;
    v->number = w->samples;
}

static void do_cores(const struct world *w, const char *arg, struct value *v)
{
    double ms = (double)(w->window.until_ms - w->window.from_ms);
    (void)arg;
    v->number = ms > 0 ? (double)profile_total(&w->cpu) / 1e6 / ms : 0;
}

static void do_unresolved(
    const struct world *w, const char *arg, struct value *v)
{
    (void)arg;
    as_share(w, profile_unresolved(&w->cpu), v);
    v->n = CERTAIN;
}

static void do_share(const struct world *w, const char *arg, struct value *v)
{
    as_share(w, profile_total_of(&w->cpu, arg), v);
}

static void do_self(const struct world *w, const char *arg, struct value *v)
{
    as_share(w, profile_self_of(&w->cpu, arg), v);
}

static void do_depth(const struct world *w, const char *arg, struct value *v)
{
    v->number = profile_depth(&w->cpu, arg);
}

static void do_top_self(const struct world *w, const char *arg, struct value *v)
{
    const char *name = profile_top_self(&w->cpu, *arg ? arg : NULL);
    snprintf(v->text, sizeof v->text, "%s", name ? name : "");
}

static void do_service(const struct world *w, const char *arg, struct value *v)
{
    (void)arg;
    snprintf(v->text, sizeof v->text, "%s", w->service);
}

/* A fixed word or number, for answers to recognise: is(handle_primes_slow). */
static void do_is(const struct world *w, const char *arg, struct value *v)
{
    (void)w;
    snprintf(v->text, sizeof v->text, "%s", arg);
}

static const struct measure_row rows[] = {
    {"samples", UNIT_COUNT, false, do_samples},
    {"cores", UNIT_CORES, false, do_cores},
    {"unresolved", UNIT_SHARE, false, do_unresolved},
    {"share", UNIT_SHARE, true, do_share},
    {"self", UNIT_SHARE, true, do_self},
    {"depth", UNIT_FRAMES, true, do_depth},
    {"top_self", UNIT_TEXT, false, do_top_self},
    {"service", UNIT_TEXT, false, do_service},
    {"is", UNIT_TEXT, true, do_is},
};

bool measure_parse(struct fk_slice text, struct expr *out)
{
    struct fk_slice name, arg = text;
    fk_slice_split(&arg, '(', &name);
    if (arg.len && arg.ptr[arg.len - 1] == ')')
        arg.len--;
    else if (arg.len)
        return false;
    if (arg.len >= sizeof out->arg)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!fk_slice_eqz(name, rows[i].name))
            continue;
        out->row = &rows[i];
        snprintf(out->arg, sizeof out->arg, FK_SLICE_FMT, FK_SLICE_ARG(arg));
        return !rows[i].takes_arg || arg.len > 0;
    }
    return false;
}

void measure(const struct expr *e, const struct world *world, struct value *v)
{
    *v = (struct value){.unit = e->row->unit};
    e->row->fn(world, e->arg, v);
}

void measure_name(const struct expr *e, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s", e->row->name, *e->arg ? "(" : "", e->arg,
        *e->arg ? ")" : "");
}

void measure_print(const struct value *v, char *out, size_t size)
{
    switch (v->unit) {
    case UNIT_COUNT:
        snprintf(out, size, "%.0f", v->number);
        break;
    case UNIT_SHARE:
        snprintf(out, size, "%.1f %%", v->number * 100);
        break;
    case UNIT_CORES:
        snprintf(out, size, "%.2f", v->number);
        break;
    case UNIT_FRAMES:
        snprintf(out, size, "%.0f", v->number);
        break;
    case UNIT_TEXT:
        snprintf(out, size, "%s", v->text);
        break;
    }
}
