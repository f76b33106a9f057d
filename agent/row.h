/*
 * What the rows of both architectures have in common: one word for where the
 * caller's frame lies and where its frame pointer is kept. What else is in a
 * row, and where the return address is, is said by unwind_<arch>.h.
 */
#ifndef FK_AGENT_ROW_H
#define FK_AGENT_ROW_H

#include "agent/rule.h"

#include <stddef.h>

/* A word, from the lowest bit:
 *   2  base of the cfa: sp, fp, or 3: special
 *  14  its offset / 8, signed; special: enum fk_rule_kind, or ROW_EXTRA
 *   1  a function starts here
 *   1  the caller's fp is lost
 *  14  signed: the caller's fp is at cfa + 8 * this, or in its register if 0;
 *      PLT: plt_pushed; ROW_EXTRA: index in fk_cfi.extras */
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

static inline uint32_t fk_row_extra_word(size_t index)
{
    return fk_row_join(FK_ROW_SPECIAL, FK_ROW_EXTRA, (int)index);
}

/* A frame, or what the rule's kind says. */
static inline uint32_t fk_row_word(const struct fk_rule *rule)
{
    if (rule->kind != FK_RULE_FRAME)
        return fk_row_join(FK_ROW_SPECIAL, (int)rule->kind, rule->plt_pushed);
    return fk_row_join(rule->base, rule->offset / 8, rule->fp.offset / 8) |
           (rule->fp.how == FK_SAVED_LOST ? FK_ROW_LOST : 0);
}

/* ---- the bits of a row that the pc cache keeps: the word is the lower half */

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

/* The return address is at cfa + `ra_offset`; 0: in its register. */
static inline struct fk_rule fk_bits_unpack(uint64_t bits, int32_t ra_offset)
{
    uint32_t word = (uint32_t)bits;
    int a = (int16_t)word >> 2, b = (int32_t)word >> 18;
    if ((word & 3) == FK_ROW_SPECIAL)
        return (struct fk_rule){
            .kind = (enum fk_rule_kind)a, .plt_pushed = (uint8_t)b};
    struct fk_rule rule = {.kind = FK_RULE_FRAME,
        .base = (enum fk_base)(word & 3),
        .offset = a * 8,
        .fp = {b ? FK_SAVED_CFA : FK_SAVED_SAME, b * 8},
        .ra = {ra_offset ? FK_SAVED_CFA : FK_SAVED_SAME, ra_offset}};
    if (word & FK_ROW_LOST)
        rule.fp.how = FK_SAVED_LOST;
    return rule;
}

#endif
