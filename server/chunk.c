#include "server/chunk.h"

#include "common/gcd.h"
#include "common/pb.h"
#include "server/envelope.h"

#include <stdlib.h>

enum { MAX_VARINT = 10 };

static int by_time(const void *a, const void *b)
{
    const struct chunk_point *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return (x->total > y->total) - (x->total < y->total);
}

void chunk_encode(struct fk_buf *out, struct chunk_point *points, size_t n)
{
    uint64_t scale = 0;
    qsort(points, n, sizeof *points, by_time);
    for (size_t i = 0; i < n && scale != 1; i++)
        scale = fk_gcd((uint64_t)points[i].total, scale);
    scale = scale ? scale : 1;
    uint8_t *start = (uint8_t *)fk_buf_reserve(
        out, ENVELOPE_BYTES + (n + 1) * 2 * MAX_VARINT);
    if (!start)
        return;
    uint8_t *at = start + ENVELOPE_BYTES;
    at += fk_varint_write(at, scale);
    at += fk_varint_write(at, n);
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        at += fk_varint_write(at, points[i].ms - last);
        at += fk_varint_write(at, (uint64_t)points[i].total / scale);
        last = points[i].ms;
    }
    size_t bytes = (size_t)(at - start);
    envelope_close(start, bytes, CHUNK_VERSION, 0);
    out->len += bytes;
}

enum fk_err chunk_open(struct chunk *c, struct fk_slice bytes)
{
    unsigned flags;
    uint64_t n = 0;
    *c = (struct chunk){0};
    if (!envelope_check(bytes, CHUNK_VERSION, &flags) || flags)
        return FK_ERR_CORRUPT;
    c->at = (const uint8_t *)bytes.ptr + ENVELOPE_BYTES;
    c->end = (const uint8_t *)bytes.ptr + bytes.len;
    if (!fk_varint_read(&c->at, c->end, &c->scale) ||
        !fk_varint_read(&c->at, c->end, &n))
        return FK_ERR_CORRUPT;
    if (!c->scale || n > (size_t)(c->end - c->at) / 2)
        return FK_ERR_CORRUPT;
    c->n = n;
    return FK_OK;
}

enum fk_err chunk_next(struct chunk *c, struct chunk_point *point)
{
    uint64_t delta, value, total;
    if (!fk_varint_read(&c->at, c->end, &delta) ||
        !fk_varint_read(&c->at, c->end, &value) || delta > UINT32_MAX - c->ms ||
        __builtin_mul_overflow(value, c->scale, &total) || total > INT64_MAX)
        return FK_ERR_CORRUPT;
    c->ms += (uint32_t)delta;
    *point = (struct chunk_point){c->ms, (int64_t)total};
    return --c->n || c->at == c->end ? FK_OK : FK_ERR_CORRUPT;
}

enum fk_err chunk_check(struct fk_slice bytes)
{
    struct chunk c;
    struct chunk_point p;
    enum fk_err err = chunk_open(&c, bytes);
    while (!err && c.n)
        err = chunk_next(&c, &p);
    return err;
}
