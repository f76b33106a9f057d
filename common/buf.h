/*
 * A growable byte buffer that refuses to grow for ever.
 *
 * Invariants: len <= cap <= limit; ptr[len] is a NUL from init to fini, so
 * a text buffer can be printed. The first failed addition
 * sets `err` (limit or memory) and every later addition is ignored: add as
 * much as you like, check `err` once. Not thread-safe. The owner calls
 * fk_buf_fini, or gives the bytes away with fk_buf_take.
 */
#ifndef FK_COMMON_BUF_H
#define FK_COMMON_BUF_H

#include "common/err.h"
#include "common/slice.h"

#include <stdarg.h>

struct fk_buf {
    char *ptr;
    size_t len, cap, limit;
    enum fk_err err;
};

void fk_buf_init(struct fk_buf *b, size_t limit);
void fk_buf_fini(struct fk_buf *b);
void fk_buf_reset(struct fk_buf *b); /* len 0, err cleared, memory kept */

void fk_buf_add(struct fk_buf *b, const void *bytes, size_t n);
void fk_buf_addc(struct fk_buf *b, char c);
void fk_buf_adds(struct fk_buf *b, const char *z);
void fk_buf_add_slice(struct fk_buf *b, struct fk_slice s);
void fk_buf_printf(struct fk_buf *b, const char *fmt, ...) FK_PRINTF(2, 3);
void fk_buf_vprintf(struct fk_buf *b, const char *fmt, va_list ap)
    FK_PRINTF(2, 0);
/* Room for n bytes at the end, to be filled by the caller, who then adds at
 * most n to len; NULL (and err set) when it would pass the limit. Whoever
 * fills fewer than n bytes and wants text adds the NUL. */
char *fk_buf_reserve(struct fk_buf *b, size_t n);

struct fk_slice fk_buf_slice(const struct fk_buf *b); /* borrowed */
/* The caller owns the result and frees it with free(); b is empty again. */
char *fk_buf_take(struct fk_buf *b, size_t *len);

#endif
