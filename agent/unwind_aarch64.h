/*
 * aarch64: rows of 12 bytes, DWARF's register numbers, the signal frame.
 * Included by agent/cfi.h and nowhere else.
 */
#ifndef FK_AGENT_UNWIND_AARCH64_H
#define FK_AGENT_UNWIND_AARCH64_H

#include "agent/row.h"

#include <signal.h>

enum {
    FK_DWARF_FP = 29,
    FK_DWARF_SP = 31,
    FK_DWARF_RA = 30,
};

struct fk_row {
    uint32_t pc; /* from fk_cfi.lo */
    uint32_t word;
    int16_t ra; /* the return address is at cfa + 8 * this; 0: in lr */
};

/* In its register, or at a place that fits? */
static inline bool fk_row_place_fits(struct fk_place place)
{
    return place.how == FK_SAVED_CFA ? place.offset && fk_row_fits(place.offset)
                                     : place.how == FK_SAVED_SAME;
}

/* False: the rule is one for fk_cfi.extras. */
static inline bool fk_row_pack(const struct fk_rule *rule, struct fk_row *row)
{
    row->word = fk_row_word(rule);
    if (rule->kind != FK_RULE_FRAME)
        return true;
    row->ra = (int16_t)(rule->ra.offset / 8);
    return !rule->deref && rule->base != FK_BASE_REG &&
           fk_row_fits(rule->offset) &&
           (rule->fp.how == FK_SAVED_LOST || fk_row_place_fits(rule->fp)) &&
           fk_row_place_fits(rule->ra);
}

/* All that the pc cache keeps of a row; at most 48 bits. */
static inline uint64_t fk_row_bits(const struct fk_row *row)
{
    return row->word | (uint64_t)(uint16_t)row->ra << 32;
}

/* Of plain bits only sp, fp and memory are needed: a cfa that is an offset from
 * one of the two, a saved return address, fp saved or untouched. */
static inline bool fk_bits_are_plain(uint64_t bits)
{
    return (bits & 2) == 0 && (bits & FK_ROW_LOST) == 0 && bits >> 32 != 0;
}

static inline intptr_t fk_bits_ra(uint64_t bits)
{
    return (int16_t)(bits >> 32) * 8;
}

enum {
    FK_HAS_LR = 1,
    /* From sp to the ucontext, when a handler has returned: its siginfo. */
    FK_CONTEXT_FROM_SP = sizeof(siginfo_t),
};

/* mov x8, #139; svc #0: the vDSO's trampoline has no description. */
#define FK_TRAMPOLINE "\x68\x11\x80\xd2\x01\x00\x00\xd4"

/* Without the signature that pointer authentication put on top. */
static inline uintptr_t fk_strip(uintptr_t address)
{
    register uintptr_t lr __asm__("x30") = address;
    __asm__("hint #7" : "+r"(lr)); /* xpaclri; nothing on older cores */
    return lr;
}

#endif
