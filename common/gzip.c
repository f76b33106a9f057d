#include "common/gzip.h"

#include <limits.h>
#include <zlib.h>

enum {
    GZIP_ONLY = 16 + MAX_WBITS, /* zlib's word for "gzip, no raw deflate" */
    STEP = 1 << 16,
    MEMORY_LEVEL = 8,
};

bool fk_gzip_is(struct fk_slice body)
{
    return body.len >= 2 && (unsigned char)body.ptr[0] == 0x1F &&
           (unsigned char)body.ptr[1] == 0x8B;
}

/* zlib counts in unsigned int: hand over at most that much. */
static void feed(z_stream *z, const struct fk_slice *body, size_t *fed)
{
    size_t left = body->len - *fed;
    if (z->avail_in || !left)
        return;
    z->avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX;
    z->next_in = (z_const Bytef *)(uintptr_t)(body->ptr + *fed);
    *fed += z->avail_in;
}

/* Room for zlib at the end of `out`: a step that grows with what is there,
 * or what the limit leaves. 0 when it leaves nothing. */
static uInt make_room(struct fk_buf *out, z_stream *z)
{
    size_t want = out->len > STEP ? out->len : STEP;
    size_t left = out->limit - out->len;
    if (want > left)
        want = left;
    if (want > UINT_MAX)
        want = UINT_MAX;
    z->next_out = (Bytef *)(want ? fk_buf_reserve(out, want) : NULL);
    z->avail_out = z->next_out ? (uInt)want : 0;
    return z->avail_out;
}

static enum fk_err too_large(const struct fk_buf *out, struct fk_diag *diag)
{
    if (out->err == FK_ERR_NOMEM)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory in gzip");
    return fk_diag_set(diag, FK_ERR_LIMIT,
        "the gzip body unpacks to more than %zu bytes", out->limit);
}

static enum fk_err bad_stream(
    const z_stream *z, size_t at, struct fk_diag *diag)
{
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "the gzip body is damaged or cut short at byte %zu: %s", at,
        z->msg ? z->msg : "unexpected end");
}

/* Runs one inflate into `out`. When the limit leaves no room, a byte aside
 * tells a stream that ends exactly there from one that goes on. */
static int inflate_some(z_stream *z, struct fk_buf *out)
{
    Bytef spill;
    uInt room = make_room(out, z);
    if (!room) {
        z->next_out = &spill;
        z->avail_out = 1;
        int status = inflate(z, Z_NO_FLUSH);
        z->next_out = NULL;
        if (z->avail_out == 0 && !out->err)
            out->err = FK_ERR_LIMIT;
        return status;
    }
    int status = inflate(z, Z_NO_FLUSH);
    out->len += room - z->avail_out;
    out->ptr[out->len] = '\0';
    return status;
}

enum fk_err fk_gzip_read(
    struct fk_slice body, struct fk_buf *out, struct fk_diag *diag)
{
    z_stream z = {0};
    size_t fed = 0;
    enum fk_err err = FK_OK;
    if (!fk_gzip_is(body))
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "the body does not start like gzip");
    if (inflateInit2(&z, GZIP_ONLY) != Z_OK)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory in gzip");
    for (bool done = false; !done && !err;) {
        feed(&z, &body, &fed);
        int status = inflate_some(&z, out);
        bool more = z.avail_in || fed < body.len;
        if (out->err)
            err = too_large(out, diag);
        else if (status == Z_STREAM_END && more)
            inflateReset(&z);
        else if (status == Z_STREAM_END)
            done = true;
        else if (status != Z_OK || (!more && z.avail_out))
            err = bad_stream(&z, fed - z.avail_in, diag);
    }
    inflateEnd(&z);
    return err;
}

enum fk_err fk_gzip_write(struct fk_slice body, int level, struct fk_buf *out)
{
    z_stream z = {0};
    size_t fed = 0;
    if (deflateInit2(&z, level, Z_DEFLATED, GZIP_ONLY, MEMORY_LEVEL,
            Z_DEFAULT_STRATEGY) != Z_OK)
        return level < 1 || level > 9 ? FK_ERR_ARG : FK_ERR_NOMEM;
    for (int status = Z_OK; status != Z_STREAM_END && !out->err;) {
        feed(&z, &body, &fed);
        uInt room = make_room(out, &z);
        if (!room) {
            out->err = out->err ? out->err : FK_ERR_LIMIT;
            break;
        }
        status = deflate(&z, fed < body.len ? Z_NO_FLUSH : Z_FINISH);
        out->len += room - z.avail_out;
        out->ptr[out->len] = '\0';
    }
    deflateEnd(&z);
    return out->err;
}
