#include "server/blob.h"

#include "common/gcd.h"
#include "common/pb.h"
#include "server/envelope.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* Higher levels of zstd gain nothing on such bytes. */
enum { MAX_VARINT = 10, ZSTD_LEVEL = 1, MAX_PACKED_PAIRS = 1 << 21 };

#define MAX_PLAIN_BYTES ((size_t)MAX_PACKED_PAIRS * 2 * MAX_VARINT)

struct blob_codec {
    ZSTD_CCtx *pack; /* both made when first needed: they are large */
    ZSTD_DCtx *unpack;
    struct fk_buf plain;
    uint32_t *nodes; /* of the blob that was read last */
    int64_t *values;
    size_t cap;
};

static int64_t add_saturating(int64_t a, int64_t b, unsigned *flags)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    *flags |= BLOB_SATURATED;
    return INT64_MAX;
}

/* By node, least significant byte first: five times faster than qsort, on
 * the path of every profile. */
static void sort_by_node(
    struct trie_value *values, struct trie_value *scratch, size_t n)
{
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= values[i].node;
    struct trie_value *from = values, *to = scratch;
    for (unsigned shift = 0; shift < 32 && all >> shift; shift += 8) {
        size_t start[256] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            start[from[i].node >> shift & 255]++;
        for (size_t k = 0; k < 256; k++) {
            size_t count = start[k];
            start[k] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[start[from[i].node >> shift & 255]++] = from[i];
        struct trie_value *swap = from;
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, n * sizeof *values);
}

size_t blob_fold(struct trie_value *values, struct trie_value *scratch,
    size_t n, unsigned *flags)
{
    size_t kept = 0;
    sort_by_node(values, scratch, n);
    for (size_t i = 0; i < n; i++) {
        if (kept && values[kept - 1].node == values[i].node)
            values[kept - 1].value =
                add_saturating(values[kept - 1].value, values[i].value, flags);
        else
            values[kept++] = values[i];
    }
    return kept;
}

/* A divisor, and its inverse: a product costs a third of a division. */
struct divisor {
    uint64_t by;
    double inverse;
};

static struct divisor divisor_of(uint64_t by)
{
    return (struct divisor){by, 1.0 / (double)by};
}

/* False: it does not, or the value is too large to be sure. */
static inline bool divides(
    const struct divisor *d, int64_t value, uint64_t *quotient)
{
    *quotient = (uint64_t)((double)value * d->inverse + 0.5);
    return *quotient * d->by == (uint64_t)value;
}

/* Samples of one profile are multiples of its period, mostly: 10 ms in ns
 * takes four bytes, 1 takes one. */
static struct divisor common_factor(const struct trie_value *values, size_t n)
{
    struct divisor d = divisor_of(n ? (uint64_t)values[0].value : 1);
    uint64_t quotient;
    for (size_t i = 1; i < n && d.by != 1; i++)
        if (!divides(&d, values[i].value, &quotient))
            d = divisor_of(fk_gcd((uint64_t)values[i].value, d.by));
    return d;
}

enum { MAX_HEAD = ENVELOPE_BYTES + 3 * MAX_VARINT };

static size_t write_head(uint8_t *start, const struct trie_value *values,
    size_t n, uint64_t scale, unsigned *flags)
{
    uint8_t *at = start + ENVELOPE_BYTES;
    int64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total = add_saturating(total, values[i].value, flags);
    at += fk_varint_write(at, scale);
    at += fk_varint_write(at, n);
    at += fk_varint_write(at, (uint64_t)total);
    return (size_t)(at - start);
}

/* Nearly all are one byte. */
static inline uint8_t *put_varint(uint8_t *at, uint64_t v)
{
    if (v >= 0x80)
        return at + fk_varint_write(at, v);
    *at = (uint8_t)v;
    return at + 1;
}

static size_t write_pairs(uint8_t *at, const struct trie_value *values,
    size_t n, struct divisor scale)
{
    const uint8_t *start = at;
    uint32_t last = 0;
    uint64_t times;
    for (size_t i = 0; i < n; i++) {
        if (!divides(&scale, values[i].value, &times))
            times = (uint64_t)values[i].value / scale.by;
        at = put_varint(at, values[i].node - last);
        at = put_varint(at, times);
        last = values[i].node;
    }
    return (size_t)(at - start);
}

void blob_encode(struct fk_buf *out, const struct trie_value *values, size_t n,
    unsigned flags)
{
    struct divisor scale = common_factor(values, n);
    uint8_t *start =
        (uint8_t *)fk_buf_reserve(out, MAX_HEAD + n * 2 * MAX_VARINT);
    if (!start)
        return;
    size_t bytes = write_head(start, values, n, scale.by, &flags);
    bytes += write_pairs(start + bytes, values, n, scale);
    envelope_close(start, bytes, BLOB_VERSION, flags);
    out->len += bytes;
}

/* ---- packing ---- */

struct blob_codec *blob_codec_new(void)
{
    struct blob_codec *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    fk_buf_init(&c->plain, MAX_PLAIN_BYTES);
    return c;
}

void blob_codec_free(struct blob_codec *c)
{
    if (!c)
        return;
    ZSTD_freeCCtx(c->pack);
    ZSTD_freeDCtx(c->unpack);
    fk_buf_fini(&c->plain);
    free(c->nodes);
    free(c->values);
    free(c);
}

void blob_encode_packed(struct blob_codec *c, struct fk_buf *out,
    const struct trie_value *values, size_t n, unsigned flags)
{
    struct divisor scale = common_factor(values, n);
    fk_buf_reset(&c->plain);
    uint8_t *plain =
        (uint8_t *)fk_buf_reserve(&c->plain, n * 2 * MAX_VARINT + 1);
    uint8_t *start = (uint8_t *)fk_buf_reserve(
        out, MAX_HEAD + ZSTD_compressBound(n * 2 * MAX_VARINT));
    if (!c->pack)
        c->pack = ZSTD_createCCtx();
    if (!plain || !start || !c->pack) {
        out->err = out->err ? out->err : FK_ERR_LIMIT;
        return;
    }
    size_t bytes = write_head(start, values, n, scale.by, &flags);
    size_t size = write_pairs(plain, values, n, scale);
    size_t packed = ZSTD_compressCCtx(c->pack, start + bytes,
        ZSTD_compressBound(size), plain, size, ZSTD_LEVEL);
    if (!ZSTD_isError(packed) && packed < size) {
        flags |= BLOB_PACKED;
        size = packed;
    } else {
        memcpy(start + bytes, plain, size);
    }
    bytes += size;
    envelope_close(start, bytes, BLOB_VERSION, flags);
    out->len += bytes;
}

enum fk_err blob_unpack(struct blob_codec *c, struct blob *b)
{
    if (!(b->flags & BLOB_PACKED))
        return FK_OK;
    size_t room = b->n * 2 * MAX_VARINT, packed = (size_t)(b->end - b->body);
    fk_buf_reset(&c->plain);
    char *plain = fk_buf_reserve(&c->plain, room + 1);
    if (!c->unpack)
        c->unpack = ZSTD_createDCtx();
    if (!plain || !c->unpack)
        return FK_ERR_NOMEM;
    size_t size = ZSTD_decompressDCtx(c->unpack, plain, room, b->body, packed);
    if (ZSTD_isError(size) || b->n > size / 2)
        return FK_ERR_CORRUPT;
    b->body = (const uint8_t *)plain;
    b->end = b->body + size;
    b->flags &= ~(unsigned)BLOB_PACKED;
    return FK_OK;
}

/* ---- reading ---- */

enum fk_err blob_open(struct blob *b, struct fk_slice bytes)
{
    const uint8_t *start = (const uint8_t *)bytes.ptr;
    uint64_t n = 0, total = 0;
    if (!envelope_check(bytes, BLOB_VERSION, &b->flags) ||
        b->flags & ~(unsigned)(BLOB_SATURATED | BLOB_PACKED))
        return FK_ERR_CORRUPT;
    b->body = start + ENVELOPE_BYTES;
    b->end = start + bytes.len;
    if (!fk_varint_read(&b->body, b->end, &b->scale) ||
        !fk_varint_read(&b->body, b->end, &n) ||
        !fk_varint_read(&b->body, b->end, &total))
        return FK_ERR_CORRUPT;
    size_t max_n = b->flags & BLOB_PACKED ? MAX_PACKED_PAIRS
                                          : (size_t)(b->end - b->body) / 2;
    if (!b->scale || b->scale > INT64_MAX || total > INT64_MAX || n > max_n)
        return FK_ERR_CORRUPT;
    b->n = n;
    b->total = (int64_t)total;
    return FK_OK;
}

/* Nearly all numbers here have one byte. */
static inline bool get_varint(
    const uint8_t **at, const uint8_t *end, uint64_t *v)
{
    if (*at < end && **at < 0x80) {
        *v = *(*at)++;
        return true;
    }
    return fk_varint_read(at, end, v);
}

enum fk_err blob_decode(
    const struct blob *b, uint32_t num_nodes, uint32_t *nodes, int64_t *values)
{
    const uint8_t *at = b->body;
    uint64_t node = 0, delta, value;
    if (b->flags & BLOB_PACKED)
        return FK_ERR_CORRUPT;
    for (size_t i = 0; i < b->n; i++) {
        if (!get_varint(&at, b->end, &delta) ||
            !get_varint(&at, b->end, &value))
            return FK_ERR_CORRUPT;
        if (delta >= num_nodes || (i && !delta))
            return FK_ERR_CORRUPT;
        node += delta;
        if (node >= num_nodes)
            return FK_ERR_CORRUPT;
        nodes[i] = (uint32_t)node;
        uint64_t full;
        bool over = __builtin_mul_overflow(value, b->scale, &full);
        values[i] = over || full > INT64_MAX ? INT64_MAX : (int64_t)full;
    }
    return at == b->end ? FK_OK : FK_ERR_CORRUPT;
}

static bool make_room(struct blob_codec *c, size_t n)
{
    if (n <= c->cap)
        return true;
    uint32_t *nodes = reallocarray(c->nodes, n, sizeof *nodes);
    if (nodes)
        c->nodes = nodes;
    int64_t *values = reallocarray(c->values, n, sizeof *values);
    if (values)
        c->values = values;
    if (!nodes || !values)
        return false;
    c->cap = n;
    return true;
}

enum fk_err blob_read(struct blob_codec *c, struct fk_slice bytes,
    uint32_t num_nodes, struct blob_pairs *out)
{
    struct blob blob;
    *out = (struct blob_pairs){0};
    enum fk_err err = blob_open(&blob, bytes);
    if (!err && !make_room(c, blob.n))
        err = FK_ERR_NOMEM;
    if (!err)
        err = blob_unpack(c, &blob);
    if (!err)
        err = blob_decode(&blob, num_nodes, c->nodes, c->values);
    if (!err)
        *out = (struct blob_pairs){
            c->nodes, c->values, blob.n, blob.flags, blob.total};
    return err;
}
