/* The bytes of sums: packed blobs, chunks of totals, sums in the making. */
#include "common/rng.h"
#include "server/blob.h"
#include "server/chunk.h"
#include "server/pairs.h"
#include "server/totals.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAX = 5000, NODES = 1 << 20 };

static uint32_t nodes[MAX];
static int64_t values[MAX];

static enum fk_err read_packed(
    struct blob_codec *codec, struct fk_slice bytes, struct blob *blob)
{
    enum fk_err err = blob_open(blob, bytes);
    if (!err && blob->n > MAX)
        err = FK_ERR_CORRUPT;
    if (!err)
        err = blob_unpack(codec, blob);
    return err ? err : blob_decode(blob, NODES, nodes, values);
}

static size_t make_values(struct trie_value *in, uint64_t seed)
{
    size_t n = fk_rng_at(seed, 0) % 2000;
    uint32_t node = 0;
    for (size_t i = 0; i < n; i++) {
        node += (uint32_t)(fk_rng_at(seed, i + 1) % 200) + 1;
        in[i] = (struct trie_value){
            node, (int64_t)(fk_rng_at(seed, i + 9000) % 20 + 1) * 10000000};
    }
    return n;
}

TEST(packed_blobs_round_trip_and_are_no_larger)
{
    static struct trie_value in[MAX];
    struct blob_codec *codec = blob_codec_new();
    CHECK(codec);
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fk_buf plain, packed;
        struct blob blob;
        size_t n = make_values(in, seed);
        fk_buf_init(&plain, 1 << 20);
        fk_buf_init(&packed, 1 << 20);
        blob_encode(&plain, in, n, 0);
        blob_encode_packed(codec, &packed, in, n, 0);
        CHECK(packed.len <= plain.len);
        CHECK_INT(read_packed(codec, fk_buf_slice(&packed), &blob), FK_OK);
        CHECK_INT(blob.n, n);
        for (size_t i = 0; i < n; i++) {
            CHECK_INT(nodes[i], in[i].node);
            CHECK_INT(values[i], in[i].value);
        }
        fk_buf_fini(&plain);
        fk_buf_fini(&packed);
    }
    blob_codec_free(codec);
}

/* 13: whatever byte of it is wrong, it is seen. */
TEST(every_flipped_byte_of_a_packed_blob_is_seen)
{
    static struct trie_value in[MAX];
    struct blob_codec *codec = blob_codec_new();
    struct fk_buf b;
    struct blob blob;
    CHECK(codec);
    fk_buf_init(&b, 1 << 20);
    blob_encode_packed(codec, &b, in, make_values(in, 3), 0);
    for (size_t i = 0; i < b.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.ptr[i] ^= (char)(1 << bit);
            CHECK_INT(
                read_packed(codec, fk_buf_slice(&b), &blob), FK_ERR_CORRUPT);
            b.ptr[i] ^= (char)(1 << bit);
        }
    CHECK_INT(read_packed(codec, fk_buf_slice(&b), &blob), FK_OK);
    fk_buf_fini(&b);
    blob_codec_free(codec);
}

TEST(chunks_round_trip)
{
    static const struct chunk_point rows[][4] = {
        {{5, 7}},
        {{599999, INT64_MAX}, {0, 0}, {0, 0}, {10, 30000000}},
        {{3, 1}, {2, 2}, {1, INT64_MAX - 1}, {3, 0}},
    };
    static const size_t counts[] = {1, 4, 4};

    for (size_t r = 0; r < 3; r++) {
        struct chunk_point in[4], p;
        struct chunk c;
        struct fk_buf b;
        uint32_t last = 0;
        uint64_t sum = 0, want = 0;
        for (size_t i = 0; i < counts[r]; i++) {
            in[i] = rows[r][i];
            want ^= (uint64_t)in[i].total + in[i].ms;
        }
        fk_buf_init(&b, 1 << 12);
        chunk_encode(&b, in, counts[r]);
        CHECK_INT(chunk_check(fk_buf_slice(&b)), FK_OK);
        CHECK_INT(chunk_open(&c, fk_buf_slice(&b)), FK_OK);
        CHECK_INT(c.n, counts[r]);
        while (c.n) {
            CHECK_INT(chunk_next(&c, &p), FK_OK);
            CHECK(p.ms >= last);
            last = p.ms;
            sum ^= (uint64_t)p.total + p.ms;
        }
        CHECK_INT(sum, want);
        for (size_t i = 0; i < b.len; i++) {
            b.ptr[i] ^= 0x10;
            CHECK_INT(chunk_check(fk_buf_slice(&b)), FK_ERR_CORRUPT);
            b.ptr[i] ^= 0x10;
        }
        fk_buf_fini(&b);
    }
}

/* A series more adds all but the moments, which are those of the most
 * diligent; what is damaged changes nothing. */
TEST(totals_of_a_group_add_up_and_round_trip)
{
    struct chunk_point points[] = {{0, 5}, {7, 6}, {7, INT64_MAX}};
    static const struct totals want[] = {
        {5, 1, 1}, {16, 3, 2}, {INT64_MAX, 6, 3}};
    struct totals sum = {0}, got;
    struct fk_buf b;
    fk_buf_init(&b, 1 << 12);
    for (size_t n = 1; n <= 3; n++) {
        fk_buf_reset(&b);
        chunk_encode(&b, points, n);
        CHECK_INT(totals_add(&sum, fk_buf_slice(&b)), FK_OK);
        b.ptr[b.len - 1] ^= 1;
        CHECK_INT(totals_add(&sum, fk_buf_slice(&b)), FK_ERR_CORRUPT);
        fk_buf_reset(&b);
        totals_encode(&b, &sum);
        CHECK_INT(totals_decode(fk_buf_slice(&b), &got), FK_OK);
        CHECK_INT(got.total, want[n - 1].total);
        CHECK_INT(got.profiles, want[n - 1].profiles);
        CHECK_INT(got.moments, want[n - 1].moments);
        for (size_t i = 0; i < b.len; i++) {
            b.ptr[i] ^= 0x10;
            CHECK_INT(totals_decode(fk_buf_slice(&b), &got), FK_ERR_CORRUPT);
            b.ptr[i] ^= 0x10;
        }
    }
    fk_buf_fini(&b);
}

/* 12: a sum that would wrap stops at the largest number and says so. */
TEST(sums_in_the_making_fold_and_saturate)
{
    struct pairs sum = {0}, more = {0};
    for (uint32_t i = 0; i < 20000; i++) {
        CHECK(pairs_reserve(&more, 1));
        more.at[more.n++] = (struct trie_value){i % 77, 1};
    }
    for (int i = 0; i < 50; i++)
        pairs_add(&sum, &more);
    pairs_fold(&sum);
    CHECK_INT(sum.n, 77);
    CHECK_INT(sum.at[0].node, 0);
    CHECK_INT(sum.at[0].value, 50 * 260);
    CHECK_INT(sum.at[76].node, 76);
    CHECK_INT(sum.flags, 0);
    pairs_reset(&more);
    CHECK(pairs_reserve(&more, 1));
    more.at[more.n++] = (struct trie_value){5, INT64_MAX};
    pairs_add(&sum, &more);
    pairs_fold(&sum);
    CHECK_INT(sum.at[5].value, INT64_MAX);
    CHECK_INT(sum.flags, BLOB_SATURATED);
    pairs_fini(&sum);
    pairs_fini(&more);
}

TAP_MAIN
