/* Rules of every function of an object, packed into rows, and their index. */
#include "agent/cfi.h"

#include "agent/dwarf.h"

#include <stdlib.h>

enum {
    /* A gap this short between two functions is padding. */
    PADDING_MAX = 15,
    ROOM_AT_FIRST = 64,
    TABLE_ENTRY_SIZE = 8,
    TABLE_ENCODING = 0x3b, /* pairs of 4-byte offsets from the header */
};

struct builder {
    struct fk_cfi *cfi;
    const struct fk_image *image;
    uintptr_t hdr;
    struct fk_range code;
    size_t limit, row_room, extra_room;
    uintptr_t done; /* rows are complete below */
    bool function_starts;
    enum fk_err err;
};

/* ---- growth -----------------------------------------------------------------
 */

static bool grow(struct builder *b, void **array, size_t *room, size_t size)
{
    size_t more_room = *room ? *room * 2 : ROOM_AT_FIRST;
    size_t wanted = more_room * size;
    if (wanted > 2 * b->limit) {
        b->err = FK_ERR_LIMIT;
        return false;
    }
    void *more = realloc(*array, wanted);
    if (!more) {
        b->err = FK_ERR_NOMEM;
        return false;
    }
    *array = more;
    *room = more_room;
    return true;
}

static bool add_extra(
    struct builder *b, const struct fk_rule *rule, struct fk_row *row)
{
    struct fk_cfi *cfi = b->cfi;
    void *extras = cfi->extras;
    if (cfi->extra_count >= FK_ROW_EXTRAS_MAX)
        return false;
    if (cfi->extra_count == b->extra_room &&
        !grow(b, &extras, &b->extra_room, sizeof *cfi->extras))
        return false;
    cfi->extras = extras;
    row->word = fk_row_extra_word(cfi->extra_count);
    cfi->extras[cfi->extra_count++] = *rule;
    return true;
}

static bool same_rule(const struct fk_row *a, const struct fk_row *b)
{
    return (fk_row_bits(a) | FK_ROW_START) == (fk_row_bits(b) | FK_ROW_START);
}

/* A fk_rule_fn. */
static void add_row(void *arg, uintptr_t pc, const struct fk_rule *rule)
{
    static const struct fk_rule none = {.kind = FK_RULE_NONE};
    struct builder *b = arg;
    struct fk_cfi *cfi = b->cfi;
    struct fk_row row = {.pc = (uint32_t)(pc - b->code.lo)};
    if (b->err)
        return;
    if (!fk_row_pack(rule, &row) && !add_extra(b, rule, &row))
        fk_row_pack(&none, &row);
    if (b->function_starts)
        row.word |= FK_ROW_START;
    else if (cfi->row_count && same_rule(&cfi->rows[cfi->row_count - 1], &row))
        return;
    b->function_starts = false;
    void *rows = cfi->rows;
    if (cfi->row_count == b->row_room &&
        !grow(b, &rows, &b->row_room, sizeof row))
        return;
    cfi->rows = rows;
    cfi->rows[cfi->row_count++] = row;
}

static void end_functions(struct builder *b)
{
    static const struct fk_rule none = {.kind = FK_RULE_NONE};
    add_row(b, b->done, &none);
}

/* ---- the table
 * ---------------------------------------------------------------- */

struct table {
    struct fk_cursor entries;
    size_t count;
};

static bool read_header(const struct builder *b, struct table *table)
{
    struct fk_cursor c = fk_cursor_at(b->image, b->hdr);
    uint8_t version = (uint8_t)fk_cursor_uint(&c, 1);
    uint8_t frame_enc = (uint8_t)fk_cursor_uint(&c, 1);
    uint8_t count_enc = (uint8_t)fk_cursor_uint(&c, 1);
    uint8_t table_enc = (uint8_t)fk_cursor_uint(&c, 1);
    if (version != 1 || table_enc != TABLE_ENCODING)
        return false;
    fk_cursor_pointer(&c, frame_enc, b->hdr);
    uintptr_t count = fk_cursor_pointer(&c, count_enc, b->hdr);
    *table = (struct table){c, count};
    return !c.bad && count && count <= (c.end - c.at) / TABLE_ENTRY_SIZE;
}

static uintptr_t take_offset(struct fk_cursor *c, uintptr_t base)
{
    return base + (uintptr_t)(int32_t)fk_cursor_uint(c, 4);
}

static void add_function(
    struct builder *b, const struct fk_cie *cie, const struct fk_fde *fde)
{
    if (b->cfi->row_count && fde->lo > b->done + PADDING_MAX)
        end_functions(b);
    b->function_starts = true;
    fk_fde_run(b->image, cie, fde, add_row, b);
    b->done = fde->hi;
}

static void add_functions(struct builder *b, struct table *table)
{
    struct fk_cie cie = {0};
    struct fk_fde fde;
    /* Descriptions share bytes only when somebody means harm: stop when more
     * has been run than an honest table can list. */
    size_t budget = 2 * b->image->size;
    for (size_t i = 0; i < table->count && !b->err; i++) {
        uintptr_t lo = take_offset(&table->entries, b->hdr);
        uintptr_t where = take_offset(&table->entries, b->hdr);
        if (!fk_fde_read(b->image, where, &cie, &fde) || fde.lo != lo ||
            fde.lo < b->done || fde.hi > b->code.hi)
            continue;
        if (fde.bytes > budget)
            break;
        budget -= fde.bytes;
        add_function(b, &cie, &fde);
    }
    if (!b->err && !b->cfi->row_count)
        b->err = FK_ERR_FORMAT;
    if (!b->err)
        end_functions(b);
}

/* ---- the index
 * ----------------------------------------------------------------- */

static size_t bucket_count(const struct fk_cfi *cfi)
{
    return ((cfi->hi - cfi->lo) >> FK_CFI_BUCKET_BITS) + 2;
}

/* index[i] is the first row at or after the start of bucket i, so the row of a
 * pc in bucket i is one of index[i] - 1 .. index[i + 1] - 1. */
static void build_index(struct builder *b)
{
    struct fk_cfi *cfi = b->cfi;
    size_t buckets = bucket_count(cfi);
    cfi->bytes = cfi->row_count * sizeof *cfi->rows +
                 cfi->extra_count * sizeof *cfi->extras +
                 buckets * sizeof *cfi->index;
    if (cfi->bytes > b->limit) {
        b->err = FK_ERR_LIMIT;
        return;
    }
    cfi->index = malloc(buckets * sizeof *cfi->index);
    if (!cfi->index) {
        b->err = FK_ERR_NOMEM;
        return;
    }
    uint32_t row = 0;
    for (size_t i = 0; i < buckets; i++) {
        uint64_t start = (uint64_t)i << FK_CFI_BUCKET_BITS;
        while (row < cfi->row_count && cfi->rows[row].pc < start)
            row++;
        cfi->index[i] = row;
    }
}

static void shrink(struct fk_cfi *cfi)
{
    void *rows = realloc(cfi->rows, cfi->row_count * sizeof *cfi->rows);
    if (rows)
        cfi->rows = rows;
}

enum fk_err fk_cfi_build(struct fk_cfi *cfi, const struct fk_image *image,
    uintptr_t hdr, struct fk_range code, size_t limit)
{
    *cfi = (struct fk_cfi){.lo = code.lo, .hi = code.hi};
    struct builder b = {.cfi = cfi,
        .image = image,
        .hdr = hdr,
        .code = code,
        .limit = limit,
        .done = code.lo};
    struct table table;
    if (code.hi <= code.lo || code.hi - code.lo > UINT32_MAX ||
        !read_header(&b, &table))
        return FK_ERR_FORMAT;
    add_functions(&b, &table);
    if (!b.err)
        build_index(&b);
    if (b.err)
        fk_cfi_free(cfi);
    else
        shrink(cfi);
    return b.err;
}

void fk_cfi_free(struct fk_cfi *cfi)
{
    free(cfi->rows);
    free(cfi->index);
    free(cfi->extras);
    *cfi = (struct fk_cfi){0};
}
