#include "agent/rest.h"

#include <string.h>

#include "agent/capture.h"
#include "agent/cputimer.h"
#include "agent/handler.h"
#include "agent/poisson.h"
#include "common/hash.h"

#define PLACES      64
#define PLACE_DEPTH 128

_Thread_local struct fk_rest_begin fk_rest_begin;

/* Where a thread that began with `function` was seen last. */
struct place {
    const void *function;
    flamekit_labels labels;
    uint32_t depth, flags;
    uintptr_t pcs[PLACE_DEPTH];
};

static struct place places[PLACES];
static int64_t owed_ns; /* to all threads together; may be less than nothing */

static struct place *place_of(const void *function)
{
    return &places[fk_hash_mix((uintptr_t)function) % PLACES];
}

static void remember(const struct fk_thread *t)
{
    struct place *p = place_of(fk_rest_begin.function);
    if (fk_rest_begin.function == NULL || t->last_depth == 0 ||
        t->last_depth > PLACE_DEPTH)
        return;
    p->function = fk_rest_begin.function;
    p->labels = t->last_labels;
    p->depth = t->last_depth;
    p->flags = t->last_flags;
    memcpy(p->pcs, t->pcs, p->depth * sizeof(p->pcs[0]));
}

/* The function at the place of whatever the hook calls now. */
static void begin_with_function(struct fk_trace *trace, uintptr_t *pcs)
{
    uint32_t i = trace->depth;
    while (i > 1 && pcs[i - 1] != (uintptr_t)fk_rest_begin.caller - 1)
        i--;
    i = i > 1 ? i - 2 : 0;
    pcs[i] = (uintptr_t)fk_rest_begin.function;
    trace->pcs = pcs + i;
    trace->depth -= i;
}

static void credit_here(
    struct fk_thread *self, const void *caller, uint64_t periods)
{
    struct fk_capture c;
    fk_capture_take(&c, caller);
    if (fk_rest_begin.function != NULL && c.trace.depth > 0)
        begin_with_function(&c.trace, c.pcs + (c.trace.pcs - c.pcs));
    fk_handler_credit(self, &c.trace, periods);
}

static void credit(struct fk_thread *self, const void *caller, uint64_t periods)
{
    const struct place *p = place_of(fk_rest_begin.function);
    struct fk_trace trace = {.labels = self->last_labels,
        .flags = self->last_flags,
        .pcs = self->pcs,
        .depth = self->last_depth};
    if (trace.depth == 0 && fk_rest_begin.function != NULL &&
        p->function == fk_rest_begin.function)
        trace = (struct fk_trace){.labels = p->labels,
            .flags = p->flags,
            .pcs = p->pcs,
            .depth = p->depth};
    if (trace.depth == 0)
        credit_here(self, caller, periods);
    else
        fk_handler_credit(self, &trace, periods);
}

/* Rounded by chance: threads that come in turns shall all have their turn. */
static uint64_t whole_periods(int64_t period_ns)
{
    if (owed_ns <= 0)
        return 0;
    double periods = (double)owed_ns / (double)period_ns;
    int64_t whole = fk_poisson_round(periods, fk_poisson_draw());
    owed_ns -= whole * period_ns;
    return (uint64_t)whole;
}

void fk_rest_settle(struct fk_thread *self, const void *caller)
{
    int64_t rest_ns, period_ns;
    if (!fk_cputimer_rest(self, &rest_ns, &period_ns))
        return;
    remember(self);
    /* Where a sample fell early it counts for what was not burnt any more. */
    owed_ns += rest_ns > -period_ns ? rest_ns : -period_ns;
    uint64_t periods = whole_periods(period_ns);
    if (periods > 0)
        credit(self, caller, periods);
}
