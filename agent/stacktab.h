/*
 * Equal stacks are counted together, in the signal handler: a table of two
 * generations. Handlers add to the current one; the collector flips, waits
 * until no handler is inside the old one, reads it and empties it.
 *
 * fk_stacktab_enter, _add and _leave are async-signal-safe and lock-free, from
 * any number of threads; what a handler uses between enter and leave (the
 * object snapshot) may be freed once a drain has gone by.
 * fk_stacktab_drain is for one collector at a time. All memory is
 * mapped by fk_stacktab_init and is never unmapped, because a late handler
 * may still look at it.
 *
 * Limits: FK_STACKTAB_SLOTS different stacks and FK_STACKTAB_WORDS words of
 * addresses a generation. What does not fit is reported as lost, by add
 * (returns false) or by drain (*lost).
 */
#ifndef FK_AGENT_STACKTAB_H
#define FK_AGENT_STACKTAB_H

#include "agent/flamekit.h"
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FK_STACKTAB_SLOTS 16384
#define FK_STACKTAB_WORDS (512 * 1024)
#define FK_TRACE_MAX      512 /* frames */

struct fk_trace {
    flamekit_labels labels;
    pid_t tid;            /* 0: threads are not told apart */
    uint32_t flags;       /* FK_TRACE_* */
    const uintptr_t *pcs; /* leaf first */
    uint32_t depth;
};

enum {
    FK_TRACE_CUT = 1,     /* the root side is missing */
    FK_TRACE_WAITING = 2, /* waits, and where could not be seen */
    FK_TRACE_RUNNING = 4, /* runs, and nothing samples it */
};

struct fk_stacktab; /* several MB of address space, little of it touched */

typedef void (*fk_trace_fn)(
    void *arg, const struct fk_trace *trace, uint64_t weight);

/* NULL without memory. */
struct fk_stacktab *fk_stacktab_new(void);
/* Makes what handlers write to first, the slots and as many words as most
 * programs need, before they do. */
void fk_stacktab_populate(struct fk_stacktab *table);
/* The generation at hand, for the two calls below. */
uint32_t fk_stacktab_enter(struct fk_stacktab *table);
bool fk_stacktab_add(struct fk_stacktab *table, uint32_t generation,
    const struct fk_trace *trace, uint64_t weight);
void fk_stacktab_leave(struct fk_stacktab *table, uint32_t generation);

/* FK_ERR_RETRY: a handler is still inside (its thread was descheduled there
 * for the whole of wait_ns); everything stays, call again. */
FK_MUST_USE enum fk_err fk_stacktab_drain(struct fk_stacktab *table,
    int64_t wait_ns, fk_trace_fn fn, void *arg, uint64_t *lost);
/* Only when no handler can run: after fork in the child, and in tests. */
void fk_stacktab_reset(struct fk_stacktab *table);

#endif
