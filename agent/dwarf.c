/* Call frame instructions, run into rules: DWARF 5, sections 6.4 and 7.24. */
#include "agent/dwarf.h"

#include "agent/cfi.h"
#include "agent/regs.h"

enum { REMEMBERED_MAX = 16 };

/* Where things are at one address. */
struct row_state {
    uint64_t reg; /* cfa = reg + offset, unless `expression` */
    int64_t offset;
    bool expression;
    struct fk_rule rule; /* kind, base, deref, add of an expression */
    struct fk_place fp, ra;
    bool ra_undefined;
};

struct machine {
    struct fk_cursor c;
    const struct fk_cie *cie;
    uintptr_t pc;
    struct row_state now, initial, remembered[REMEMBERED_MAX];
    unsigned depth;
};

/* False for what is no general register: vectors, return addresses. */
static bool set_base(struct fk_rule *rule, uint64_t reg)
{
    rule->reg = 0;
    if (reg == FK_DWARF_SP)
        rule->base = FK_BASE_SP;
    else if (reg == FK_DWARF_FP)
        rule->base = FK_BASE_FP;
    else {
        rule->base = FK_BASE_REG;
        rule->reg = (uint8_t)reg;
    }
    return reg < FK_GENERAL_REGS || reg == FK_DWARF_SP;
}

static bool fits_i32(int64_t v)
{
    return v >= INT32_MIN && v <= INT32_MAX;
}

static bool can_return(struct fk_place ra)
{
    return ra.how == FK_SAVED_SAME ? FK_HAS_LR : ra.how != FK_SAVED_LOST;
}

static struct fk_rule rule_of(const struct row_state *s, bool signal)
{
    struct fk_rule rule = s->rule;
    if (!s->expression) {
        rule = (struct fk_rule){.kind = FK_RULE_FRAME};
        if (!set_base(&rule, s->reg) || !fits_i32(s->offset))
            rule.kind = FK_RULE_NONE;
        else
            rule.offset = (int32_t)s->offset;
    }
    if (signal)
        rule = (struct fk_rule){.kind = FK_RULE_SIGNAL};
    else if (s->ra_undefined)
        rule = (struct fk_rule){.kind = FK_RULE_END};
    else if (rule.kind == FK_RULE_FRAME && !can_return(s->ra))
        rule.kind = FK_RULE_NONE;
    if (rule.kind == FK_RULE_NONE)
        return (struct fk_rule){.kind = FK_RULE_NONE};
    if (rule.kind == FK_RULE_FRAME) {
        rule.fp = s->fp;
        rule.ra = s->ra;
    }
    return rule;
}

/* An expression of the form  base + offset  [deref  [+ add]] . */
static bool read_expression(struct fk_cursor *c, struct fk_rule *rule)
{
    enum {
        DEREF = 0x06,
        PLUS = 0x22,
        PLUS_UCONST = 0x23,
        LIT0 = 0x30,
        BREG0 = 0x70
    };

    *rule = (struct fk_rule){.kind = FK_RULE_FRAME};
    uint8_t op = (uint8_t)fk_cursor_uint(c, 1);
    if (op < BREG0 || !set_base(rule, op - BREG0))
        return false;
    int64_t offset = fk_cursor_sleb(c), add = 0;
    bool deref = c->at < c->end;
    if (deref && fk_cursor_uint(c, 1) != DEREF)
        return false;
    if (c->at < c->end) {
        op = (uint8_t)fk_cursor_uint(c, 1);
        if (op == PLUS_UCONST)
            add = (int64_t)fk_cursor_uleb(c);
        else if (op >= LIT0 && op < LIT0 + 32 && fk_cursor_uint(c, 1) == PLUS)
            add = op - LIT0;
        else
            return false;
    }
    rule->deref = deref;
    rule->offset = (int32_t)offset;
    rule->add = (int32_t)add;
    return !c->bad && c->at == c->end && fits_i32(offset) && fits_i32(add);
}

/* What linkers write for the lazy PLT: sp + 8, and 8 more once the index has
 * been pushed, which is from byte N of each 16-byte entry on:
 *   breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus */
static bool read_plt(struct fk_cursor *c, struct fk_rule *rule)
{
    static const uint8_t shape[] = {
        0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x30, 0x2a, 0x33, 0x24, 0x22};
    const uint8_t *p = fk_cursor_take(c, sizeof shape);
    if (!p || c->at != c->end)
        return false;
    for (size_t i = 0; i < sizeof shape; i++)
        if (p[i] != shape[i] && (i != 6 || (p[i] & 0xf0) != 0x30))
            return false;
    *rule = (struct fk_rule){.kind = FK_RULE_PLT, .plt_pushed = p[6] & 15};
    return true;
}

/* The block at the cursor, as a cursor of its own. */
static struct fk_cursor take_block(struct fk_cursor *c)
{
    uint64_t len = fk_cursor_uleb(c);
    size_t at = c->at;
    bool good = fk_cursor_take(c, len) != NULL;
    return (struct fk_cursor){c->image, at, good ? at + len : at, !good};
}

static void cfa_expression(struct machine *m)
{
    struct fk_cursor block = take_block(&m->c), again = block;
    m->now.expression = true;
    if (!read_expression(&block, &m->now.rule) &&
        !read_plt(&again, &m->now.rule))
        m->now.rule = (struct fk_rule){.kind = FK_RULE_NONE};
}

static void set_place(struct machine *m, uint64_t reg, struct fk_place place)
{
    if (reg == FK_DWARF_FP)
        m->now.fp = place;
    else if (reg == FK_DWARF_RA) {
        m->now.ra = place;
        m->now.ra_undefined = false;
    }
}

static void saved_at(struct machine *m, uint64_t reg, int64_t factored)
{
    int64_t offset;
    struct fk_place place = {FK_SAVED_LOST, 0};
    if (!__builtin_mul_overflow(factored, m->cie->data_align, &offset) &&
        fits_i32(offset))
        place = (struct fk_place){FK_SAVED_CFA, (int32_t)offset};
    set_place(m, reg, place);
}

static void saved_by_expression(struct machine *m, uint64_t reg)
{
    struct fk_cursor block = take_block(&m->c);
    struct fk_rule at;
    struct fk_place place = {FK_SAVED_LOST, 0};
    if (read_expression(&block, &at) && at.base == FK_BASE_FP && !at.deref)
        place = (struct fk_place){FK_SAVED_FP, at.offset};
    set_place(m, reg, place);
}

static void restore_place(struct machine *m, uint64_t reg)
{
    if (reg == FK_DWARF_FP)
        m->now.fp = m->initial.fp;
    else if (reg == FK_DWARF_RA) {
        m->now.ra = m->initial.ra;
        m->now.ra_undefined = m->initial.ra_undefined;
    }
}

static void def_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    m->now.expression = false;
    m->now.reg = reg;
    m->now.offset = offset;
}

static int64_t factored(struct machine *m, int64_t value)
{
    int64_t offset;
    bool wrong = __builtin_mul_overflow(value, m->cie->data_align, &offset);
    return wrong ? INT64_MAX : offset;
}

/* ---- opcodes ----------------------------------------------------------------
 */

static uint64_t uleb(struct machine *m)
{
    return fk_cursor_uleb(&m->c);
}

static void op_nop(struct machine *m)
{
    (void)m;
}

static void op_set_loc(struct machine *m)
{
    m->pc = fk_cursor_pointer(&m->c, m->cie->pointers, 0);
}

static void advance(struct machine *m, uint64_t delta)
{
    m->pc += delta * m->cie->code_align;
}

static void op_advance1(struct machine *m)
{
    advance(m, fk_cursor_uint(&m->c, 1));
}

static void op_advance2(struct machine *m)
{
    advance(m, fk_cursor_uint(&m->c, 2));
}

static void op_advance4(struct machine *m)
{
    advance(m, fk_cursor_uint(&m->c, 4));
}

static void op_offset_extended(struct machine *m)
{
    uint64_t reg = uleb(m);
    saved_at(m, reg, (int64_t)uleb(m));
}

static void op_offset_extended_sf(struct machine *m)
{
    uint64_t reg = uleb(m);
    saved_at(m, reg, fk_cursor_sleb(&m->c));
}

static void op_gnu_negative_offset(struct machine *m)
{
    uint64_t reg = uleb(m), offset = uleb(m);
    saved_at(m, reg, (int64_t)-offset);
}

static void op_restore_extended(struct machine *m)
{
    restore_place(m, uleb(m));
}

static void op_undefined(struct machine *m)
{
    uint64_t reg = uleb(m);
    set_place(m, reg, (struct fk_place){FK_SAVED_LOST, 0});
    m->now.ra_undefined |= reg == FK_DWARF_RA;
}

static void op_same_value(struct machine *m)
{
    set_place(m, uleb(m), (struct fk_place){FK_SAVED_SAME, 0});
}

/* The value is in another register, or is a number to be computed: not
 * followed. */
static void op_lost(struct machine *m)
{
    uint64_t reg = uleb(m);
    uleb(m);
    set_place(m, reg, (struct fk_place){FK_SAVED_LOST, 0});
}

static void op_lost_block(struct machine *m)
{
    set_place(m, uleb(m), (struct fk_place){FK_SAVED_LOST, 0});
    take_block(&m->c);
}

static void op_remember(struct machine *m)
{
    if (m->depth < REMEMBERED_MAX)
        m->remembered[m->depth++] = m->now;
    else
        m->c.bad = true;
}

static void op_recall(struct machine *m)
{
    if (m->depth)
        m->now = m->remembered[--m->depth];
    else
        m->c.bad = true;
}

static void op_def_cfa(struct machine *m)
{
    uint64_t reg = uleb(m);
    def_cfa(m, reg, (int64_t)uleb(m));
}

static void op_def_cfa_sf(struct machine *m)
{
    uint64_t reg = uleb(m);
    def_cfa(m, reg, factored(m, fk_cursor_sleb(&m->c)));
}

static void op_def_cfa_register(struct machine *m)
{
    def_cfa(m, uleb(m), m->now.offset);
}

static void op_def_cfa_offset(struct machine *m)
{
    def_cfa(m, m->now.reg, (int64_t)uleb(m));
}

static void op_def_cfa_offset_sf(struct machine *m)
{
    def_cfa(m, m->now.reg, factored(m, fk_cursor_sleb(&m->c)));
}

static void op_expression(struct machine *m)
{
    saved_by_expression(m, uleb(m));
}

static void op_args_size(struct machine *m)
{
    uleb(m);
}

static void (*const ops[0x40])(struct machine *) = {
    [0x00] = op_nop,
    [0x01] = op_set_loc,
    [0x02] = op_advance1,
    [0x03] = op_advance2,
    [0x04] = op_advance4,
    [0x05] = op_offset_extended,
    [0x06] = op_restore_extended,
    [0x07] = op_undefined,
    [0x08] = op_same_value,
    [0x09] = op_lost, /* DW_CFA_register */
    [0x0a] = op_remember,
    [0x0b] = op_recall,
    [0x0c] = op_def_cfa,
    [0x0d] = op_def_cfa_register,
    [0x0e] = op_def_cfa_offset,
    [0x0f] = cfa_expression,
    [0x10] = op_expression,
    [0x11] = op_offset_extended_sf,
    [0x12] = op_def_cfa_sf,
    [0x13] = op_def_cfa_offset_sf,
    [0x14] = op_lost,       /* DW_CFA_val_offset */
    [0x15] = op_lost,       /* DW_CFA_val_offset_sf */
    [0x16] = op_lost_block, /* DW_CFA_val_expression */
    [0x2d] = op_nop,        /* aarch64: addresses are signed; always stripped */
    [0x2e] = op_args_size,
    [0x2f] = op_gnu_negative_offset,
};

static void step(struct machine *m)
{
    uint8_t op = (uint8_t)fk_cursor_uint(&m->c, 1), low = op & 0x3f;
    switch (op >> 6) {
    case 1:
        advance(m, low);
        break;
    case 2:
        saved_at(m, low, (int64_t)uleb(m));
        break;
    case 3:
        restore_place(m, low);
        break;
    default:
        if (ops[low])
            ops[low](m);
        else
            m->c.bad = true;
    }
}

static void run_common(struct machine *m, const struct fk_image *image)
{
    m->c =
        (struct fk_cursor){image, m->cie->program, m->cie->program_end, false};
    m->now.fp.how = m->now.ra.how = FK_SAVED_SAME;
    while (!m->c.bad && m->c.at < m->c.end)
        step(m);
    m->initial = m->now;
}

void fk_fde_run(const struct fk_image *image, const struct fk_cie *cie,
    const struct fk_fde *fde, fk_rule_fn *fn, void *arg)
{
    static const struct fk_rule none = {.kind = FK_RULE_NONE};
    struct machine m = {.cie = cie, .pc = fde->lo};
    run_common(&m, image);
    uintptr_t row = m.pc = fde->lo;
    bool bad = m.c.bad;
    m.c = (struct fk_cursor){image, fde->program, fde->program_end, bad};
    while (!m.c.bad && m.c.at < m.c.end) {
        step(&m);
        if (m.pc == row)
            continue;
        if (m.pc < row || m.c.bad)
            break;
        /* Instructions after an advance belong to the next row. */
        struct fk_rule rule = rule_of(&m.now, cie->signal);
        fn(arg, row, &rule);
        if (m.pc >= fde->hi)
            return;
        row = m.pc;
    }
    struct fk_rule rule = rule_of(&m.now, cie->signal);
    fn(arg, row, m.c.bad || m.pc != row ? &none : &rule);
}
