/* Sums of minutes, hours and days: whatever has been added up, and whatever
 * comes late, every answer is the one that the profiles themselves give. The
 * numbers are those of the pitfalls in the design. */
#include "common/clock.h"
#include "common/rng.h"
#include "server/journal.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIN_MS  60000ll
#define HOUR_MS (60 * MIN_MS)
/* Midnight, so that a window of hours lies in one day. */
#define DAY0 (T0 / FX_DAY_MS * FX_DAY_MS)

static _Atomic int64_t clock_ms;

static int64_t fake_now(void)
{
    return clock_ms;
}

static void open_sealing(struct fx *fx, int64_t now_ms)
{
    fx_init(fx, &store_sqlite_ops);
    clock_ms = now_ms;
    fx->options.now_ms = fake_now;
    fx->options.seal_every_ms = 1;
    fx->options.keep = (struct store_keep){0};
    fx_open(fx);
}

static void open_oracle(struct fx *fx)
{
    fx_init(fx, &store_memory_ops);
    fx_open(fx);
}

/* Until there is nothing left to add up at this time, or a little later:
 * the sealer looks again only when the clock goes on. */
static void settle(struct fx *fx, int64_t now_ms)
{
    static int64_t later_ms;
    later_ms += 10;
    clock_ms = now_ms + later_ms;
    int64_t deadline = fk_mono_ns() + 60 * FK_NS_PER_S;
    for (int pass = 0; pass < 2; pass++) {
        uint64_t rounds = fx_stats(fx).seal_rounds;
        while (fx_stats(fx).seal_rounds < rounds + 2) {
            CHECK(fk_mono_ns() < deadline);
            usleep(500);
        }
    }
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
    open_sealing(&fx, begin);
    for (uint64_t i = 0; i < PROFILES; i++) {
        uint64_t x = fk_rng_at(21, i);
        int64_t at = now - (int64_t)(x >> 40) % 20000;
        now += 20 * 1000;
        if (i % 7 == 0)
            at -= (int64_t)(fk_rng_at(22, i) % (2 * HOUR_MS));
        put_random(&oracle, &fx, x, at);
        clock_ms = now;
        if (i % 4 == 0)
            compare(&oracle, &fx, 1000 + i, begin - 3 * HOUR_MS, now);
    }
    CHECK(fx_stats(&fx).sealed > PROFILES / 2);
    for (uint64_t i = 0; i < 60; i++)
        compare(&oracle, &fx, 9000 + i, begin - 3 * HOUR_MS, now);
    settle(&fx, now + FX_DAY_MS);
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
    open_sealing(&fx, begin);
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
    settle(&fx, begin + 2 * HOUR_MS + 41 * MIN_MS);
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
    open_sealing(&fx, begin);
    for (int round = 0; round < 6; round++) {
        for (uint64_t i = 0; i < 60; i++) {
            uint64_t x = fk_rng_at(31, i / 3 + 100 * (uint64_t)round);
            int64_t at = begin + (int64_t)(x % (2 * HOUR_MS));
            put_random(&oracle, &fx, x, i % 3 ? at + (int64_t)i : at);
        }
        settle(
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
    open_sealing(&fx, DAY0);
    fx_batch_init(&b);
    for (int i = 0; i < 20; i++)
        fx_batch_add(&b, APP_A, DAY0 + i * 30000, "a 1")->dedup = 5;
    for (int round = 0; round < 4; round++) {
        CHECK_INT(fx_append(&fx, &b), 0);
        CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 20");
        settle(&fx, DAY0 + round * 12 * HOUR_MS);
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
    open_sealing(&fx, DAY0);
    for (int i = 0; i < 8; i++) {
        snprintf(labels, sizeof labels,
            "service_name=a,pod=%d,__profile_type__=%s", i % 4,
            i < 4 ? "cpu" : "heap");
        for (int k = 0; k < 12; k++)
            CHECK_INT(fx_put(&fx, labels, DAY0 + k * 50000 + i,
                          i < 4 ? "x 1" : "x 1000"),
                0);
    }
    settle(&fx, DAY0 + 3 * HOUR_MS);
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
    settle(&fx, DAY0 + 5 * HOUR_MS);
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

/* ---- forgetting by level ---- */

static const char *at_minutes(int from, int until, struct fx *fx)
{
    return fx_merge(fx, ALL, DAY0 + from * MIN_MS, DAY0 + until * MIN_MS);
}

TEST_TIMED(what_is_old_is_known_less_exactly, 120)
{
    struct fx fx;
    open_sealing(&fx, DAY0);
    fx.options.keep = (struct store_keep){
        2 * HOUR_MS, 2 * FX_DAY_MS, 14 * FX_DAY_MS, 90 * FX_DAY_MS};
    fx_close(&fx);
    fx_open(&fx);
    for (int i = 0; i < 60; i++) /* in the middle of each minute */
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * MIN_MS + 30000, "a 1"), 0);
    char *timeline =
        strdup(fx_timeline(&fx, ALL, DAY0 + MIN_MS + 1, DAY0 + 20 * MIN_MS));
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30000, DAY0 + 90000), "a 1");
    settle(&fx, DAY0 + 2 * HOUR_MS + 50 * MIN_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30000, DAY0 + 90000), "a 1");
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30001, DAY0 + 90000), "");
    /* The hour's journal is gone: a profile is where its minute begins. */
    settle(&fx, DAY0 + 3 * HOUR_MS + MIN_MS);
    settle(&fx, DAY0 + 5 * HOUR_MS + 2 * MIN_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30001, DAY0 + 60001), "a 1");
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 1, DAY0 + 60000), "");
    CHECK_STR(at_minutes(3, 17, &fx), "a 14");
    CHECK_STR(at_minutes(0, 60, &fx), "a 60");
    /* One that comes now is added to what is kept. */
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 5 * MIN_MS, "a 100"), 0);
    CHECK_STR(at_minutes(3, 17, &fx), "a 114");
    settle(&fx, DAY0 + 5 * HOUR_MS + 3 * MIN_MS);
    CHECK_STR(at_minutes(3, 17, &fx), "a 114");
    CHECK_STR(at_minutes(5, 6, &fx), "a 101");
    settle(&fx, DAY0 + 4 * FX_DAY_MS);
    CHECK_STR(at_minutes(3, 17, &fx), "a 10");
    CHECK_STR(at_minutes(0, 10, &fx), "a 110");
    CHECK_STR(at_minutes(0, 60, &fx), "a 160");
    settle(&fx, DAY0 + 20 * FX_DAY_MS);
    CHECK_STR(at_minutes(0, 1, &fx), "a 160");
    CHECK_STR(at_minutes(10, 60, &fx), "");
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 5 * HOUR_MS, "a 1000"), 0);
    settle(&fx, DAY0 + 21 * FX_DAY_MS);
    CHECK_STR(at_minutes(300, 301, &fx), "a 1000");
    settle(&fx, DAY0 + 95 * FX_DAY_MS);
    CHECK_STR(at_minutes(0, 1, &fx), "a 1160");
    CHECK_STR(at_minutes(300, 301, &fx), "");
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 7 * HOUR_MS, "a 10000"), 0);
    settle(&fx, DAY0 + 96 * FX_DAY_MS);
    CHECK_STR(at_minutes(0, 1, &fx), "a 11160");
    /* Totals stay as exact as they came. */
    CHECK_STR(fx_timeline(&fx, ALL, DAY0 + 6 * MIN_MS, DAY0 + 7 * MIN_MS),
        "1699920390000=1");
    CHECK(strstr(timeline, "1699920390000=1"));
    free(timeline);
    fx_fini(&fx);
}

/* ---- plans ---- */

static bool plans_bad;

/* The late table is nearly always empty; walking the journal to find what of
 * it is late was a query's whole cost once. */
static void check_plan(const char *sql, const char *step)
{
    if (!strstr(step, "SCAN") && !strstr(step, "TEMP B-TREE") &&
        !(strstr(sql, "FROM late") && strstr(step, "SEARCH j USING") &&
            strstr(step, "rowid>")))
        return;
    tap_diag("%s: %s", step, sql);
    plans_bad = true;
}

/* 17, 18: reading sums neither scans nor sorts. */
TEST_TIMED(no_query_of_sums_scans_or_sorts, 120)
{
    struct fx fx;
    open_sealing(&fx, DAY0);
    for (int i = 0; i < 100; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * MIN_MS, "a 1"), 0);
    settle(&fx, DAY0 + FX_DAY_MS);
    db_watch_plans(check_plan);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 1, DAY0 + 90 * MIN_MS + 7), "a 90");
    CHECK(*fx_timeline(&fx, ALL, DAY0, DAY0 + HOUR_MS));
    db_watch_plans(NULL);
    CHECK(!plans_bad);
    fx_fini(&fx);
}

/* ---- damage ---- */

#define DAY_FILE "t-anonymous/day-20231114.db"

static struct db *open_day(struct fx *fx)
{
    struct fk_diag diag = {""};
    struct db *db;
    if (db_open(fx_path(fx, DAY_FILE), &journal_schema, DB_WRITE, &db, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    return db;
}

static void run_sql(struct fx *fx, const char *sql)
{
    struct db *db = open_day(fx);
    struct db_stmt *s;
    CHECK_INT(db_prepare(db, sql, &s), 0);
    CHECK_INT(db_run(s), 0);
    db_close(db);
}

/* 13: a damaged sum is put away, named, counted, and made anew from what it
 * was the sum of; where that is gone, the rest is still served. */
TEST_TIMED(damaged_sums_are_set_aside_and_made_anew, 120)
{
    struct fx fx;
    open_sealing(&fx, DAY0);
    for (int i = 0; i < 180; i++)
        CHECK_INT(fx_put(&fx,
                      i % 2 ? APP_A
                            : "service_name=a,pod=2,"
                              "__profile_type__=cpu",
                      DAY0 + i * MIN_MS / 2, "a 1\nb 2"),
            0);
    settle(&fx, DAY0 + 3 * FX_DAY_MS);
    fx_close(&fx);
    /* All hours and days and ten minutes: whatever is above a minute. */
    run_sql(&fx, "UPDATE level SET data = zeroblob(length(data)) "
                 "WHERE key >= 1 << 58 AND key < 4 << 58");
    fx_open(&fx);
    for (int pass = 0; pass < 40; pass++) {
        fx_merge(&fx, ALL, DAY0, DAY0 + FX_DAY_MS);
        settle(&fx, clock_ms + 100000);
        fx_merge(&fx, ALL, DAY0, DAY0 + 2 * HOUR_MS);
        settle(&fx, clock_ms + 100000);
    }
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + FX_DAY_MS), "a 180\nb 360");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 120\nb 240");
    CHECK(fx_stats(&fx).set_aside > 0);
    CHECK_INT(fx.ops->health(fx.store, NULL), FK_OK);
    fx_close(&fx);
    run_sql(&fx, "UPDATE level SET data = x'00' WHERE key < 1 << 58");
    fx_open(&fx);
    CHECK(strstr(fx_merge(&fx, ALL, DAY0 + MIN_MS, DAY0 + 2 * MIN_MS),
        "error: corrupt"));
    settle(&fx, clock_ms + 100000);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + MIN_MS, DAY0 + 2 * MIN_MS), "");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 120\nb 240");
    fx_fini(&fx);
}

TEST_TIMED(a_damaged_profile_is_left_out_of_the_sums, 120)
{
    struct fx fx;
    open_sealing(&fx, DAY0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * 1000, "a 1"), 0);
    fx_close(&fx);
    run_sql(&fx, "UPDATE journal SET data = x'0102' "
                 "WHERE key = (SELECT min(key) FROM journal)");
    fx_open(&fx);
    settle(&fx, DAY0 + FX_DAY_MS * 2);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 9");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + 1500), "a 1");
    CHECK_INT(fx_stats(&fx).set_aside, 1);
    fx_fini(&fx);
}

/* ---- older files ---- */

TEST_TIMED(a_file_of_the_first_format_is_brought_up, 120)
{
    struct fx fx;
    open_sealing(&fx, DAY0);
    for (int i = 0; i < 200; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * 10000, "a 1"), 0);
    fx_close(&fx);
    static const char *const back[] = {"DROP TABLE level", "DROP TABLE late",
        "DROP TABLE grouped", "DROP TABLE bad", "DROP TABLE state",
        "DROP TABLE spans", "PRAGMA user_version=1"};
    struct db *db = open_day(&fx);
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        struct db_stmt *s;
        CHECK_INT(db_prepare(db, back[i], &s), 0);
        CHECK_INT(db_run(s), 0);
    }
    db_close(db);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 200");
    settle(&fx, DAY0 + FX_DAY_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 200");
    CHECK_INT(fx_stats(&fx).sealed, 200);
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
    open_sealing(&fx, DAY0);
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
    clock_ms = DAY0 + 20 * MIN_MS;
    for (int i = 0; i < COMMITS; i++) {
        int64_t began = fk_mono_ns();
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + 15 * MIN_MS + i, "a 1"), 0);
        took[i] = (fk_mono_ns() - began) / FK_NS_PER_MS;
    }
    int slow = 0;
    for (int i = 0; i < COMMITS; i++)
        slow += took[i] > 400; /* 200 on a quiet machine */
    CHECK(slow <= 1);
    settle(&fx, clock_ms);
    CHECK(fx_stats(&fx).seal_rounds > rounds);
    CHECK_STR(fx_merge(&fx, "{service_name=\"a\",pod!=\"\"}", DAY0,
                  DAY0 + 10 * MIN_MS),
        "a;b 6000\nc 12000");
    fx_fini(&fx);
}

TAP_MAIN
