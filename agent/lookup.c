/* What a signal handler asks: the newest snapshot, the object of a pc, the row
 * of a pc. Kept apart so that this object file provably calls nothing. */
#include "agent/lookup.h"

#include <stdatomic.h>

static const struct fk_objects nothing;
static const struct fk_objects *_Atomic current = &nothing;
static atomic_bool missed;

const struct fk_objects *fk_objects_current(void)
{
    return atomic_load_explicit(&current, memory_order_acquire);
}

void fk_objects_publish(const struct fk_objects *objects)
{
    atomic_store_explicit(
        &current, objects ? objects : &nothing, memory_order_release);
}

void fk_objects_miss(void)
{
    atomic_store_explicit(&missed, true, memory_order_relaxed);
}

bool fk_objects_missed(void)
{
    return atomic_exchange_explicit(&missed, false, memory_order_relaxed);
}

const struct fk_object *fk_objects_find(
    const struct fk_objects *objects, uintptr_t pc)
{
    size_t lo = 0, hi = objects->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct fk_span *span = &objects->spans[mid];
        if (pc < span->lo)
            hi = mid;
        else if (pc >= span->hi)
            lo = mid + 1;
        else
            return span->object;
    }
    return NULL;
}

const struct fk_row *fk_cfi_row(const struct fk_cfi *cfi, uintptr_t pc)
{
    if (pc < cfi->lo || pc >= cfi->hi || !cfi->rows)
        return NULL;
    uint32_t offset = (uint32_t)(pc - cfi->lo);
    uint32_t bucket = offset >> FK_CFI_BUCKET_BITS;
    uint32_t lo = cfi->index[bucket], hi = cfi->index[bucket + 1];
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (cfi->rows[mid].pc <= offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? &cfi->rows[lo - 1] : NULL;
}

uintptr_t fk_cfi_function(const struct fk_cfi *cfi, uintptr_t pc)
{
    const struct fk_row *row = fk_cfi_row(cfi, pc);
    if (!row || fk_bits_are_none(fk_row_bits(row)))
        return 0;
    while (row > cfi->rows && !(row->word & FK_ROW_START))
        row--;
    return cfi->lo + row->pc;
}
