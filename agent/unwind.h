/*
 * Walks a stack: registers in, addresses out. Driven by the rows of the
 * object snapshot, then by frame pointers where there are none.
 *
 * Async-signal-safe: no allocation, no locks, bounded time; any thread, any
 * number at once. Its one system call looks at code that no table describes.
 * Memory is read only inside the stack the caller vouches for, so corrupt
 * unwind tables cost frames, never a crash.
 */
#ifndef FK_AGENT_UNWIND_H
#define FK_AGENT_UNWIND_H

#include "agent/objects.h"
#include "agent/regs.h"

#include <stddef.h>
#include <stdint.h>

/* Addresses [lo, hi) of a stack that may be read, at `address + delta`: delta
 * is 0 for the live stack of the calling thread, and leads to the copy for a
 * copied one. A copy starts FK_RED_ZONE below sp: functions that return have
 * their last saved registers there. */
enum { FK_RED_ZONE = 128 };

struct fk_stack {
    uintptr_t lo, hi;
    ptrdiff_t delta;
    /* Where a signal frame may lead: the thread's own stack when this one is
     * its alternate signal stack. Usually NULL. */
    const struct fk_stack *next;
};

enum fk_unwind_stop {
    FK_UNWIND_COMPLETE,  /* reached the entry of the thread */
    FK_UNWIND_DEPTH,     /* `max` frames, more above */
    FK_UNWIND_NO_RULE,   /* no row, and no frame pointer that makes sense */
    FK_UNWIND_OFF_STACK, /* the next frame lies outside the stack */
    FK_UNWIND_STOPS      /* count */
};

/* Makes the pages of the cache, so that no handler waits for them. */
void fk_unwind_populate(void);

/* A walk of this thread is about to begin, and these were the addresses of its
 * last one: most are met again, and are looked for in the cache now, all at
 * once, not one behind the other. */
void fk_unwind_expect(const uintptr_t *pcs, unsigned n);

/* Leaf first. pcs[0] is the exact pc; every later one is a return address
 * minus one, so that it lies within its call, except after a signal frame,
 * where it is exact again: look all of them up as they are. Returns how many
 * were written, at least 1 when max >= 1. */
unsigned fk_unwind(const struct fk_objects *objects, const struct fk_regs *regs,
    const struct fk_stack *stack, uintptr_t *pcs, unsigned max,
    enum fk_unwind_stop *why);

#endif
