/* Sums in their files: how exactly what is old is known, how they are read,
 * what happens to damaged ones and to files of older formats. */
#include "server/db.h"
#include "tests/store_clock.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

/* ---- forgetting by level ---- */

static const char *at_minutes(int from, int until, struct fx *fx)
{
    return fx_merge(fx, ALL, DAY0 + from * MIN_MS, DAY0 + until * MIN_MS);
}

TEST_TIMED(what_is_old_is_known_less_exactly, 120)
{
    struct fx fx;
    fx_open_sealing(&fx, DAY0);
    fx.options.keep = (struct store_keep){
        2 * HOUR_MS, 2 * FX_DAY_MS, 14 * FX_DAY_MS, 90 * FX_DAY_MS, 0};
    fx_close(&fx);
    fx_open(&fx);
    for (int i = 0; i < 60; i++) /* in the middle of each minute */
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * MIN_MS + 30000, "a 1"), 0);
    char *timeline =
        strdup(fx_timeline(&fx, ALL, DAY0 + MIN_MS + 1, DAY0 + 20 * MIN_MS));
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30000, DAY0 + 90000), "a 1");
    fx_settle(&fx, DAY0 + 2 * HOUR_MS + 50 * MIN_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30000, DAY0 + 90000), "a 1");
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30001, DAY0 + 90000), "");
    /* The hour's journal is gone: a profile is where its minute begins. */
    fx_settle(&fx, DAY0 + 3 * HOUR_MS + MIN_MS);
    fx_settle(&fx, DAY0 + 5 * HOUR_MS + 2 * MIN_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 30001, DAY0 + 60001), "a 1");
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 1, DAY0 + 60000), "");
    CHECK_STR(at_minutes(3, 17, &fx), "a 14");
    CHECK_STR(at_minutes(0, 60, &fx), "a 60");
    /* One that comes now is added to what is kept. */
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 5 * MIN_MS, "a 100"), 0);
    CHECK_STR(at_minutes(3, 17, &fx), "a 114");
    fx_settle(&fx, DAY0 + 5 * HOUR_MS + 3 * MIN_MS);
    CHECK_STR(at_minutes(3, 17, &fx), "a 114");
    CHECK_STR(at_minutes(5, 6, &fx), "a 101");
    fx_settle(&fx, DAY0 + 4 * FX_DAY_MS);
    CHECK_STR(at_minutes(3, 17, &fx), "a 10");
    CHECK_STR(at_minutes(0, 10, &fx), "a 110");
    CHECK_STR(at_minutes(0, 60, &fx), "a 160");
    fx_settle(&fx, DAY0 + 20 * FX_DAY_MS);
    CHECK_STR(at_minutes(0, 1, &fx), "a 160");
    CHECK_STR(at_minutes(10, 60, &fx), "");
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 5 * HOUR_MS, "a 1000"), 0);
    fx_settle(&fx, DAY0 + 21 * FX_DAY_MS);
    CHECK_STR(at_minutes(300, 301, &fx), "a 1000");
    fx_settle(&fx, DAY0 + 95 * FX_DAY_MS);
    CHECK_STR(at_minutes(0, 1, &fx), "a 1160");
    CHECK_STR(at_minutes(300, 301, &fx), "");
    CHECK_INT(fx_put(&fx, APP_A, DAY0 + 7 * HOUR_MS, "a 10000"), 0);
    fx_settle(&fx, DAY0 + 96 * FX_DAY_MS);
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
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 100; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * MIN_MS, "a 1"), 0);
    fx_settle(&fx, DAY0 + FX_DAY_MS);
    db_watch_plans(check_plan);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + 1, DAY0 + 90 * MIN_MS + 7), "a 90");
    CHECK(*fx_timeline(&fx, ALL, DAY0, DAY0 + HOUR_MS));
    db_watch_plans(NULL);
    CHECK(!plans_bad);
    fx_fini(&fx);
}

/* ---- damage ---- */

#define DAY_FILE "t-anonymous/day-20231114.db"

/* 13: a damaged sum is put away, named, counted, and made anew from what it
 * was the sum of; where that is gone, the rest is still served. */
TEST_TIMED(damaged_sums_are_set_aside_and_made_anew, 120)
{
    struct fx fx;
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 180; i++)
        CHECK_INT(fx_put(&fx,
                      i % 2 ? APP_A
                            : "service_name=a,pod=2,"
                              "__profile_type__=cpu",
                      DAY0 + i * MIN_MS / 2, "a 1\nb 2"),
            0);
    fx_settle(&fx, DAY0 + 3 * FX_DAY_MS);
    fx_close(&fx);
    /* All hours and days and ten minutes: whatever is above a minute. */
    fx_sql(&fx, DAY_FILE,
        "UPDATE level SET data = zeroblob(length(data)) "
        "WHERE key >= 1 << 58 AND key < 4 << 58");
    fx_open(&fx);
    for (int pass = 0; pass < 40; pass++) {
        fx_merge(&fx, ALL, DAY0, DAY0 + FX_DAY_MS);
        fx_settle(&fx, fx_clock_ms + 100000);
        fx_merge(&fx, ALL, DAY0, DAY0 + 2 * HOUR_MS);
        fx_settle(&fx, fx_clock_ms + 100000);
    }
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + FX_DAY_MS), "a 180\nb 360");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 120\nb 240");
    CHECK(fx_stats(&fx).set_aside > 0);
    CHECK_INT(fx.ops->health(fx.store, NULL), FK_OK);
    fx_close(&fx);
    fx_sql(&fx, DAY_FILE, "UPDATE level SET data = x'00' WHERE key < 1 << 58");
    fx_open(&fx);
    CHECK(strstr(fx_merge(&fx, ALL, DAY0 + MIN_MS, DAY0 + 2 * MIN_MS),
        "error: corrupt"));
    fx_settle(&fx, fx_clock_ms + 100000);
    CHECK_STR(fx_merge(&fx, ALL, DAY0 + MIN_MS, DAY0 + 2 * MIN_MS), "");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 120\nb 240");
    fx_fini(&fx);
}

TEST_TIMED(a_damaged_profile_is_left_out_of_the_sums, 120)
{
    struct fx fx;
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * 1000, "a 1"), 0);
    fx_close(&fx);
    fx_sql(&fx, DAY_FILE,
        "UPDATE journal SET data = x'0102' "
        "WHERE key = (SELECT min(key) FROM journal)");
    fx_open(&fx);
    fx_settle(&fx, DAY0 + FX_DAY_MS * 2);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 9");
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + 1500), "a 1");
    CHECK_INT(fx_stats(&fx).set_aside, 1);
    fx_fini(&fx);
}

/* Its number is free again; those after it are not. */
TEST_TIMED(a_second_with_a_damaged_profile_takes_more, 120)
{
    struct fx fx;
    struct fx_batch b;
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i, "a 1"), 0);
    fx_close(&fx);
    fx_sql(&fx, DAY_FILE,
        "UPDATE journal SET data = x'0102' "
        "WHERE key = (SELECT min(key) FROM journal)");
    fx_open(&fx);
    fx_settle(&fx, DAY0 + HOUR_MS);
    CHECK_INT(fx_stats(&fx).set_aside, 1);
    fx_batch_init(&b);
    for (int i = 3; i < 5; i++)
        fx_batch_add(&b, APP_A, DAY0 + i, "a 1")->dedup = 5;
    for (int round = 0; round < 2; round++) {
        CHECK_INT(fx_append(&fx, &b), 0);
        CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + 1000), "a 4");
    }
    CHECK_INT(fx_stats(&fx).duplicates, 2);
    fx_batch_fini(&b);
    fx_fini(&fx);
}

/* ---- older files ---- */

TEST_TIMED(a_file_of_the_first_format_is_brought_up, 120)
{
    struct fx fx;
    fx_open_sealing(&fx, DAY0);
    for (int i = 0; i < 200; i++)
        CHECK_INT(fx_put(&fx, APP_A, DAY0 + i * 10000, "a 1"), 0);
    fx_close(&fx);
    static const char *const back[] = {"DROP TABLE level", "DROP TABLE late",
        "DROP TABLE grouped", "DROP TABLE bad", "DROP TABLE state",
        "DROP TABLE spans", "PRAGMA user_version=1"};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++)
        fx_sql(&fx, DAY_FILE, back[i]);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 200");
    fx_settle(&fx, DAY0 + FX_DAY_MS);
    CHECK_STR(fx_merge(&fx, ALL, DAY0, DAY0 + HOUR_MS), "a 200");
    CHECK_INT(fx_stats(&fx).sealed, 200);
    fx_fini(&fx);
}

TAP_MAIN
