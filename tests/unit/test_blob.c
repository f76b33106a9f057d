#include "common/hash.h"
#include "common/rng.h"
#include "server/blob.h"
#include "server/envelope.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAX = 2000, NODES = 1 << 20 };

static uint32_t nodes[MAX];
static int64_t values[MAX];

/* Encode, decode, compare. Returns the blob's size. */
static size_t round_trip(const struct trie_value *in, size_t n, int64_t total)
{
    struct fk_buf b;
    struct blob blob;
    fk_buf_init(&b, 1 << 20);
    fk_buf_adds(&b, "before");
    blob_encode(&b, in, n, 0);
    CHECK_INT(b.err, FK_OK);
    struct fk_slice bytes = fk_slice_sub(fk_buf_slice(&b), 6, b.len);
    CHECK_INT(blob_open(&blob, bytes), FK_OK);
    CHECK_INT(blob.n, n);
    CHECK_INT(blob.total, total);
    CHECK_INT(blob_decode(&blob, NODES, nodes, values), FK_OK);
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(nodes[i], in[i].node);
        CHECK_INT(values[i], in[i].value);
    }
    fk_buf_fini(&b);
    return bytes.len;
}

TEST(round_trips)
{
    static const struct {
        struct trie_value in[4];
        size_t n;
        int64_t total;
        size_t bytes;
    } rows[] = {
        {{{0}}, 0, 0, 9},
        {{{0, 1}}, 1, 1, 11},
        {{{5, 10000000}, {6, 30000000}}, 2, 40000000, 6 + 4 + 1 + 4 + 4},
        {{{0, 3}, {1, 6}, {300, 9}}, 3, 18, 6 + 3 + 2 + 2 + 3},
        {{{7, INT64_MAX}}, 1, INT64_MAX, 6 + 9 + 1 + 9 + 2},
        {{{7, INT64_MAX}, {NODES - 1, INT64_MAX - 1}}, 2, INT64_MAX,
            6 + 1 + 1 + 9 + 10 + 12},
        {{{1, INT64_MAX - 1}, {2, 1}}, 2, INT64_MAX, 6 + 1 + 1 + 9 + 10 + 2},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tap_diag("row %zu", i);
        CHECK_INT(
            round_trip(rows[i].in, rows[i].n, rows[i].total), rows[i].bytes);
    }
}

TEST(random_blobs_round_trip)
{
    static struct trie_value in[MAX];
    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t n = fk_rng_at(seed, 0) % 300;
        int64_t total = 0, scale = (int64_t)(fk_rng_at(seed, 1) % 10000 + 1);
        uint32_t node = 0;
        for (size_t i = 0; i < n; i++) {
            uint64_t x = fk_rng_at(seed, i + 2);
            node += (uint32_t)(x % 1000) + (i > 0);
            in[i].node = node;
            in[i].value = (int64_t)(x >> 40) * scale + scale;
            total += in[i].value;
        }
        round_trip(in, n, total);
    }
}

TEST(folding_sorts_adds_and_saturates)
{
    struct trie_value in[] = {{9, 1}, {3, 2}, {9, 4}, {3, INT64_MAX}, {1, 8}};
    struct trie_value scratch[5];
    unsigned flags = 0;
    CHECK_INT(blob_fold(in, scratch, 5, &flags), 3);
    CHECK_INT(in[0].node, 1);
    CHECK_INT(in[0].value, 8);
    CHECK_INT(in[1].node, 3);
    CHECK_INT(in[1].value, INT64_MAX);
    CHECK_INT(in[2].value, 5);
    CHECK_INT(flags, BLOB_SATURATED);
    flags = 0;
    CHECK_INT(blob_fold(in, scratch, 0, &flags), 0);
    CHECK_INT(flags, 0);
}

TEST(folding_many_keeps_order_and_sum)
{
    static struct trie_value in[MAX], scratch[MAX];
    for (uint64_t range = 10; range < UINT32_MAX; range *= 7) {
        unsigned flags = 0;
        int64_t sum = 0;
        for (uint64_t i = 0; i < MAX; i++)
            in[i] = (struct trie_value){
                (uint32_t)(fk_rng_at(range, i) % range), (int64_t)i + 1};
        size_t n = blob_fold(in, scratch, MAX, &flags);
        for (size_t i = 0; i < n; i++) {
            CHECK(!i || in[i - 1].node < in[i].node);
            sum += in[i].value;
        }
        CHECK_INT(sum, MAX * (MAX + 1) / 2);
    }
}

TEST(a_saturated_total_sets_the_flag)
{
    struct trie_value in[] = {{1, INT64_MAX}, {2, 1}};
    struct fk_buf b;
    struct blob blob;
    fk_buf_init(&b, 1000);
    blob_encode(&b, in, 2, 0);
    CHECK_INT(blob_open(&blob, fk_buf_slice(&b)), FK_OK);
    CHECK_INT(blob.flags, BLOB_SATURATED);
    fk_buf_fini(&b);
}

TEST(every_flipped_bit_is_found)
{
    struct trie_value in[] = {{1, 10}, {200, 20}, {90000, 30}};
    struct fk_buf b;
    struct blob blob;
    fk_buf_init(&b, 1000);
    blob_encode(&b, in, 3, 0);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
        CHECK_INT(blob_open(&blob, fk_buf_slice(&b)), FK_ERR_CORRUPT);
        b.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t n = 0; n < b.len; n++)
        CHECK_INT(blob_open(&blob, fk_slice_sub(fk_buf_slice(&b), 0, n)),
            FK_ERR_CORRUPT);
    CHECK_INT(blob_open(&blob, fk_buf_slice(&b)), FK_OK);
    fk_buf_fini(&b);
}

/* With a CRC that is right: what a bug, not a disk, would write. */
TEST(bytes_that_lie_are_refused)
{
    static const struct {
        uint8_t flags;
        uint8_t body[24];
        size_t n;
        const char *what;
    } rows[] = {
        {0, {0, 0, 0}, 3, "scale 0"},
        {2, {1, 0, 0}, 3, "unknown flag"},
        {0, {1, 1, 1}, 3, "no pair"},
        {0, {1, 2, 1, 1, 1}, 5, "one of two pairs"},
        {0, {1, 1, 1, 1, 1, 1}, 6, "a byte too many"},
        {0, {1, 1, 1, 100, 1}, 5, "node past the trie"},
        {0, {1, 2, 1, 60, 1, 60, 1}, 7, "sum of nodes past the trie"},
        {0, {1, 2, 1, 5, 1, 0, 1}, 7, "a node twice"},
        {0, {1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1}, 12,
            "n of 2^64-1"},
        {0, {1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}, 12,
            "total of 2^64-1"},
        {0, {0x80, 0x80}, 2, "half a number"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        struct blob blob;
        size_t n = ENVELOPE_BYTES + rows[i].n;
        tap_diag("%s", rows[i].what);
        memcpy(bytes + ENVELOPE_BYTES, rows[i].body, rows[i].n);
        envelope_close(bytes, n, BLOB_VERSION, rows[i].flags);
        enum fk_err err = blob_open(&blob, (struct fk_slice){(char *)bytes, n});
        if (!err)
            err = blob_decode(&blob, 100, nodes, values);
        CHECK_INT(err, FK_ERR_CORRUPT);
    }
}

TAP_MAIN
