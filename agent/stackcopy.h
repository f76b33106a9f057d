/*
 * The stack of a thread that is blocked, seen from outside: copied by the
 * kernel and walked in the copy, so that the thread may wake up or end at any
 * moment. One caller at a time: there is one room for copies.
 */
#ifndef FK_AGENT_STACKCOPY_H
#define FK_AGENT_STACKCOPY_H

#include "agent/unwind.h"

#define FK_STACKCOPY_MAX (1u << 20) /* bytes of stack; deeper ones are cut */

struct fk_stackcopy {
    uintptr_t pc, sp;
    uint32_t bytes; /* in: how much to copy at first, or 0; out: what was
                       enough */
    bool refused;   /* out: nothing could be copied */
    enum fk_unwind_stop why;
};

/* As fk_unwind. Only pc when nothing could be copied. */
unsigned fk_stackcopy_unwind(
    struct fk_stackcopy *stack, uintptr_t *pcs, unsigned max);

#endif
