/* 15: stacks over the months: each month has a trie of its own, answers do
 * not show it, and it goes with the last of its days. */
#include "common/clock.h"
#include "common/rng.h"
#include "tests/store_clock.h"
#include "tests/tap.h"

#include <stdio.h>
#include <unistd.h>

#define DEC_1     1701388800000ll /* 2023-12-01, 17 days after T0 */
#define META_FILE "t-anonymous/meta.db"
#define NOV_FILE  "t-anonymous/day-20231114.db"

static void open_at(struct fx *fx, int64_t now_ms)
{
    fx_init_clock(fx, now_ms);
    fx_open(fx);
}

TEST_TIMED(months_have_tries_of_their_own_and_answers_do_not_show_it, 120)
{
    struct fx fx;
    open_at(&fx, DEC_1);
    CHECK_INT(fx_put(&fx, APP_A, T0, "main;old 1\nmain;both 2"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 5);
    CHECK_INT(fx_put(&fx, APP_A, DEC_1 + 1, "main;both 4\nmain;new 8"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 10);
    CHECK_INT(fx_put(&fx, APP_A, T0 + 1, "main;late 16"), 0);
    for (int pass = 0; pass < 2; pass++) {
        CHECK_INT(fx_stats(&fx).trie_nodes, 11);
        CHECK_STR(fx_merge(&fx, ALL, T0, DEC_1 + 2),
            "main;both 6\nmain;late 16\nmain;new 8\nmain;old 1");
        CHECK_STR(
            fx_merge(&fx, ALL, DEC_1, DEC_1 + 2), "main;both 4\nmain;new 8");
        fx_close(&fx);
        fx_open(&fx);
    }
    /* The same month goes on with the trie it has. */
    CHECK_INT(fx_put(&fx, APP_A, DEC_1 + FX_DAY_MS, "main;new 1"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 11);
    fx_fini(&fx);
}

static void wait_for(struct fx *fx, uint64_t trie_nodes)
{
    int64_t deadline = fk_mono_ns() + 100 * FK_NS_PER_S;
    while (fx_stats(fx).trie_nodes != trie_nodes) {
        CHECK(fk_mono_ns() < deadline);
        usleep(500);
    }
}

TEST_TIMED(a_trie_goes_with_the_last_of_its_days, 120)
{
    struct fx fx;
    open_at(&fx, DEC_1);
    CHECK_INT(fx_put(&fx, APP_A, T0, "main;old 1"), 0);
    CHECK_INT(fx_put(&fx, APP_B, T0, "b 1"), 0);
    CHECK_INT(fx_put(&fx, APP_A, DEC_1, "main;new 8"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 4 + 3 + 4);
    fx_close(&fx);
    CHECK_INT(unlink(fx_path(&fx, NOV_FILE)), 0);
    fx_open(&fx);
    wait_for(&fx, 3 + 4); /* what b had last stays */
    CHECK_STR(fx_merge(&fx, ALL, 0, DEC_1 * 2), "main;new 8");
    /* A profile of November is one of the oldest trie there is. */
    CHECK_INT(fx_put(&fx, APP_A, T0, "main;again 2"), 0);
    CHECK_STR(fx_merge(&fx, ALL, 0, DEC_1), "main;again 2");
    fx_close(&fx);
    CHECK_INT(fx_sql_int(&fx, META_FILE, "SELECT count(*) FROM app"), 2);
    CHECK_INT(fx_sql_int(&fx, META_FILE,
                  "SELECT count(*) FROM text WHERE id < 1 << 32"),
        0);
    CHECK_INT(fx_sql_int(&fx, META_FILE,
                  "SELECT count(*) FROM frame WHERE id < 1 << 32"),
        0);
    CHECK_INT(fx_sql_int(&fx, META_FILE,
                  "SELECT count(*) FROM trie WHERE id < 1 << 32"),
        0);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, 0, DEC_1 * 2), "main;again 2\nmain;new 8");
    CHECK_INT(fx_put(&fx, "service_name=c", DEC_1, "c 1"), 0);
    CHECK_STR(fx_merge(&fx, "{service_name=\"c\"}", 0, DEC_1 * 2), "c 1");
    fx_fini(&fx);
}

/* A file of the first format knows one trie an app. */
TEST_TIMED(the_first_format_is_brought_up, 120)
{
    struct fx fx;
    open_at(&fx, DEC_1);
    CHECK_INT(fx_put(&fx, APP_A, T0, "main;old 1"), 0);
    CHECK_INT(fx_put(&fx, APP_B, T0, "b 2"), 0);
    fx_close(&fx);
    fx_sql(&fx, META_FILE, "ALTER TABLE app DROP COLUMN app");
    fx_sql(&fx, META_FILE, "ALTER TABLE app DROP COLUMN since");
    fx_sql(&fx, META_FILE, "PRAGMA user_version=1");
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "b 2\nmain;old 1");
    CHECK_INT(fx_put(&fx, APP_A, T0, "main;old 1"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 4 + 3);
    CHECK_INT(fx_put(&fx, APP_A, DEC_1, "main;new 4"), 0);
    CHECK_INT(fx_stats(&fx).trie_nodes, 4 + 3 + 4);
    fx_close(&fx);
    CHECK_INT(fx_sql_int(&fx, META_FILE, "PRAGMA user_version"), 2);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, T0, DEC_1 + 1), "b 2\nmain;new 4\nmain;old 2");
    fx_fini(&fx);
}

/* Random profiles of five months, in any order, beside the oracle. */
TEST_TIMED(random_ranges_of_months_equal_the_oracle, 240)
{
    enum { PROFILES = 400, QUESTIONS = 120 };
    struct fx oracle, fx;
    const uint64_t span = 150 * (uint64_t)FX_DAY_MS;
    fx_init(&oracle, &store_memory_ops);
    fx_open(&oracle);
    open_at(&fx, T0 + (int64_t)span);
    fx.options.keep_days = 0;
    for (uint64_t i = 0; i < PROFILES; i++) {
        char labels[64], folded[64];
        uint64_t x = fk_rng_at(5, i);
        int64_t at = T0 + (int64_t)(x % 20 * (span / 20) + x % 7000000);
        snprintf(labels, sizeof labels, "service_name=a%d,pod=%d",
            (int)(x >> 8 & 1), (int)(x >> 9 & 3));
        snprintf(folded, sizeof folded, "main;f%d;g%d 1", (int)(x >> 11 & 31),
            (int)(x >> 16 & 7));
        CHECK_INT(fx_put(&oracle, labels, at, folded), 0);
        CHECK_INT(fx_put(&fx, labels, at, folded), 0);
        if (i == PROFILES / 2) {
            fx_close(&fx);
            fx_open(&fx);
        }
    }
    for (uint64_t i = 0; i < QUESTIONS; i++) {
        const char *s = i % 3 ? ALL : "{service_name=\"a1\",pod!=\"2\"}";
        int64_t t0 = T0 + (int64_t)(fk_rng_at(6, i) % span);
        int64_t t1 = t0 + (int64_t)(fk_rng_at(7, i) % span);
        CHECK_STR(fx_merge(&fx, s, t0, t1), fx_merge(&oracle, s, t0, t1));
        CHECK_STR(fx_timeline(&fx, s, t0, t1), fx_timeline(&oracle, s, t0, t1));
    }
    fx_fini(&fx);
    fx_fini(&oracle);
}

TAP_MAIN
