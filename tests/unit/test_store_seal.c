/* Sums of minutes, hours and days: whatever has been added up, and whatever
 * comes late, every answer is the one that the profiles themselves give. The
 * numbers are those of the pitfalls in the design. */
#include "common/clock.h"
#include "common/rng.h"
#include "tests/store_clock.h"
#include "tests/tap.h"

#include <stdio.h>

static void open_oracle(struct fx *fx)
{
    fx_init(fx, &store_memory_ops);
    fx_open(fx);
}

/* ---- against the oracle ---- */

static void put_both(struct fx *a, struct fx *b, const char *labels, int64_t at,
    const char *folded)
{
    CHECK_INT(fx_put(a, labels, at, folded), 0);
    CHECK_INT(fx_put(b, labels, at, folded), 0);
}

static const char *const selectors[] = {"{}", "{service_name=\"app1\"}",
    "{pod=~\"[13]\"}", "{service_name!=\"app0\",pod!=\"2\"}",
    "{service_name=\"app2\",pod=\"0\"}", "{service_name=\"none\"}"};

static void compare(struct fx *oracle, struct fx *fx, uint64_t seed,
    int64_t from, int64_t until)
{
    uint64_t span = (uint64_t)(until - from);
    const char *s = selectors[fk_rng_at(seed, 1) % 6];
    int64_t t0 = from + (int64_t)(fk_rng_at(seed, 2) % span);
    int64_t t1 = from + (int64_t)(fk_rng_at(seed, 3) % span);
    if (fk_rng_at(seed, 4) % 3 == 0) { /* whole minutes, hours */
        int64_t step = fk_rng_at(seed, 5) % 2 ? MIN_MS : HOUR_MS;
        t0 = t0 / step * step;
        t1 = t1 / step * step;
    }
    tap_diag("%s %lld %lld", s, (long long)t0, (long long)t1);
    CHECK_STR(fx_merge(fx, s, t0, t1), fx_merge(oracle, s, t0, t1));
    CHECK_STR(fx_timeline(fx, s, t0, t1), fx_timeline(oracle, s, t0, t1));
}

static void put_random(struct fx *oracle, struct fx *fx, uint64_t x, int64_t at)
{
    char labels[64], folded[96];
    snprintf(labels, sizeof labels, "service_name=app%d,pod=%d", (int)(x % 3),
        (int)(x / 3 % 5));
    snprintf(folded, sizeof folded, "main;f%d;g%d %d\nmain;f%d 6",
        (int)(x / 15 % 20), (int)(x / 300 % 9), (int)(x / 2700 % 50) + 1,
        (int)(x / 15 % 20));
    put_both(oracle, fx, labels, at, folded);
}

/* 6: at the watermark nothing is counted twice or not at all. The clock goes
 * on while profiles arrive, some of them late by minutes or hours. */
TEST_TIMED(random_ranges_equal_the_oracle_while_sealing, 240)
{
    enum { PROFILES = 1200 };
    struct fx oracle, fx;
    int64_t begin = DAY0 + 20 * HOUR_MS, now = begin;
    open_oracle(&oracle);
    fx_open_sealing(&fx, begin);
    for (uint64_t i = 0; i < PROFILES; i++) {
        uint64_t x = fk_rng_at(21, i);
        int64_t at = now - (int64_t)(x >> 40) % 20000;
        now += 20 * 1000;
        if (i % 7 == 0)
            at -= (int64_t)(fk_rng_at(22, i) % (2 * HOUR_MS));
        put_random(&oracle, &fx, x, at);
        fx_clock_ms = now;
        if (i % 4 == 0)
            compare(&oracle, &fx, 1000 + i, begin - 3 * HOUR_MS, now);
    }
    CHECK(fx_stats(&fx).sealed > PROFILES / 2);
    for (uint64_t i = 0; i < 60; i++)
        compare(&oracle, &fx, 9000 + i, begin - 3 * HOUR_MS, now);
    fx_settle(&fx, now + FX_DAY_MS);
    CHECK_INT(fx_stats(&fx).sealed, PROFILES);
    for (uint64_t i = 0; i < 100; i++)
        compare(&oracle, &fx, 10000 + i, begin - 3 * HOUR_MS, now);
    fx_close(&fx);
    fx_open(&fx);
    for (uint64_t i = 0; i < 40; i++)
        compare(&oracle, &fx, 11000 + i, begin - 3 * HOUR_MS, now);
    CHECK_INT(fx_stats(&fx).corrupt, 0);
    fx_fini(&fx);
    fx_fini(&oracle);
}

/* ---- edges ---- */

static enum fk_err add_run(void *arg, const struct store_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        *(int64_t *)arg += run->values[i];
    return FK_OK;
}

static int64_t sum(struct fx *fx, int64_t t0, int64_t t1)
{
    struct selector all;
    int64_t total = 0;
    selector_init(&all);
    CHECK_INT(
        fx->ops->merge(fx->tenant, &all, t0, t1, NULL, add_run, &total, NULL),
        0);
    return total;
}

/* 8: every start in a window of three hours, with ends of all kinds. A value
 * every ten seconds, of as many as the seconds since the window's start, so
 * that no two wrong ones make a right one. */
TEST_TIMED(every_edge_of_a_range_is_right, 240)
{
    static const int64_t lengths[] = {
        0, 10, 50, 60, 70, 590, 600, 610, 1200, 3590, 3600, 3610, 7200, 9000};

    enum { COUNT = 1080 };
    struct fx fx;
    int64_t begin = DAY0 + 21 * HOUR_MS, before[COUNT + 1] = {0};
    fx_open_sealing(&fx, begin);
    for (int i = 0; i < COUNT; i += 60) {
        struct fx_batch b;
        fx_batch_init(&b);
        for (int k = i; k < i + 60; k++) {
            char folded[32];
            snprintf(folded, sizeof folded, "f%d %d", k % 7, k + 1);
            fx_batch_add(
                &b, k % 2 ? APP_A : APP_B, begin + k * 10000ll, folded);
            before[k + 1] = before[k] + k + 1;
        }
        CHECK_INT(fx_append(&fx, &b), 0);
        fx_batch_fini(&b);
    }
    /* Two hours and a half are added up, two of them as hours. */
    fx_settle(&fx, begin + 2 * HOUR_MS + 41 * MIN_MS);
    CHECK_INT(fx_stats(&fx).sealed, 2 * 360 + 4 * 60);
    for (int64_t s = 0; s <= COUNT; s++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
            int64_t e = s + lengths[l] / 10;
            if (e > COUNT)
                continue;
            int64_t got = sum(&fx, begin + s * 10000, begin + e * 10000);
            if (got != before[e] - before[s])
                tap_fail(__FILE__, __LINE__, "%lld+%lld: %lld, not %lld",
                    (long long)s, (long long)lengths[l], (long long)got,
                    (long long)(before[e] - before[s]));
        }
    CHECK_INT(sum(&fx, begin + 1, begin + COUNT * 10000), before[COUNT] - 1);
    CHECK_INT(sum(&fx, begin, begin + 600001), before[61]);
    fx_fini(&fx);
}

/* ---- what comes late ---- */

/* 9, 10: late, twice, out of order, several in one second. */
TEST_TIMED(late_profiles_reach_every_level_once, 120)
{
    struct fx oracle, fx;
    int64_t begin = DAY0 + 3 * HOUR_MS;
    open_oracle(&oracle);
    fx_open_sealing(&fx, begin);
    for (int round = 0; round < 6; round++) {
        for (uint64_t i = 0; i < 60; i++) {
            uint64_t x = fk_rng_at(31, i / 3 + 100 * (uint64_t)round);
            int64_t at = begin + (int64_t)(x % (2 * HOUR_MS));
            put_random(&oracle, &fx, x, i % 3 ? at + (int64_t)i : at);
        }
        fx_settle(
            &fx, begin + (round < 3 ? (round + 1) * HOUR_MS : 2 * FX_DAY_MS));
        for (uint64_t i = 0; i < 10; i++)
            compare(&oracle, &fx, 400 + i + 10 * (uint64_t)round,
                begin - HOUR_MS, begin + 3 * HOUR_MS);
        CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + FX_DAY_MS),
            fx_merge(&oracle, ALL, DAY0, DAY0 + FX_DAY_MS));
    }
    CHECK_INT(fx_stats(&fx).sealed, 360);
    fx_fini(&fx);
    fx_fini(&oracle);
}

TEST_TIMED(sending_again_after_sealing_changes_nothing, 120)
{
    struct fx fx;
    struct fx_batch b;
    fx_open_sealing(&fx, DAY0);
    fx_batch_init(&b);
    for (int i = 0; i < 20; i++)
        fx_batch_add(&b, APP_A, DAY0 + i * 30000, "a 1")->dedup = 5;
    for (int round = 0; round < 4; round++) {
        CHECK_INT(fx_append(&fx, &b), 0);
        CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 20");
        fx_settle(&fx, DAY0 + round * 12 * HOUR_MS);
        CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 20");
    }
    CHECK_INT(fx_stats(&fx).duplicates, 60);
    fx_batch_fini(&b);
    fx_fini(&fx);
}

/* ---- groups ---- */

/* A group's sums are used where all of it is asked for, and only there: in
 * the same app another pod or type must not slip in. */
TEST_TIMED(a_group_is_used_only_where_it_is_meant, 120)
{
    struct fx fx;
    char labels[96], want[64];
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 8; i++) {
        snprintf(labels, sizeof labels,
            "service_name=a,pod=%d,__profile_type__=%s", i % 4,
            i < 4 ? "cpu" : "heap");
        for (int k = 0; k < 12; k++)
            CHECK_INT(fx_put(&fx, labels, DAY0 + k * 50000 + i,
                          i < 4 ? "x 1" : "x 1000"),
                0);
    }
    fx_settle(&fx, DAY0 + 3 * HOUR_MS);
    CHECK_STR(fx_merge(&fx, "{__profile_type__=\"cpu\"}", DAY0, DAY0 + HOUR_MS),
        "x 48");
    CHECK_STR(fx_merge(&fx, "{__profile_type__=\"cpu\",pod!=\"3\"}", DAY0,
                  DAY0 + HOUR_MS),
        "x 36");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "x 48048");
    /* One more pod, born later: not in the group's past. */
    CHECK_INT(fx_put(&fx, "service_name=a,pod=9,__profile_type__=cpu",
                  DAY0 + 2 * HOUR_MS, "x 7"),
        0);
    fx_settle(&fx, DAY0 + 5 * HOUR_MS);
    for (int hours = 1; hours < 5; hours++) {
        snprintf(want, sizeof want, "x %d", hours > 2 ? 55 : 48);
        CHECK_STR(fx_merge(&fx, "{__profile_type__=\"cpu\"}", DAY0,
                      DAY0 + hours * HOUR_MS),
            want);
        snprintf(want, sizeof want, "x %d", 48);
        CHECK_STR(fx_merge(&fx, "{__profile_type__=\"cpu\",pod!=\"9\"}", DAY0,
                      DAY0 + hours * HOUR_MS),
            want);
    }
    fx_fini(&fx);
}

/* ---- the writer ---- */

/* 7: adding up must not hold up those who append. */
TEST_TIMED(sealing_many_series_lets_commits_through, 240)
{
    enum { SERIES = 1000, ROUNDS = 6, COMMITS = 100 };
    struct fx fx;
    static int64_t took[COMMITS];
    char labels[64];
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < SERIES * ROUNDS; i += 200) {
        struct fx_batch b;
        fx_batch_init(&b);
        for (int k = i; k < i + 200; k++) {
            snprintf(
                labels, sizeof labels, "service_name=a,pod=%d", k % SERIES);
            fx_batch_add(&b, labels, DAY0 + k / SERIES * 90000, "a;b 1\nc 2");
        }
        CHECK_INT(fx_append(&fx, &b), 0);
        fx_batch_fini(&b);
    }
    uint64_t rounds = fx_stats(&fx).seal_rounds;
    fx_clock_ms = DAY0 + 20 * MIN_MS;
    for (int i = 0; i < COMMITS; i++) {
        int64_t began = fk_mono_ns();
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + 15 * MIN_MS + i, "a 1"), 0);
        took[i] = (fk_mono_ns() - began) / FK_NS_PER_MS;
    }
    int slow = 0;
    for (int i = 0; i < COMMITS; i++)
        slow += took[i] > 400; /* 200 on a quiet machine */
    CHECK(slow <= 1);
    fx_settle(&fx, fx_clock_ms);
    CHECK(fx_stats(&fx).seal_rounds > rounds);
    CHECK_STR(fx_merge(&fx, "{service_name=\"a\",pod!=\"\"}", DAY0,
                  DAY0 + 10 * MIN_MS),
        "a;b 6000\nc 12000");
    fx_fini(&fx);
}

TAP_MAIN
