/* Stored bytes are not trusted: values, trie pages and totals, with a CRC made
 * right so that what lies behind it is reached. The first byte chooses. */
#include "common/check.h"
#include "server/blob.h"
#include "server/chunk.h"
#include "server/envelope.h"
#include "server/totals.h"
#include "server/trie_page.h"

#include <stdlib.h>
#include <string.h>

enum { NODES = 5000 };

static void try_values(struct fk_slice bytes)
{
    struct blob blob;
    if (blob_open(&blob, bytes))
        return;
    uint32_t *nodes = malloc((blob.n + 1) * sizeof *nodes);
    int64_t *values = malloc((blob.n + 1) * sizeof *values);
    FK_ASSERT(nodes && values);
    struct blob_codec *codec = blob_codec_new();
    FK_ASSERT(codec);
    if (!blob_unpack(codec, &blob) && !blob_decode(&blob, NODES, nodes, values))
        for (size_t i = 0; i < blob.n; i++) {
            FK_ASSERT(nodes[i] < NODES && values[i] >= 0);
            FK_ASSERT(!i || nodes[i] > nodes[i - 1]);
        }
    blob_codec_free(codec);
    free(nodes);
    free(values);
}

static void try_chunk(struct fk_slice bytes)
{
    struct chunk c;
    struct chunk_point p;
    uint32_t last = 0;
    if (chunk_open(&c, bytes))
        return;
    while (c.n && !chunk_next(&c, &p)) {
        FK_ASSERT(p.ms >= last && p.total >= 0);
        last = p.ms;
    }
}

static void try_totals(struct fk_slice bytes)
{
    struct totals t;
    if (!totals_decode(bytes, &t))
        FK_ASSERT(t.total >= 0 && t.moments <= t.profiles);
    t = (struct totals){0};
    if (!totals_add(&t, bytes))
        FK_ASSERT(t.total >= 0 && t.moments == t.profiles);
}

static void try_page(struct fk_slice bytes)
{
    struct trie_limits limits = {TRIE_PAGE_NODES * 2, 1 << 12};
    struct trie *t = trie_new(0, FK_SLICE("app"), &limits);
    FK_ASSERT(t);
    if (!trie_page_load(t, 0, bytes))
        for (uint32_t i = 1; i < t->num_nodes; i++)
            FK_ASSERT(t->parent[i] < i && t->frame[i] < t->num_frames);
    trie_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1)
        return 0;
    uint8_t *bytes = malloc(n);
    struct fk_slice rest = {(char *)bytes, n - 1};
    FK_ASSERT(bytes);
    memcpy(bytes, data + 1, n - 1);
    if (data[0] & 2 && rest.len >= ENVELOPE_BYTES)
        envelope_close(bytes, rest.len, BLOB_VERSION, bytes[1]);
    if (data[0] & 8)
        try_totals(rest);
    else if (data[0] & 4)
        try_chunk(rest);
    else if (data[0] & 1)
        try_page(rest);
    else
        try_values(rest);
    free(bytes);
    return 0;
}
