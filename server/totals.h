/*
 * The totals of a group of series in ten minutes, when those of each series
 * (chunk.h) are forgotten. docs/storage.md describes the bytes.
 */
#ifndef SERVER_TOTALS_H
#define SERVER_TOTALS_H

#include "common/buf.h"

#define TOTALS_VERSION 1

struct totals {
    int64_t total;
    uint32_t profiles;
    uint32_t moments; /* profiles of the series that has most of them */
};

/* A chunk of one more series. FK_ERR_CORRUPT: nothing was added. */
FK_MUST_USE enum fk_err totals_add(struct totals *t, struct fk_slice chunk);
/* Appends to `out`. */
void totals_encode(struct fk_buf *out, const struct totals *t);
/* FK_ERR_CORRUPT */
FK_MUST_USE enum fk_err totals_decode(struct fk_slice bytes, struct totals *t);

#endif
