/*
 * The registers an unwind starts from, and where they are found in what the
 * kernel hands to a signal handler. Plain loads: safe in a handler.
 */
#ifndef FK_AGENT_REGS_H
#define FK_AGENT_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

struct fk_regs {
    uintptr_t pc, sp, fp;
    /* aarch64: the link register. Otherwise 0. */
    uintptr_t lr;
    /* x86-64: r10, through which gcc realigns a stack. Otherwise 0. */
    uintptr_t aux;
    /* False when only pc and sp are known: a blocked thread seen from
     * outside. fp, lr and aux then mean nothing. */
    bool known;
};

static inline struct fk_regs fk_regs_from_ucontext(const void *context)
{
    const ucontext_t *uc = context;
#if defined(__x86_64__)
    const greg_t *reg = uc->uc_mcontext.gregs;
    return (struct fk_regs){.pc = (uintptr_t)reg[REG_RIP],
        .sp = (uintptr_t)reg[REG_RSP],
        .fp = (uintptr_t)reg[REG_RBP],
        .aux = (uintptr_t)reg[REG_R10],
        .known = true};
#elif defined(__aarch64__)
    return (struct fk_regs){.pc = uc->uc_mcontext.pc,
        .sp = uc->uc_mcontext.sp,
        .fp = uc->uc_mcontext.regs[29],
        .lr = uc->uc_mcontext.regs[30],
        .known = true};
#else
#error "Flamekit's agent knows x86-64 and aarch64"
#endif
}

#endif
