/* Call frame programs to rows: what each instruction means, and that damaged
 * tables cost rows and nothing else. */
#include "agent/cfi.h"

#include "tests/tap.h"

#include <stdlib.h>

enum {
    BASE = 0x100000,
    CODE = BASE + 0x10000,
    CODE_END = CODE + 0x10000,
    LIMIT = 1 << 20,
    ROOM = 4096,
};

#if defined(__x86_64__)
#include "tests/unit/cfi_x86_64.h"
#else
#include "tests/unit/cfi_aarch64.h"
#endif

struct function {
    uint32_t lo, size; /* from CODE */
    struct program program;
};

/* ---- a table as linkers write it
 * ------------------------------------------------ */

struct bytes {
    uint8_t at[ROOM];
    size_t len;
};

static void put(struct bytes *b, const void *from, size_t n)
{
    CHECK(b->len + n <= sizeof b->at);
    memcpy(b->at + b->len, from, n);
    b->len += n;
}

static void put_u32(struct bytes *b, uint32_t v)
{
    put(b, &v, sizeof v);
}

static void end_entry(struct bytes *b, size_t start)
{
    while ((b->len - start) % 8 != 4)
        put(b, "", 1);
    uint32_t len = (uint32_t)(b->len - start - 4);
    memcpy(b->at + start, &len, sizeof len);
}

/* `letter` is what the description's augmentation says beside "zR", or 0. */
static void put_cie(struct bytes *b, char letter)
{
    const uint8_t head[] = {1, 'z', 'R', (uint8_t)letter, 0};
    static const uint8_t tail[] = {CIE_TAIL};
    size_t start = b->len;
    put_u32(b, 0);
    put_u32(b, 0);
    put(b, head, letter ? 5 : 4);
    put(b, tail, sizeof tail);
    end_entry(b, start);
}

static uint32_t put_fde(struct bytes *b, size_t cie, const struct function *f)
{
    size_t start = b->len;
    put_u32(b, 0);
    put_u32(b, (uint32_t)(b->len - cie));
    put_u32(b, (uint32_t)(CODE + f->lo - (BASE + b->len)));
    put_u32(b, f->size);
    put(b, "", 1);
    put(b, f->program.ops, f->program.len);
    end_entry(b, start);
    return (uint32_t)start;
}

static struct bytes table_of(
    const struct function *functions, size_t count, char letter)
{
    static const uint8_t head[] = {1, 0x1b, 0x03, 0x3b};
    struct bytes b = {.len = 0}, frames = {.len = 12 + 8 * count};
    size_t cie = frames.len;
    put(&b, head, sizeof head);
    put_u32(&b, (uint32_t)(cie - 4));
    put_u32(&b, (uint32_t)count);
    put_cie(&frames, letter);
    for (size_t i = 0; i < count; i++) {
        put_u32(&b, (uint32_t)(CODE - BASE) + functions[i].lo);
        put_u32(&b, put_fde(&frames, cie, &functions[i]));
    }
    put(&b, frames.at + cie, frames.len - cie);
    put_u32(&b, 0);
    return b;
}

/* The bytes are given in a block of their own size, so that a sanitizer sees
 * every read beyond them. */
static enum fk_err build(
    struct fk_cfi *cfi, const struct bytes *b, size_t limit)
{
    uint8_t *exact = malloc(b->len ? b->len : 1);
    struct fk_image image = {exact, b->len, BASE};
    struct fk_range code = {CODE, CODE_END};
    memcpy(exact, b->at, b->len);
    enum fk_err err = fk_cfi_build(cfi, &image, BASE, code, limit);
    free(exact);
    return err;
}

static struct fk_rule rule_at(const struct fk_cfi *cfi, uintptr_t pc)
{
    const struct fk_row *row = fk_cfi_row(cfi, pc);
    if (!row)
        return (struct fk_rule){.kind = FK_RULE_NONE};
    uint64_t bits = fk_row_bits(row);
    return fk_bits_are_extra(bits)
               ? cfi->extras[fk_bits_extra(bits)]
               : fk_bits_unpack(bits, (int32_t)fk_bits_ra(bits));
}

/* ---- meanings
 * ---------------------------------------------------------------------- */

static void check_rule(
    const char *what, const struct fk_rule *got, const struct fk_rule *want)
{
    if (got->kind == want->kind && got->base == want->base &&
        got->reg == want->reg && got->deref == want->deref &&
        got->plt_pushed == want->plt_pushed && got->offset == want->offset &&
        got->add == want->add && got->fp.how == want->fp.how &&
        got->fp.offset == want->fp.offset && got->ra.how == want->ra.how &&
        got->ra.offset == want->ra.offset)
        return;
    tap_fail(__FILE__, __LINE__,
        "%s: got kind %d base %d offset %d deref %d add %d fp %d%+d ra %d%+d",
        what, got->kind, got->base, got->offset, got->deref, got->add,
        got->fp.how, got->fp.offset, got->ra.how, got->ra.offset);
}

TEST(instructions_mean_what_dwarf_says)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        struct function f = {0x100, 0x300, meanings[i].program};
        struct bytes b = table_of(&f, 1, 0);
        struct fk_cfi cfi;
        if (build(&cfi, &b, LIMIT))
            tap_fail(__FILE__, __LINE__, "%s: no table", meanings[i].what);
        struct fk_rule got = rule_at(&cfi, CODE + f.lo + meanings[i].at);
        check_rule(meanings[i].what, &got, &meanings[i].want);
        fk_cfi_free(&cfi);
    }
}

TEST(a_signal_trampoline_is_known_by_its_letter)
{
    struct function f = {0, 9, OPS(0)};
    struct bytes b = table_of(&f, 1, 'S');
    struct fk_cfi cfi;
    CHECK_INT(build(&cfi, &b, LIMIT), FK_OK);
    CHECK_INT(rule_at(&cfi, CODE + 3).kind, FK_RULE_SIGNAL);
    fk_cfi_free(&cfi);
}

/* Some architectures sign return addresses, with one of two keys. */
TEST(an_unknown_letter_does_not_hide_the_rules)
{
    struct function f = {0, 9, OPS(0)};
    struct bytes b = table_of(&f, 1, 'B');
    struct fk_cfi cfi;
    CHECK_INT(build(&cfi, &b, LIMIT), FK_OK);
    CHECK_INT(rule_at(&cfi, CODE + 3).kind, FK_RULE_FRAME);
    fk_cfi_free(&cfi);
}

/* ---- functions side by side
 * ----------------------------------------------------------- */

static const struct function neighbours[] = {
    {0x000, 0x40, OPS(PUSH_FP)}, {0x040, 0x20, OPS(0)},
    {0x068, 0x98, OPS(PUSH_FP, 0x41, 0x0d, FP)}, /* 8 bytes of padding before */
    {0x400, 0x10, OPS(0)},                       /* a gap before */
};

static const struct {
    uint32_t at, function;
    enum fk_rule_kind kind;
} places[] = {
    {0x000, 0x000, FK_RULE_FRAME},
    {0x03f, 0x000, FK_RULE_FRAME},
    {0x040, 0x040, FK_RULE_FRAME},
    {0x05f, 0x040, FK_RULE_FRAME},
    {0x068, 0x068, FK_RULE_FRAME},
    {0x0ff, 0x068, FK_RULE_FRAME},
    {0x100, 0, FK_RULE_NONE},
    {0x3ff, 0, FK_RULE_NONE},
    {0x400, 0x400, FK_RULE_FRAME},
    {0x410, 0, FK_RULE_NONE},
    {0xffff, 0, FK_RULE_NONE},
};

TEST(rows_end_where_functions_end)
{
    struct bytes b = table_of(neighbours, 4, 0);
    struct fk_cfi cfi;
    CHECK_INT(build(&cfi, &b, LIMIT), FK_OK);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uintptr_t pc = CODE + places[i].at;
        CHECK_INT(rule_at(&cfi, pc).kind, places[i].kind);
        if (places[i].kind == FK_RULE_FRAME)
            CHECK_INT(fk_cfi_function(&cfi, pc), CODE + places[i].function);
        else
            CHECK_INT(fk_cfi_function(&cfi, pc), 0);
    }
    CHECK(!fk_cfi_row(&cfi, CODE - 1));
    CHECK(!fk_cfi_row(&cfi, CODE_END));
    fk_cfi_free(&cfi);
}

/* ---- damage
 * ----------------------------------------------------------------------------
 */

static const struct function two[] = {
    {0x000, 0x40, OPS(PUSH_FP)},
    {0x040, 0x20, OPS(0x0f, 3, 0x70 + FP, 0x78, 0x06)},
};

/* Builds and searches: the sanitizers judge. */
static void survive(const struct bytes *b)
{
    struct fk_cfi cfi;
    if (build(&cfi, b, LIMIT))
        return;
    CHECK(cfi.bytes <= LIMIT);
    for (uintptr_t pc = CODE - 2; pc < CODE + 0x80; pc++)
        rule_at(&cfi, pc);
    fk_cfi_free(&cfi);
}

TEST(every_truncation_is_survived)
{
    struct bytes whole = table_of(two, 2, 0);
    for (size_t len = 0; len < whole.len; len++) {
        struct bytes b = whole;
        b.len = len;
        survive(&b);
    }
}

TEST(every_damaged_byte_is_survived)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct bytes whole = table_of(two, 2, 0);
    for (size_t i = 0; i < whole.len * sizeof values; i++) {
        struct bytes b = whole;
        b.at[i / sizeof values] = values[i % sizeof values];
        survive(&b);
    }
}

static const struct {
    const char *what;
    size_t at;
    uint8_t value;
} heads[] = {
    {"version", 0, 2},
    {"encoding of the table", 3, 0x1b},
    {"encoding of the count", 2, 0xff},
    {"more entries than bytes", 10, 1},
    {"no entries", 8, 0},
};

TEST(a_table_that_cannot_be_read_is_refused)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct bytes b = table_of(two, 2, 0);
        struct fk_cfi cfi;
        b.at[heads[i].at] = heads[i].value;
        enum fk_err err = build(&cfi, &b, LIMIT);
        if (err != FK_ERR_FORMAT)
            tap_fail(__FILE__, __LINE__, "%s: %d", heads[i].what, err);
        CHECK(!cfi.rows && !cfi.bytes);
    }
}

TEST(a_table_beyond_its_limit_is_refused)
{
    struct bytes b = table_of(two, 2, 0);
    struct fk_cfi cfi;
    CHECK_INT(build(&cfi, &b, 64), FK_ERR_LIMIT);
    CHECK(!cfi.rows && !cfi.index && !cfi.bytes);
}

TAP_MAIN
