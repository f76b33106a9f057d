/*
 * The stack of a thread that is blocked, seen from outside: copied by the
 * kernel and walked in the copy, so that the thread may wake up or end at any
 * moment. One caller at a time: there is one room for copies.
 */
#ifndef FK_AGENT_STACKCOPY_H
#define FK_AGENT_STACKCOPY_H

#include "agent/flamekit.h"
#include "agent/unwind.h"

#define FK_STACKCOPY_MAX (1u << 20) /* bytes of stack; deeper ones are cut */

/* How much of a stack to copy, learnt from one look for the next. */
struct fk_copy_size {
    uint32_t bytes; /* 0: nothing learnt */
    uint32_t rest;  /* looks for which it is not worth trying more */
};

struct fk_stackcopy {
    uintptr_t pc, sp;
    struct fk_copy_size size; /* in and out */
    bool refused;             /* out: nothing could be copied */
    enum fk_unwind_stop why;
};

/* As fk_unwind. Only pc when nothing could be copied. */
unsigned fk_stackcopy_unwind(
    struct fk_stackcopy *stack, uintptr_t *pcs, unsigned max);

#endif
