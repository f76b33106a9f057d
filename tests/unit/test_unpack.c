/* Rows that several threads unpack: each is visited once, one at a time, and
 * what goes wrong with one ends the query or is left out. */
#include "server/blob.h"
#include "server/unpack.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { ROWS = 3000, NODES = 50 };

struct seen {
    int visits, damaged, inside, fail_at;
    int64_t sum;
    uint32_t series; /* xor of all */
};

static enum fk_err visit(void *arg, const struct store_run *run)
{
    struct seen *s = arg;
    CHECK_INT(s->inside++, 0);
    CHECK_INT(run->n, NODES);
    for (size_t i = 0; i < run->n; i++)
        s->sum += run->values[i];
    s->series ^= run->series;
    s->inside--;
    return ++s->visits == s->fail_at ? FK_ERR_LIMIT : FK_OK;
}

static void damaged(void *arg, const struct day_damage *place)
{
    struct seen *s = arg;
    CHECK_INT(s->inside, 0);
    CHECK_INT(place->at % 100, 7);
    s->damaged++;
}

static void encode(struct fk_buf *out, int64_t value)
{
    struct trie_value pairs[NODES];
    for (uint32_t i = 0; i < NODES; i++)
        pairs[i] = (struct trie_value){2 + 3 * i, value};
    fk_buf_reset(out);
    blob_encode(out, pairs, NODES, 0);
}

static enum fk_err add_rows(struct unpack *u, int rows)
{
    struct fk_buf blob;
    enum fk_err err = FK_OK;
    fk_buf_init(&blob, 1 << 16);
    for (int i = 0; !err && i < rows; i++) {
        const struct unpack_row row = {
            .series = (uint32_t)i, .num_nodes = 1000, .place = {.at = i}};
        encode(&blob, i + 1);
        if (i % 100 == 7)
            blob.ptr[blob.len / 2] ^= 1;
        err = unpack_add(u, &row, fk_buf_slice(&blob));
    }
    fk_buf_fini(&blob);
    return err;
}

TEST(every_row_is_visited_once)
{
    for (int threads = 0; threads <= 6; threads++) {
        struct seen seen = {0};
        struct unpack_to to = {visit, damaged, &seen};
        struct unpack *u = unpack_new(&to, threads);
        int64_t want = 0;
        uint32_t series = 0;
        for (int i = 0; i < ROWS; i++)
            if (i % 100 != 7) {
                want += NODES * (i + 1);
                series ^= (uint32_t)i;
            }
        for (int pass = 1; pass <= 3; pass++) { /* days */
            CHECK_INT(add_rows(u, ROWS), 0);
            CHECK_INT(unpack_drain(u), 0);
            CHECK_INT(seen.visits, pass * (ROWS - ROWS / 100));
            CHECK_INT(seen.damaged, pass * (ROWS / 100));
            CHECK_INT(seen.sum, pass * want);
            CHECK_INT(seen.series, pass % 2 ? series : 0);
        }
        unpack_free(u);
    }
}

TEST(a_visitor_can_end_it)
{
    static const int at[] = {1, 5, 127, 128, 129, 130, 200, 1500};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct seen seen = {.fail_at = at[i]};
        struct unpack_to to = {visit, damaged, &seen};
        struct unpack *u = unpack_new(&to, 4);
        enum fk_err err = add_rows(u, ROWS);
        CHECK(err == FK_OK || err == FK_ERR_LIMIT);
        CHECK_INT(unpack_drain(u), FK_ERR_LIMIT);
        CHECK_INT(seen.visits, at[i]);
        unpack_free(u);
    }
}

TEST(it_may_end_before_anything_was_done)
{
    struct seen seen = {0};
    struct unpack_to to = {visit, damaged, &seen};
    struct unpack *u = unpack_new(&to, 4);
    CHECK_INT(unpack_drain(u), 0);
    CHECK_INT(add_rows(u, 140), 0);
    unpack_free(u); /* with rows in a batch */
    CHECK(seen.visits <= 140);
    unpack_free(NULL);
}

TAP_MAIN
