/*
 * The registers an unwind starts from, and where they are found in what the
 * kernel hands to a signal handler. Plain loads: safe in a handler.
 */
#ifndef FK_AGENT_REGS_H
#define FK_AGENT_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum { FK_GENERAL_REGS = 16 };
#elif defined(__aarch64__)
enum { FK_GENERAL_REGS = 31 };
#else
#error "Flamekit's agent knows x86-64 and aarch64"
#endif

struct fk_regs {
    uintptr_t pc, sp;
    /* By DWARF's numbers. Hand-written code keeps its caller's stack pointer
     * in any of them. */
    uintptr_t general[FK_GENERAL_REGS];
    /* False when only pc and sp are known: a blocked thread seen from
     * outside. */
    bool known;
};

/* Where a ucontext keeps them: bytes from its start. */
#if defined(__x86_64__)
enum {
    FK_CONTEXT_GENERAL = offsetof(ucontext_t, uc_mcontext.gregs),
    FK_CONTEXT_PC = FK_CONTEXT_GENERAL + REG_RIP * sizeof(greg_t),
    FK_CONTEXT_SP = FK_CONTEXT_GENERAL + REG_RSP * sizeof(greg_t),
};

static inline size_t fk_context_general(unsigned dwarf)
{
    static const uint8_t slots[FK_GENERAL_REGS] = {REG_RAX, REG_RDX, REG_RCX,
        REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10,
        REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return FK_CONTEXT_GENERAL + slots[dwarf] * sizeof(greg_t);
}
#else
enum {
    FK_CONTEXT_GENERAL = offsetof(ucontext_t, uc_mcontext.regs),
    FK_CONTEXT_PC = offsetof(ucontext_t, uc_mcontext.pc),
    FK_CONTEXT_SP = offsetof(ucontext_t, uc_mcontext.sp),
};

static inline size_t fk_context_general(unsigned dwarf)
{
    return FK_CONTEXT_GENERAL + dwarf * sizeof(uintptr_t);
}
#endif

static inline uintptr_t fk_context_word(const void *context, size_t offset)
{
    return *(const uintptr_t *)((const char *)context + offset);
}

static inline struct fk_regs fk_regs_from_ucontext(const void *context)
{
    struct fk_regs regs = {.pc = fk_context_word(context, FK_CONTEXT_PC),
        .sp = fk_context_word(context, FK_CONTEXT_SP),
        .known = true};
    for (unsigned i = 0; i < FK_GENERAL_REGS; i++)
        regs.general[i] = fk_context_word(context, fk_context_general(i));
    return regs;
}

#endif
