#include "common/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ptr shows while nothing is allocated (cap 0). Never written to. */
static char nothing[1];

enum { FIRST_CAP = 240 };

void fk_buf_init(struct fk_buf *b, size_t limit)
{
    *b = (struct fk_buf){.ptr = nothing, .limit = limit};
}

void fk_buf_fini(struct fk_buf *b)
{
    if (b->cap)
        free(b->ptr);
    fk_buf_init(b, b->limit);
}

void fk_buf_reset(struct fk_buf *b)
{
    b->len = 0;
    b->err = FK_OK;
    if (b->cap)
        b->ptr[0] = '\0';
}

static char *fail(struct fk_buf *b, enum fk_err err)
{
    b->err = err;
    return NULL;
}

char *fk_buf_reserve(struct fk_buf *b, size_t n)
{
    if (b->err)
        return NULL;
    if (n > b->limit - b->len)
        return fail(b, FK_ERR_LIMIT);
    if (n > b->cap - b->len) {
        size_t cap = b->cap ? b->cap : FIRST_CAP;
        while (cap < b->len + n && cap <= b->limit / 2)
            cap *= 2;
        if (cap < b->len + n || cap > b->limit)
            cap = b->limit;
        char *ptr =
            cap < SIZE_MAX ? realloc(b->cap ? b->ptr : NULL, cap + 1) : NULL;
        if (!ptr)
            return fail(b, FK_ERR_NOMEM);
        ptr[b->len] = '\0';
        b->ptr = ptr;
        b->cap = cap;
    }
    if (b->cap)
        b->ptr[b->len + n] = '\0';
    return b->ptr + b->len;
}

void fk_buf_add(struct fk_buf *b, const void *bytes, size_t n)
{
    char *to = n ? fk_buf_reserve(b, n) : NULL;
    if (!to)
        return;
    memcpy(to, bytes, n);
    b->len += n;
}

void fk_buf_addc(struct fk_buf *b, char c)
{
    fk_buf_add(b, &c, 1);
}

void fk_buf_adds(struct fk_buf *b, const char *z)
{
    fk_buf_add(b, z, strlen(z));
}

void fk_buf_add_slice(struct fk_buf *b, struct fk_slice s)
{
    fk_buf_add(b, s.ptr, s.len);
}

void fk_buf_vprintf(struct fk_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *to = NULL;
    if (n < 0)
        fail(b, FK_ERR_ARG);
    else if (n > 0)
        to = fk_buf_reserve(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void fk_buf_printf(struct fk_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fk_buf_vprintf(b, fmt, ap);
    va_end(ap);
}

struct fk_slice fk_buf_slice(const struct fk_buf *b)
{
    return (struct fk_slice){b->ptr, b->len};
}

char *fk_buf_take(struct fk_buf *b, size_t *len)
{
    char *bytes = b->cap ? b->ptr : calloc(1, 1);
    if (len)
        *len = bytes ? b->len : 0;
    fk_buf_init(b, b->limit);
    return bytes;
}
