#include "server/trie_page.h"

#include "common/pb.h"
#include "server/envelope.h"

enum { MAX_VARINT = 5 }; /* 32 bits */

static uint32_t first_of(uint32_t page)
{
    return page ? page * TRIE_PAGE_NODES : TRIE_FIXED;
}

void trie_page_encode(
    struct fk_buf *out, const struct store_trie *trie, uint32_t page)
{
    uint32_t first = first_of(page), end = (page + 1) * TRIE_PAGE_NODES;
    if (end > trie->count)
        end = trie->count;
    uint8_t *start = (uint8_t *)fk_buf_reserve(
        out, ENVELOPE_BYTES + MAX_VARINT + (end - first) * (2 * MAX_VARINT));
    if (!start)
        return;
    uint8_t *at = start + ENVELOPE_BYTES;
    at += fk_varint_write(at, end - first);
    for (uint32_t node = first; node < end; node++) {
        at += fk_varint_write(at, node - trie->parent[node]);
        at += fk_varint_write(at, trie->frame[node]);
    }
    size_t bytes = (size_t)(at - start);
    envelope_close(start, bytes, TRIE_PAGE_VERSION, 0);
    out->len += bytes;
}

static enum fk_err load_node(
    struct trie *t, const uint8_t **at, const uint8_t *end)
{
    uint64_t back, frame;
    uint32_t node = t->num_nodes;
    if (!fk_varint_read(at, end, &back) || !back || back > node ||
        !fk_varint_read(at, end, &frame) || frame > UINT32_MAX)
        return FK_ERR_CORRUPT;
    return trie_load_node(t, node - (uint32_t)back, (uint32_t)frame);
}

enum fk_err trie_page_load(struct trie *t, uint32_t page, struct fk_slice bytes)
{
    unsigned flags;
    uint64_t count;
    if (page >= t->limits.max_nodes / TRIE_PAGE_NODES ||
        t->num_nodes != first_of(page) ||
        !envelope_check(bytes, TRIE_PAGE_VERSION, &flags) || flags)
        return FK_ERR_CORRUPT;
    const uint8_t *at = (const uint8_t *)bytes.ptr + ENVELOPE_BYTES;
    const uint8_t *end = (const uint8_t *)bytes.ptr + bytes.len;
    if (!fk_varint_read(&at, end, &count) || count > TRIE_PAGE_NODES)
        return FK_ERR_CORRUPT;
    enum fk_err err = FK_OK;
    for (uint64_t i = 0; !err && i < count; i++)
        err = load_node(t, &at, end);
    if (!err && at != end)
        err = FK_ERR_CORRUPT;
    return err;
}
