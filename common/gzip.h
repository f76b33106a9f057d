/*
 * gzip (RFC 1952) through zlib, which only gzip.c knows. Output is bounded
 * by the limit of the buffer: a bomb ends with FK_ERR_LIMIT after `limit`
 * bytes, a cut or damaged stream with FK_ERR_FORMAT. Concatenated members
 * are read as one stream, as gzip(1) does; trailing garbage is an error.
 */
#ifndef FK_COMMON_GZIP_H
#define FK_COMMON_GZIP_H

#include "common/buf.h"

bool fk_gzip_is(struct fk_slice body); /* by the magic 1f 8b */
FK_MUST_USE enum fk_err fk_gzip_read(
    struct fk_slice body, struct fk_buf *out, struct fk_diag *diag);
/* level 1 (fast) to 9. */
FK_MUST_USE enum fk_err fk_gzip_write(
    struct fk_slice body, int level, struct fk_buf *out);

#endif
