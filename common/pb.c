#include "common/pb.h"

#include <string.h>

enum { VARINT_BYTES = 10 };

void fk_pb_init(struct fk_pb *pb, struct fk_slice message)
{
    const uint8_t *start = (const uint8_t *)message.ptr;
    *pb = (struct fk_pb){
        .at = start, .start = start, .end = start ? start + message.len : NULL};
}

static void fail(struct fk_pb *pb)
{
    if (!pb->err)
        pb->err_offset = (size_t)(pb->at - pb->start);
    pb->err = true;
    pb->at = pb->end;
}

bool fk_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *v)
{
    const uint8_t *p = *at;
    uint64_t value = 0;
    for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *at = p;
            *v = value;
            return true;
        }
    }
    return false;
}

static uint64_t read_varint(struct fk_pb *pb)
{
    uint64_t v;
    if (pb->at < pb->end && *pb->at < 0x80)
        return *pb->at++;
    if (!fk_varint_read(&pb->at, pb->end, &v)) {
        fail(pb);
        return 0;
    }
    return v;
}

bool fk_pb_next(struct fk_pb *pb)
{
    if (pb->at == pb->end)
        return false;
    uint64_t tag = read_varint(pb);
    uint64_t wire = tag & 7;
    if (tag >> 3 == 0 || tag > UINT32_MAX ||
        (wire > FK_PB_BYTES && wire != FK_PB_FIXED32))
        fail(pb);
    if (pb->err)
        return false;
    pb->field = (uint32_t)(tag >> 3);
    pb->wire = (enum fk_pb_wire)wire;
    return true;
}

/* The next n bytes, or NULL. */
static const uint8_t *take(struct fk_pb *pb, uint64_t n)
{
    const uint8_t *p = pb->at;
    if (n > (uint64_t)(pb->end - pb->at)) {
        fail(pb);
        return NULL;
    }
    pb->at += n;
    return pb->err ? NULL : p;
}

void fk_pb_skip(struct fk_pb *pb)
{
    switch (pb->wire) {
    case FK_PB_VARINT:
        read_varint(pb);
        return;
    case FK_PB_FIXED64:
        take(pb, 8);
        return;
    case FK_PB_BYTES:
        take(pb, read_varint(pb));
        return;
    case FK_PB_FIXED32:
        take(pb, 4);
        return;
    }
}

static bool is_wire(struct fk_pb *pb, enum fk_pb_wire wire)
{
    if (pb->wire != wire)
        fail(pb);
    return !pb->err;
}

uint64_t fk_pb_u64(struct fk_pb *pb)
{
    return is_wire(pb, FK_PB_VARINT) ? read_varint(pb) : 0;
}

int64_t fk_pb_i64(struct fk_pb *pb)
{
    return (int64_t)fk_pb_u64(pb);
}

bool fk_pb_bool(struct fk_pb *pb)
{
    return fk_pb_u64(pb) != 0;
}

uint64_t fk_pb_fixed64(struct fk_pb *pb)
{
    uint64_t v = 0;
    const uint8_t *p = is_wire(pb, FK_PB_FIXED64) ? take(pb, 8) : NULL;
    for (int i = 0; p && i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

double fk_pb_double(struct fk_pb *pb)
{
    uint64_t bits = fk_pb_fixed64(pb);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

struct fk_slice fk_pb_bytes(struct fk_pb *pb)
{
    if (!is_wire(pb, FK_PB_BYTES))
        return (struct fk_slice){NULL, 0};
    uint64_t n = read_varint(pb);
    const uint8_t *p = take(pb, n);
    return (struct fk_slice){(const char *)p, p ? n : 0};
}

/* Between calls packed->ptr is NULL only before the first value. */
bool fk_pb_repeated(struct fk_pb *pb, struct fk_slice *packed, uint64_t *v)
{
    if (!packed->ptr && pb->wire == FK_PB_VARINT) {
        *packed = (struct fk_slice){"", 0};
        *v = read_varint(pb);
        return !pb->err;
    }
    if (!packed->ptr)
        *packed = fk_pb_bytes(pb);
    if (packed->len == 0)
        return false;
    const uint8_t *at = (const uint8_t *)packed->ptr;
    const uint8_t *end = at + packed->len;
    if (!fk_varint_read(&at, end, v)) {
        pb->at = at;
        fail(pb);
        packed->len = 0;
        return false;
    }
    *packed = (struct fk_slice){(const char *)at, (size_t)(end - at)};
    return true;
}

size_t fk_varint_write(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

void fk_pb_add_varint(struct fk_buf *b, uint64_t v)
{
    uint8_t bytes[VARINT_BYTES];
    fk_buf_add(b, bytes, fk_varint_write(bytes, v));
}

static void add_tag(struct fk_buf *b, uint32_t field, enum fk_pb_wire wire)
{
    fk_pb_add_varint(b, (uint64_t)field << 3 | wire);
}

void fk_pb_add_u64(struct fk_buf *b, uint32_t field, uint64_t v)
{
    add_tag(b, field, FK_PB_VARINT);
    fk_pb_add_varint(b, v);
}

void fk_pb_add_i64(struct fk_buf *b, uint32_t field, int64_t v)
{
    fk_pb_add_u64(b, field, (uint64_t)v);
}

void fk_pb_add_bool(struct fk_buf *b, uint32_t field, bool v)
{
    fk_pb_add_u64(b, field, v);
}

void fk_pb_add_fixed64(struct fk_buf *b, uint32_t field, uint64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    add_tag(b, field, FK_PB_FIXED64);
    fk_buf_add(b, bytes, sizeof bytes);
}

void fk_pb_add_double(struct fk_buf *b, uint32_t field, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    fk_pb_add_fixed64(b, field, bits);
}

void fk_pb_add_bytes(struct fk_buf *b, uint32_t field, struct fk_slice s)
{
    add_tag(b, field, FK_PB_BYTES);
    fk_pb_add_varint(b, s.len);
    fk_buf_add_slice(b, s);
}

void fk_pb_add_string(struct fk_buf *b, uint32_t field, const char *z)
{
    fk_pb_add_bytes(b, field, fk_slice_of(z));
}

size_t fk_pb_begin(struct fk_buf *b, uint32_t field)
{
    add_tag(b, field, FK_PB_BYTES);
    fk_buf_addc(b, 0);
    return b->len;
}

void fk_pb_end(struct fk_buf *b, size_t mark)
{
    uint8_t length[VARINT_BYTES];
    if (b->err)
        return;
    size_t inside = b->len - mark;
    size_t n = fk_varint_write(length, inside);
    if (n > 1) {
        if (!fk_buf_reserve(b, n - 1))
            return;
        memmove(b->ptr + mark + n - 1, b->ptr + mark, inside);
        b->len += n - 1;
    }
    memcpy(b->ptr + mark - 1, length, n);
}
