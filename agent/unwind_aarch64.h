/*
 * aarch64: rows of 12 bytes, DWARF's register numbers, the signal frame.
 * Included by agent/cfi.h and nowhere else.
 */
#ifndef FK_AGENT_UNWIND_AARCH64_H
#define FK_AGENT_UNWIND_AARCH64_H

#include "agent/rule.h"

#include <signal.h>
#include <stddef.h>

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

/* A word, from the lowest bit:
 *   2  base of the cfa: sp, fp, or 3: special
 *  14  its offset / 8, signed; special: enum fk_rule_kind, or ROW_EXTRA
 *   1  a function starts here
 *   1  the caller's fp is lost
 *  14  signed: the caller's fp is at cfa + 8 * this, or in its register if 0;
 *      ROW_EXTRA: index in fk_cfi.extras */
enum {
    FK_ROW_SPECIAL = 3,
    FK_ROW_EXTRA = 8,
    FK_ROW_START = 1 << 16,
    FK_ROW_LOST = 1 << 17,
    FK_ROW_FIELD_MAX = (1 << 13) - 1,
    FK_ROW_EXTRAS_MAX = FK_ROW_FIELD_MAX,
};

static inline uint32_t fk_row_join(unsigned low, int a, int b)
{
    return low | (((uint32_t)a & 0x3fff) << 2) | ((uint32_t)b << 18);
}

static inline bool fk_row_fits(int32_t offset)
{
    return offset % 8 == 0 && offset / 8 >= -FK_ROW_FIELD_MAX &&
           offset / 8 <= FK_ROW_FIELD_MAX;
}

/* In its register, or at a place that fits? */
static inline bool fk_row_place_fits(struct fk_place place)
{
    return place.how == FK_SAVED_CFA ? place.offset && fk_row_fits(place.offset)
                                     : place.how == FK_SAVED_SAME;
}

/* False: the rule is one for fk_cfi.extras. */
static inline bool fk_row_pack(const struct fk_rule *rule, struct fk_row *row)
{
    if (rule->kind != FK_RULE_FRAME) {
        row->word =
            fk_row_join(FK_ROW_SPECIAL, (int)rule->kind, rule->plt_pushed);
        return true;
    }
    bool lost = rule->fp.how == FK_SAVED_LOST;
    if (rule->deref || rule->base == FK_BASE_REG ||
        !fk_row_fits(rule->offset) || !(lost || fk_row_place_fits(rule->fp)) ||
        !fk_row_place_fits(rule->ra))
        return false;
    row->word = fk_row_join(rule->base, rule->offset / 8, rule->fp.offset / 8) |
                (lost ? FK_ROW_LOST : 0);
    row->ra = (int16_t)(rule->ra.offset / 8);
    return true;
}

static inline void fk_row_pack_extra(size_t index, struct fk_row *row)
{
    row->word = fk_row_join(FK_ROW_SPECIAL, FK_ROW_EXTRA, (int)index);
}

/* All that the pc cache keeps of a row; at most 48 bits. */
static inline uint64_t fk_row_bits(const struct fk_row *row)
{
    return row->word | (uint64_t)(uint16_t)row->ra << 32;
}

static inline bool fk_bits_are_extra(uint64_t bits)
{
    return (bits & 0xffff) == (FK_ROW_SPECIAL | FK_ROW_EXTRA << 2);
}

static inline bool fk_bits_are_none(uint64_t bits)
{
    return (bits & 0xffff) == (FK_ROW_SPECIAL | FK_RULE_NONE << 2);
}

static inline size_t fk_bits_extra(uint64_t bits)
{
    return (uint32_t)bits >> 18;
}

/* Of plain bits only sp, fp and memory are needed: a cfa that is an offset from
 * one of the two, a saved return address, fp saved or untouched. */
static inline bool fk_bits_are_plain(uint64_t bits)
{
    return (bits & 2) == 0 && (bits & FK_ROW_LOST) == 0 && bits >> 32 != 0;
}

static inline bool fk_bits_from_fp(uint64_t bits)
{
    return (bits & 3) == FK_BASE_FP;
}

static inline intptr_t fk_bits_cfa(uint64_t bits)
{
    return ((int16_t)bits >> 2) * 8;
}

/* From the cfa; 0: in its register. */
static inline intptr_t fk_bits_fp(uint64_t bits)
{
    return ((int32_t)bits >> 18) * 8;
}

static inline intptr_t fk_bits_ra(uint64_t bits)
{
    return (int16_t)(bits >> 32) * 8;
}

static inline struct fk_rule fk_bits_rule(uint64_t bits)
{
    uint32_t word = (uint32_t)bits;
    int a = (int16_t)word >> 2, b = (int32_t)word >> 18;
    int ra = (int16_t)(bits >> 32);
    if ((word & 3) == FK_ROW_SPECIAL)
        return (struct fk_rule){
            .kind = (enum fk_rule_kind)a, .plt_pushed = (uint8_t)b};
    struct fk_rule rule = {.kind = FK_RULE_FRAME,
        .base = (enum fk_base)(word & 3),
        .offset = a * 8,
        .fp = {b ? FK_SAVED_CFA : FK_SAVED_SAME, b * 8},
        .ra = {ra ? FK_SAVED_CFA : FK_SAVED_SAME, ra * 8}};
    if (word & FK_ROW_LOST)
        rule.fp.how = FK_SAVED_LOST;
    return rule;
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
