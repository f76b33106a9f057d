/* Old days keep what the series of a group have in common: what all of a
 * service is asked for stays as it was, the rest is said to be missing. */
#include "common/rng.h"
#include "server/levels.h"
#include "server/query.h"
#include "server/timeseries.h"
#include "tests/store_clock.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_FILE      "t-anonymous/day-20231114.db"
#define NEXT_DAY_FILE "t-anonymous/day-20231115.db"
#define CPU           "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define HEAP          "memory:inuse_space:bytes:space:bytes"
#define PARTIAL       "error: partial"
#define KEEP_MS       (2 * FX_DAY_MS) /* series */
#define OLD_MS        (5 * FX_DAY_MS) /* from the day's start: series are gone */

static void open_forgetting(struct fx *fx)
{
    fx_init_clock(fx, DAY0);
    fx->options.keep_days = 0;
    fx->options.commit_delay_ns = 0;
    fx->options.keep = (struct store_keep){.journal_ms = 2 * HOUR_MS,
        .minutes_ms = FX_DAY_MS,
        .tens_ms = FX_DAY_MS,
        .series_ms = KEEP_MS};
    fx_open(fx);
}

static void put(struct fx *fx, const char *service, int pod, const char *type,
    int64_t at, const char *folded)
{
    char labels[160];
    snprintf(labels, sizeof labels,
        "service_name=%s,pod=%d,__profile_type__=%s", service, pod, type);
    CHECK_INT(fx_put(fx, labels, at, folded), 0);
}

/* A day of two pods of a, with three types of profile, and of b alone. */
static void put_day(struct fx *fx)
{
    for (int i = 0; i < 48; i++) {
        int64_t at = DAY0 + i * HOUR_MS / 2 + 5 * MIN_MS;
        char folded[64];
        snprintf(folded, sizeof folded, "main;f%d 1\nmain;g 2", i % 3);
        put(fx, "a", 0, CPU, at, folded);
        put(fx, "a", 1, CPU, at + 1000, "main;g 4");
        put(fx, "a", 1, CPU, at + 2000, "main;g 4");
        put(fx, "a", 0, HEAP, at, "heap 100");
        put(fx, "a", 1, HEAP, at, "heap 50");
        put(fx, "b", 0, CPU, at, "main;b 1");
    }
}

static int64_t level_rows(const struct fx *fx, const char *ids)
{
    char sql[128];
    snprintf(sql, sizeof sql,
        "SELECT count(*) FROM level WHERE (key >> 32 & 33554431) %s", ids);
    return fx_sql_int(fx, DAY_FILE, sql);
}

/* ---- the store ---- */

static const char *of_day(struct fx *fx, const char *selector)
{
    return fx_merge(fx, selector, DAY0, DAY0 + FX_DAY_MS);
}

static void check_old(struct fx *fx, const char *all_cpu)
{
    CHECK_STR(of_day(fx, "{__profile_type__=\"" CPU "\"}"), all_cpu);
    CHECK_STR(of_day(fx, "{service_name=\"a\",__profile_type__=\"" HEAP "\"}"),
        "heap 7200");
    /* One that is all of its service is known as before; any other is not. */
    CHECK_STR(of_day(fx, "{service_name=\"b\"}"), "main;b 48");
    CHECK_STR(of_day(fx, "{service_name=\"a\",pod=\"1\"}"), PARTIAL);
    CHECK_STR(of_day(fx, "{pod=\"0\"}"), "main;b 48\n" PARTIAL);
    CHECK_STR(
        fx_timeline(fx, "{service_name=\"a\",__profile_type__=\"" CPU "\"}",
            DAY0, DAY0 + HOUR_MS),
        "1699920000000=11 1699921800000=11");
    CHECK_STR(fx_timeline(fx, "{service_name=\"b\"}", DAY0, DAY0 + HOUR_MS),
        "1699920300000=1 1699922100000=1");
    CHECK_STR(fx_timeline(fx, "{pod=\"1\"}", DAY0, DAY0 + HOUR_MS), PARTIAL);
    CHECK_STR(fx_series(fx, "{pod=\"1\",__profile_type__=\"" CPU "\"}", DAY0,
                  DAY0 + HOUR_MS),
        "{__profile_type__=\"" CPU "\", pod=\"1\", service_name=\"a\"} "
        "1699920301000-1700004902000");
}

TEST_TIMED(what_is_old_is_known_by_group, 120)
{
    struct fx fx;
    open_forgetting(&fx);
    put_day(&fx);
    fx_settle(&fx, DAY0 + FX_DAY_MS + 3 * HOUR_MS);
    char *all = strdup(of_day(&fx, "{__profile_type__=\"" CPU "\"}"));
    CHECK_STR(
        of_day(
            &fx, "{service_name=\"a\",pod=\"1\",__profile_type__=\"" CPU "\"}"),
        "main;g 384");
    fx_settle(&fx, DAY0 + OLD_MS);
    check_old(&fx, all);
    fx_close(&fx);
    /* Two series of a's two groups are gone, those that name them too. */
    CHECK_INT(level_rows(&fx, "IN (0, 1, 2, 3)"), 0);
    CHECK(level_rows(&fx, "= 4") > 0);
    CHECK(level_rows(&fx, "> 16777215") > 0);
    fx_open(&fx);
    check_old(&fx, all);
    free(all);
    /* Of an hour or less, it counts as being where the hour begins. */
    CHECK_STR(
        fx_merge(&fx, "{service_name=\"a\",__profile_type__=\"" HEAP "\"}",
            DAY0 + HOUR_MS, DAY0 + 2 * HOUR_MS),
        "heap 300");
    fx_fini(&fx);
}

TEST_TIMED(what_comes_for_an_old_day_is_added_to_its_groups, 120)
{
    struct fx fx;
    const char *cpu = "{service_name=\"a\",__profile_type__=\"" CPU "\"}";
    open_forgetting(&fx);
    put_day(&fx);
    fx_settle(&fx, DAY0 + OLD_MS);
    CHECK(!strstr(of_day(&fx, cpu), "late"));
    for (int pass = 0; pass < 2; pass++) {
        put(&fx, "a", 1, CPU, DAY0 + 7 * MIN_MS + pass, "late 1000");
        put(&fx, "a", 7, CPU, DAY0 + 8 * MIN_MS + pass, "late 1000");
        CHECK(strstr(of_day(&fx, cpu), pass ? "late 4000" : "late 2000"));
        fx_settle(&fx, DAY0 + OLD_MS + (pass + 1) * 3 * HOUR_MS);
        CHECK(strstr(of_day(&fx, cpu), pass ? "late 4000" : "late 2000"));
    }
    CHECK_STR(
        fx_timeline(&fx, cpu, DAY0, DAY0 + 10 * MIN_MS), "1699920000000=4011");
    CHECK_STR(of_day(&fx, "{pod=\"7\"}"), PARTIAL);
    fx_close(&fx);
    CHECK_INT(level_rows(&fx, "IN (0, 1, 2, 3, 5)"), 0);
    CHECK_INT(fx_sql_int(&fx, DAY_FILE, "SELECT count(*) FROM late"), 0);
    fx_fini(&fx);
}

static int64_t file_bytes(const struct fx *fx)
{
    struct stat st;
    CHECK_INT(stat(fx_path(fx, DAY_FILE), &st), 0);
    return st.st_size;
}

static void add_pod(struct fx_batch *b, int pod, int hour, int stacks)
{
    char labels[64], folded[4096];
    size_t n = 0;
    snprintf(labels, sizeof labels, "service_name=a,pod=%d", pod);
    for (int i = 0; i < stacks; i++)
        n += (size_t)snprintf(folded + n, sizeof folded - n, "%smain;f%d %d",
            i ? "\n" : "", i, i * 7919 % (pod + hour + 9) + 1);
    fx_batch_add(b, labels, DAY0 + hour * HOUR_MS, folded);
}

/* Many series of the same program: what they have in common is little. */
TEST_TIMED(the_file_becomes_smaller, 240)
{
    enum { PODS = 160, HOURS = 8, STACKS = 60, AT_ONCE = 16 };
    struct fx fx;
    open_forgetting(&fx);
    fx_close(&fx);
    fx.options.keep.series_ms = 0;
    fx_open(&fx);
    for (int i = 0; i < HOURS * PODS; i += AT_ONCE) {
        struct fx_batch b;
        fx_batch_init(&b);
        for (int k = i; k < i + AT_ONCE; k++)
            add_pod(&b, k % PODS, k / PODS, STACKS);
        CHECK_INT(fx_append(&fx, &b), 0);
        fx_batch_fini(&b);
    }
    fx_settle(&fx, DAY0 + OLD_MS);
    char *all = strdup(of_day(&fx, ALL));
    fx_close(&fx);
    int64_t before = file_bytes(&fx);
    fx.options.keep.series_ms = KEEP_MS;
    fx_open(&fx);
    fx_settle(&fx, DAY0 + OLD_MS);
    CHECK_STR(of_day(&fx, ALL), all);
    free(all);
    fx_close(&fx);
    int64_t after = file_bytes(&fx);
    tap_diag("%lld bytes, then %lld", (long long)before, (long long)after);
    CHECK(after < before / 4);
    fx_fini(&fx);
}

/* ---- against the oracle ---- */

static void put_random(struct fx *oracle, struct fx *fx, uint64_t x, int64_t at)
{
    char labels[64], folded[96];
    snprintf(labels, sizeof labels, "service_name=app%d,pod=%d", (int)(x % 3),
        (int)(x / 3 % 4));
    snprintf(folded, sizeof folded, "main;f%d;g%d %d\nmain;f%d 6",
        (int)(x / 15 % 20), (int)(x / 300 % 9), (int)(x / 2700 % 50) + 1,
        (int)(x / 15 % 20));
    CHECK_INT(fx_put(oracle, labels, at, folded), 0);
    CHECK_INT(fx_put(fx, labels, at, folded), 0);
}

static enum fk_err add_total(void *arg, const struct store_point *p)
{
    *(int64_t *)arg += p->total;
    return FK_OK;
}

static int64_t total(struct fx *fx, const char *text, int64_t t0, int64_t t1)
{
    struct fk_arena arena;
    struct selector s;
    int64_t sum = 0;
    fk_arena_init(&arena, 1 << 16);
    CHECK_INT(selector_parse(fk_slice_of(text), &arena, &s, NULL), 0);
    CHECK_INT(
        fx->ops->timeline(fx->tenant, &s, t0, t1, NULL, add_total, &sum, NULL),
        0);
    fk_arena_fini(&arena);
    return sum;
}

/* Whole hours, so that it does not matter where in its hour something is
 * said to be. Whoever asks for all of a service has the oracle's answer on
 * any day; others have it, or are told, and never anything else. */
static void compare(
    struct fx *oracle, struct fx *fx, uint64_t seed, int64_t until)
{
    static const char *const selectors[] = {"{}", "{service_name=\"app1\"}",
        "{service_name!=\"app0\"}", "{pod=~\"[13]\"}",
        "{service_name=\"app2\",pod=\"0\"}"};
    uint64_t hours = (uint64_t)((until - DAY0) / HOUR_MS) + 1;
    uint64_t which = fk_rng_at(seed, 1) % 5;
    const char *s = selectors[which];
    int64_t a = DAY0 + (int64_t)(fk_rng_at(seed, 2) % hours) * HOUR_MS;
    int64_t b = DAY0 + (int64_t)(fk_rng_at(seed, 3) % hours) * HOUR_MS;
    const char *want = fx_merge(oracle, s, a, b), *got = fx_merge(fx, s, a, b);
    tap_diag("%s %lld %lld", s, (long long)a, (long long)b);
    if (which < 3 || !strstr(got, PARTIAL)) {
        CHECK_STR(got, want);
        CHECK_INT(total(fx, s, a, b), total(oracle, s, a, b));
    } else {
        CHECK(a < until - KEEP_MS);
    }
}

TEST_TIMED(random_ranges_equal_the_oracle_while_series_are_forgotten, 240)
{
    enum { PROFILES = 500 };
    struct fx oracle, fx;
    int64_t now = DAY0;
    fx_init(&oracle, &store_memory_ops);
    fx_open(&oracle);
    open_forgetting(&fx);
    for (uint64_t i = 0; i < PROFILES; i++) {
        uint64_t x = fk_rng_at(41, i);
        int64_t at = now - (int64_t)(x >> 40) % 20000;
        now += 26 * MIN_MS;
        if (i % 9 == 0 && now - DAY0 > HOUR_MS) /* late, by days even */
            at = DAY0 + (int64_t)(fk_rng_at(42, i) % (uint64_t)(now - DAY0));
        put_random(&oracle, &fx, x, at > DAY0 ? at : DAY0);
        fx_clock_ms = now;
        if (i % 5 == 0)
            compare(&oracle, &fx, 1000 + i, now);
        if (i % 170 == 169) {
            fx_close(&fx);
            fx_open(&fx);
        }
    }
    fx_settle(&fx, now);
    for (uint64_t i = 0; i < 150; i++)
        compare(&oracle, &fx, 9000 + i, now);
    CHECK_INT(fx_stats(&fx).corrupt, 0);
    fx_close(&fx);
    /* Groups are those that were some by the end of the first day. */
    CHECK_INT(fx_sql_int(&fx, NEXT_DAY_FILE,
                  "SELECT count(*) FROM level WHERE (key >> 56 & 1) = 0"),
        0);
    CHECK_INT(
        fx_sql_int(&fx, NEXT_DAY_FILE, "SELECT value FROM state WHERE id = 6"),
        GROUPS_ALONE);
    fx_fini(&fx);
    fx_fini(&oracle);
}

/* ---- queries ---- */

struct asking {
    struct query query;
    struct query_select select;
    struct fk_arena arena;
    enum fk_err incomplete;
};

static void ask(struct asking *a, struct fx *fx, const char *type)
{
    *a = (struct asking){.query.store = fx->store,
        .query.tenant = fx->tenant,
        .query.incomplete = &a->incomplete};
    fk_arena_init(&a->arena, 1 << 20);
    CHECK_INT(query_select_parse(&a->select, fk_slice_of(type), FK_SLICE("{}"),
                  &a->arena, NULL),
        0);
    a->select.t0 = DAY0;
    a->select.t1 = DAY0 + FX_DAY_MS;
}

/* "LABELS=TOTAL/PROFILES ..." of the whole day, by the value of a label. */
static void check_totals(struct fx *fx, const char *label, uint32_t groups,
    int64_t total_of_all, int64_t profiles, enum fk_err incomplete)
{
    struct asking a;
    struct timeseries ts;
    const struct fk_slice by[] = {fk_slice_of(label)};
    const struct timeseries_ask of = {.start_ms = DAY0 + FX_DAY_MS - 1,
        .end_ms = DAY0 + FX_DAY_MS - 1,
        .step_ms = FX_DAY_MS,
        .group_by = by,
        .num_group_by = *label ? 1 : 0};
    int64_t sum = 0, count = 0;
    ask(&a, fx, CPU);
    CHECK_INT(timeseries_init(&ts, &a.query, &a.select, &of, NULL), 0);
    for (uint32_t i = 0; i < ts.count; i++) {
        sum += ts.cell[i].total;
        count += ts.cell[i].profiles;
    }
    CHECK_INT(ts.num_groups, groups);
    CHECK_INT(sum, total_of_all);
    CHECK_INT(count, profiles);
    CHECK_INT(a.incomplete, incomplete);
    timeseries_fini(&ts);
    fk_arena_fini(&a.arena);
}

static void check_heap(struct fx *fx)
{
    struct asking a;
    struct tree t;
    struct fk_buf out;
    ask(&a, fx, HEAP);
    CHECK_INT(tree_init(&t), 0);
    CHECK_INT(query_tree(&a.query, &a.select, TREE_LEFT, &t, NULL), 0);
    CHECK_INT(tree_finish(&t), 0);
    fk_buf_init(&out, 1 << 16);
    folded_write(&t, TREE_LEFT, &out);
    CHECK_STR(out.ptr, "heap 150\n");
    CHECK_INT(a.incomplete, FK_OK);
    fk_buf_fini(&out);
    tree_fini(&t);
    fk_arena_fini(&a.arena);
}

/* In two buckets: of a's stacks main;g, and never twice. */
static void check_call_site(struct fx *fx)
{
    static const struct fk_slice site[] = {{"main", 4}, {"g", 1}};
    struct asking a;
    struct timeseries ts;
    const struct timeseries_ask of = {.start_ms = DAY0 + FX_DAY_MS / 2 - 1,
        .end_ms = DAY0 + FX_DAY_MS - 1,
        .step_ms = FX_DAY_MS / 2};
    ask(&a, fx, CPU);
    a.select.call_site = site;
    a.select.call_site_depth = 2;
    CHECK_INT(timeseries_init(&ts, &a.query, &a.select, &of, NULL), 0);
    CHECK_INT(ts.count, 2);
    for (uint32_t i = 0; i < ts.count; i++)
        CHECK_INT(ts.cell[i].total, 24 * (2 + 8));
    timeseries_fini(&ts);
    fk_arena_fini(&a.arena);
}

/* 48 * (3 + 8) of a and 48 of b; the averages of what is a level stay. */
TEST_TIMED(totals_by_service_stay_and_those_by_pod_say_so, 120)
{
    struct fx fx;
    open_forgetting(&fx);
    put_day(&fx);
    for (int pass = 0; pass < 2; pass++) {
        bool old = pass == 1;
        fx_settle(&fx, DAY0 + (old ? OLD_MS : FX_DAY_MS));
        check_totals(&fx, "", 1, 576, 4 * 48, FK_OK);
        check_totals(&fx, "service_name", 2, 576, 4 * 48, FK_OK);
        if (old) /* only b's is known */
            check_totals(&fx, "pod", 1, 48, 48, FK_ERR_PARTIAL);
        else
            check_totals(&fx, "pod", 2, 576, 4 * 48, FK_OK);
        check_heap(&fx);
        check_call_site(&fx);
    }
    fx_fini(&fx);
}

TAP_MAIN
