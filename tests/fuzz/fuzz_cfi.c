/* Bytes as .eh_frame_hdr and .eh_frame: whatever they say, building a table
 * and searching it stays inside them, and what comes out is in order. */
#include "agent/cfi.h"

#include "common/check.h"

enum { BASE = 0x100000, CODE = 0x10000, LIMIT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct fk_cfi *cfi)
{
    for (size_t i = 1; i < cfi->row_count; i++)
        FK_ASSERT(cfi->rows[i - 1].pc <= cfi->rows[i].pc);
    FK_ASSERT(cfi->bytes <= LIMIT);
}

static void search(const struct fk_cfi *cfi)
{
    for (uintptr_t pc = cfi->lo - 3; pc < cfi->hi + 3; pc += 61) {
        const struct fk_row *row = fk_cfi_row(cfi, pc);
        if (!row)
            continue;
        FK_ASSERT(cfi->lo + row->pc <= pc);
        uint64_t bits = fk_row_bits(row);
        if (fk_bits_are_extra(bits))
            FK_ASSERT(fk_bits_extra(bits) < cfi->extra_count);
        uintptr_t function = fk_cfi_function(cfi, pc);
        FK_ASSERT(function <= pc);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The code lies behind the tables, as linkers like it. */
    struct fk_image image = {data, size, BASE};
    struct fk_range code = {BASE + CODE, BASE + 2 * CODE};
    struct fk_cfi cfi;
    if (fk_cfi_build(&cfi, &image, BASE, code, LIMIT))
        return 0;
    check_order(&cfi);
    search(&cfi);
    fk_cfi_free(&cfi);
    return 0;
}
