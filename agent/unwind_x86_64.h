/*
 * x86-64: rows of 8 bytes, DWARF's register numbers, the signal frame.
 * Included by agent/cfi.h and nowhere else.
 */
#ifndef FK_AGENT_UNWIND_X86_64_H
#define FK_AGENT_UNWIND_X86_64_H

#include "agent/row.h"

enum {
    FK_DWARF_FP = 6, /* rbp */
    FK_DWARF_SP = 7, /* rsp */
    FK_DWARF_RA = 16,
};

struct fk_row {
    uint32_t pc; /* from fk_cfi.lo */
    uint32_t word;
};

enum {
    FK_RA_FROM_CFA = -8, /* always */
};

/* False: the rule is one for fk_cfi.extras. */
static inline bool fk_row_pack(const struct fk_rule *rule, struct fk_row *row)
{
    row->word = fk_row_word(rule);
    if (rule->kind != FK_RULE_FRAME)
        return true;
    return !rule->deref && rule->base != FK_BASE_REG &&
           rule->fp.how != FK_SAVED_FP && rule->ra.how == FK_SAVED_CFA &&
           rule->ra.offset == FK_RA_FROM_CFA && fk_row_fits(rule->offset) &&
           fk_row_fits(rule->fp.offset) &&
           (rule->fp.how != FK_SAVED_CFA || rule->fp.offset);
}

/* All that the pc cache keeps of a row; at most 48 bits. */
static inline uint64_t fk_row_bits(const struct fk_row *row)
{
    return row->word;
}

/* Of plain bits only sp, fp and memory are needed: a cfa that is an offset from
 * one of the two, a saved return address, fp saved or untouched. */
static inline bool fk_bits_are_plain(uint64_t bits)
{
    return (bits & 2) == 0 && (bits & FK_ROW_LOST) == 0;
}

static inline intptr_t fk_bits_ra(uint64_t bits)
{
    (void)bits;
    return FK_RA_FROM_CFA;
}

enum {
    FK_HAS_LR = 0,
    /* From sp to the ucontext, when a handler has returned. */
    FK_CONTEXT_FROM_SP = 0,
};

/* mov $15, %rax; syscall: what a handler returns into. musl's copy has no
 * description. */
#define FK_TRAMPOLINE "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"

static inline uintptr_t fk_strip(uintptr_t address)
{
    return address;
}

#endif
