#include "server/spans.h"

#include "common/pb.h"
#include "server/envelope.h"

#include <stdlib.h>
#include <string.h>

enum { SPAN_BYTES = 8, TRACE_BYTES = 16, MAX_VARINT = 10 };

#define ITEM_BYTES (SPAN_BYTES + TRACE_BYTES + 2)

struct item {
    const struct store_span *span;
    uint32_t node;
};

static int by_span(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->span->span != y->span->span)
        return x->span->span < y->span->span ? -1 : 1;
    int order = memcmp(x->span->trace, y->span->trace, TRACE_BYTES);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

/* Envelope, count; of each: span (little-endian), trace, node, value. */
enum fk_err spans_encode(struct fk_buf *out, const struct store_span *spans,
    const uint32_t *nodes, size_t n)
{
    struct item *items = calloc(n + 1, sizeof *items);
    size_t kept = 0;
    if (!items)
        return FK_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (spans[i].value > 0)
            items[kept++] = (struct item){&spans[i], nodes[i]};
    uint8_t *start = kept ? (uint8_t *)fk_buf_reserve(
                                out, ENVELOPE_BYTES + MAX_VARINT +
                                         kept * (ITEM_BYTES + 2 * MAX_VARINT))
                          : NULL;
    if (start) {
        uint8_t *at = start + ENVELOPE_BYTES;
        qsort(items, kept, sizeof *items, by_span);
        at += fk_varint_write(at, kept);
        for (size_t i = 0; i < kept; i++) {
            for (int k = 0; k < SPAN_BYTES; k++)
                *at++ = (uint8_t)(items[i].span->span >> 8 * k);
            memcpy(at, items[i].span->trace, TRACE_BYTES);
            at += TRACE_BYTES;
            at += fk_varint_write(at, items[i].node);
            at += fk_varint_write(at, (uint64_t)items[i].span->value);
        }
        envelope_close(start, (size_t)(at - start), SPANS_VERSION, 0);
        out->len += (size_t)(at - start);
    }
    free(items);
    return out->err;
}

struct cursor {
    const uint8_t *at, *end;
};

static bool open_spans(struct fk_slice bytes, struct cursor *c, uint64_t *n)
{
    unsigned flags;
    if (!envelope_check(bytes, SPANS_VERSION, &flags) || flags)
        return false;
    c->at = (const uint8_t *)bytes.ptr + ENVELOPE_BYTES;
    c->end = (const uint8_t *)bytes.ptr + bytes.len;
    return fk_varint_read(&c->at, c->end, n) &&
           *n <= (size_t)(c->end - c->at) / ITEM_BYTES;
}

size_t spans_count(struct fk_slice bytes)
{
    struct cursor c;
    uint64_t n;
    return open_spans(bytes, &c, &n) ? (size_t)n : SIZE_MAX;
}

static bool read_item(struct cursor *c, struct store_span_item *out)
{
    uint64_t node, value;
    if (c->end - c->at < SPAN_BYTES + TRACE_BYTES)
        return false;
    out->span = 0;
    for (int k = 0; k < SPAN_BYTES; k++)
        out->span |= (uint64_t)*c->at++ << 8 * k;
    out->trace = c->at;
    c->at += TRACE_BYTES;
    if (!fk_varint_read(&c->at, c->end, &node) ||
        !fk_varint_read(&c->at, c->end, &value) || node > UINT32_MAX ||
        value > INT64_MAX)
        return false;
    out->node = (uint32_t)node;
    out->value = (int64_t)value;
    return true;
}

enum fk_err spans_visit(struct fk_slice bytes, uint32_t num_nodes,
    const struct store_span_item *like, store_span_fn fn, void *arg)
{
    struct store_span_item item = *like;
    struct cursor c;
    uint64_t n;
    if (!open_spans(bytes, &c, &n))
        return FK_ERR_CORRUPT;
    for (uint64_t i = 0; i < n; i++) {
        if (!read_item(&c, &item) || item.node >= num_nodes)
            return FK_ERR_CORRUPT;
        enum fk_err err = fn(arg, &item);
        if (err)
            return err;
    }
    return c.at == c.end ? FK_OK : FK_ERR_CORRUPT;
}
