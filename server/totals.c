#include "server/totals.h"

#include "common/pb.h"
#include "server/chunk.h"
#include "server/envelope.h"

enum { MAX_VARINT = 10, NUMBERS = 3 };

enum fk_err totals_add(struct totals *t, struct fk_slice bytes)
{
    struct chunk chunk;
    struct chunk_point p;
    struct totals sum = *t;
    enum fk_err err = chunk_open(&chunk, bytes);
    uint32_t count = (uint32_t)chunk.n;
    while (!err && chunk.n && !(err = chunk_next(&chunk, &p)))
        if (__builtin_add_overflow(sum.total, p.total, &sum.total))
            sum.total = INT64_MAX;
    if (err)
        return err;
    sum.profiles += count;
    if (sum.moments < count)
        sum.moments = count;
    *t = sum;
    return FK_OK;
}

void totals_encode(struct fk_buf *out, const struct totals *t)
{
    const uint64_t number[NUMBERS] = {
        (uint64_t)t->total, t->profiles, t->moments};
    uint8_t *start =
        (uint8_t *)fk_buf_reserve(out, ENVELOPE_BYTES + NUMBERS * MAX_VARINT);
    if (!start)
        return;
    uint8_t *at = start + ENVELOPE_BYTES;
    for (int i = 0; i < NUMBERS; i++)
        at += fk_varint_write(at, number[i]);
    size_t bytes = (size_t)(at - start);
    envelope_close(start, bytes, TOTALS_VERSION, 0);
    out->len += bytes;
}

enum fk_err totals_decode(struct fk_slice bytes, struct totals *t)
{
    unsigned flags;
    uint64_t number[NUMBERS];
    if (!envelope_check(bytes, TOTALS_VERSION, &flags) || flags)
        return FK_ERR_CORRUPT;
    const uint8_t *at = (const uint8_t *)bytes.ptr + ENVELOPE_BYTES;
    const uint8_t *end = (const uint8_t *)bytes.ptr + bytes.len;
    for (int i = 0; i < NUMBERS; i++)
        if (!fk_varint_read(&at, end, &number[i]))
            return FK_ERR_CORRUPT;
    if (at != end || number[0] > INT64_MAX || number[1] > UINT32_MAX ||
        number[2] > number[1])
        return FK_ERR_CORRUPT;
    *t = (struct totals){
        (int64_t)number[0], (uint32_t)number[1], (uint32_t)number[2]};
    return FK_OK;
}
