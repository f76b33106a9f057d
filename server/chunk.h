/*
 * The totals of one series in ten minutes: when each profile was and what it
 * summed up to, some five bytes each. A timeline reads these instead of the
 * profiles, and they stay exact to the millisecond when those are gone.
 * docs/storage.md describes the bytes.
 */
#ifndef SERVER_CHUNK_H
#define SERVER_CHUNK_H

#include "common/buf.h"

#define CHUNK_VERSION 1

struct chunk_point {
    uint32_t ms; /* since the chunk's start */
    int64_t total;
};

/* Sorts the points and appends them to `out`. */
void chunk_encode(struct fk_buf *out, struct chunk_point *points, size_t n);

struct chunk {
    size_t n; /* points left */
    uint64_t scale;
    uint32_t ms;
    const uint8_t *at, *end;
};

/* FK_ERR_CORRUPT. Borrows the bytes; n is no more than they can hold. */
FK_MUST_USE enum fk_err chunk_open(struct chunk *c, struct fk_slice bytes);
/* c->n > 0. */
FK_MUST_USE enum fk_err chunk_next(struct chunk *c, struct chunk_point *point);
FK_MUST_USE enum fk_err chunk_check(struct fk_slice bytes);

#endif
