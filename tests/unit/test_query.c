/* Queries over the store in memory: selection, call sites, buckets, pprof,
 * limits. */
#include "common/clock.h"
#include "common/pb.h"
#include "common/pprof.h"
#include "server/heatmap.h"
#include "server/query.h"
#include "server/query_labels.h"
#include "server/timeseries.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

#include <stdio.h>

#define TYPE "cpu:cpu:ns:cpu:ns"

static struct fx fx;
static struct fk_arena arena;
static struct query q;

static void setup(void)
{
    fx_init(&fx, &store_memory_ops);
    fx_open(&fx);
    fk_arena_init(&arena, 1 << 20);
    q = (struct query){.store = fx.store, .tenant = fx.tenant};
}

static void teardown(void)
{
    fk_arena_fini(&arena);
    fx_fini(&fx);
}

static void put(const char *app, int64_t time_ms, const char *stacks)
{
    char labels[128];
    snprintf(labels, sizeof labels,
        "service_name=%s,env=%c,__profile_type__=" TYPE, app, app[0]);
    CHECK(fx_put(&fx, labels, time_ms, stacks) == FK_OK);
}

static struct query_select select_of(
    const char *selector, int64_t t0, int64_t t1)
{
    struct query_select s;
    CHECK(query_select_parse(&s, FK_SLICE(TYPE), fk_slice_of(selector), &arena,
              NULL) == FK_OK);
    s.t0 = t0;
    s.t1 = t1;
    return s;
}

static void check_tree(const struct query_select *s, const char *want)
{
    struct tree t;
    struct fk_buf out;
    struct fk_diag diag = {""};
    CHECK(tree_init(&t) == FK_OK);
    if (query_tree(&q, s, TREE_LEFT, &t, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    CHECK(tree_finish(&t) == FK_OK);
    fk_buf_init(&out, 1 << 16);
    folded_write(&t, TREE_LEFT, &out);
    CHECK_STR(out.len ? out.ptr : "", want);
    fk_buf_fini(&out);
    tree_fini(&t);
}

TEST(query_merges_apps_and_times)
{
    setup();
    put("a", 1000, "main;x 1\nmain;y 2");
    put("a", 2000, "main;x 10");
    put("b", 1500, "main;y 100\nmain;z 200");
    struct query_select s = select_of("{}", 1000, 2001);
    check_tree(&s, "main;x 11\nmain;y 102\nmain;z 200\n");
    s = select_of("{}", 1000, 2000);
    check_tree(&s, "main;x 1\nmain;y 102\nmain;z 200\n");
    s = select_of("{service_name=\"b\"}", 0, 9999);
    check_tree(&s, "main;y 100\nmain;z 200\n");
    s = select_of("{service_name=\"c\"}", 0, 9999);
    check_tree(&s, "");
    teardown();
}

TEST(query_keeps_the_call_site)
{
    static const struct fk_slice site[] = {{"main", 4}, {"f", 1}};
    setup();
    put("a", 1000, "main 1\nmain;f 2\nmain;f;g 3\nmain;g 4\nf;main 5");
    put("b", 1000, "main;f;h 10");
    struct query_select s = select_of("{}", 0, 9999);
    s.call_site = site;
    s.call_site_depth = 2;
    check_tree(&s, "main;f 2\nmain;f;g 3\nmain;f;h 10\n");
    teardown();
}

static bool gone(void *arg)
{
    return *(bool *)arg;
}

TEST(query_obeys_its_budget)
{
    struct tree t;
    struct fk_diag diag = {""};
    bool cancelled = true;
    setup();
    put("a", 1000, "main 1");
    struct query_select s = select_of("{}", 0, 9999);
    CHECK(tree_init(&t) == FK_OK);
    q.budget.max_bytes = 1;
    CHECK(query_tree(&q, &s, TREE_LEFT, &t, &diag) == FK_ERR_LIMIT);
    CHECK(strstr(diag.text, "narrow"));
    q.budget = (struct store_budget){.deadline_mono_ns = 1};
    CHECK(query_tree(&q, &s, TREE_LEFT, &t, NULL) == FK_ERR_LIMIT);
    q.budget =
        (struct store_budget){.cancelled = gone, .cancelled_arg = &cancelled};
    CHECK(query_tree(&q, &s, TREE_LEFT, &t, NULL) == FK_ERR_CANCELLED);
    tree_fini(&t);
    teardown();
}

TEST(query_checks_ranges_and_nodes)
{
    int64_t a = 5, b = 4;
    CHECK(query_range_check(NULL, &a, &b, true, NULL) == FK_ERR_FORMAT);
    a = 0;
    CHECK(query_range_check(NULL, &a, &b, true, NULL) == FK_OK);
    CHECK(query_range_check(NULL, &a, &b, false, NULL) == FK_ERR_FORMAT);
    a = INT64_MIN;
    b = INT64_MAX;
    CHECK(query_range_check(NULL, &a, &b, false, NULL) == FK_OK);
    CHECK_INT(a, -QUERY_MAX_MS);
    CHECK_INT(b, QUERY_MAX_MS);
    CHECK(query_nodes_check(NULL, -1, NULL) == FK_ERR_FORMAT);
    CHECK(query_nodes_check(NULL, 0, NULL) == FK_OK);
    CHECK(query_nodes_check(NULL, QUERY_MAX_NODES, NULL) == FK_OK);
    CHECK(query_nodes_check(NULL, QUERY_MAX_NODES + 1, NULL) == FK_ERR_FORMAT);
}

TEST(query_refuses_an_empty_selector)
{
    struct query_select s;
    struct fk_diag diag = {""};
    fk_arena_init(&arena, 1 << 20);
    CHECK(query_select_parse(&s, FK_SLICE(TYPE), FK_SLICE(""), &arena, &diag) ==
          FK_ERR_FORMAT);
    CHECK(strstr(diag.text, "empty"));
    fk_arena_fini(&arena);
}

/* ---- pprof ------------------------------------------------------------- */

TEST(query_pprof_can_be_read_back)
{
    struct fk_buf out;
    struct fk_pprof p;
    setup();
    put("a", 1000, "main;x 1\nmain;y 2");
    put("b", 1000, "main;y 4");
    struct query_select s = select_of("{}", 500, 1500);
    fk_buf_init(&out, 1 << 20);
    CHECK(query_pprof(&q, &s, 0, &out, NULL) == FK_OK);
    CHECK(fk_pprof_read(fk_buf_slice(&out), NULL, &arena, &p, NULL) == FK_OK);
    CHECK_INT(p.num_samples, 3);
    CHECK_INT(p.time_ns, 1500 * FK_NS_PER_MS);
    CHECK_INT(p.duration_ns, 1000 * FK_NS_PER_MS);
    CHECK(fk_slice_eqz(p.types[0].unit, "ns"));
    CHECK(fk_slice_eqz(p.default_type, "cpu"));
    CHECK_INT(p.num_mappings, 1);
    int64_t total = 0;
    for (uint32_t i = 0; i < p.num_samples; i++)
        total += p.samples[i].values[0];
    CHECK_INT(total, 7);

    fk_buf_reset(&out);
    CHECK(query_pprof(&q, &s, 2, &out, NULL) == FK_OK);
    CHECK(fk_pprof_read(fk_buf_slice(&out), NULL, &arena, &p, NULL) == FK_OK);
    CHECK_INT(p.num_samples, 2); /* y, and x as other */
    fk_buf_fini(&out);
    teardown();
}

/* ---- totals over time -------------------------------------------------- */

static const struct fk_slice *site_of_series;
static uint32_t site_depth;

/* "env:time=value time=value|env:..." */
static const char *series_text(const struct timeseries_ask *ask)
{
    static char text[1000];
    struct timeseries ts;
    struct query_select s = select_of("{}", 0, 0);
    size_t n = 0;
    s.call_site = site_of_series;
    s.call_site_depth = site_depth;
    CHECK(timeseries_init(&ts, &q, &s, ask, NULL) == FK_OK);
    text[0] = '\0';
    for (uint32_t i = 0; i < ts.num_groups; i++) {
        const struct timeseries_group *g = &ts.group[i];
        struct fk_slice env = label_bytes_get(g->labels, FK_SLICE("env"));
        n += (size_t)snprintf(text + n, sizeof text - n,
            "%s%.*s:", i ? "|" : "", (int)env.len, env.ptr ? env.ptr : "");
        for (uint32_t k = g->first; k < g->first + g->count; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, " %lld=%g",
                (long long)timeseries_time(&ts, &ts.cell[k]),
                timeseries_value(&ts, &ts.cell[k]));
    }
    timeseries_fini(&ts);
    return text;
}

static const char *stacks_text(
    const struct timeseries_ask *ask, const struct fk_slice *site, uint32_t n)
{
    site_of_series = site;
    site_depth = n;
    const char *text = series_text(ask);
    site_depth = 0;
    return text;
}

/* Of a call site: only its stacks, in every bucket and group that has any
 * profile at all, and levels are added up as in any other timeline. */
TEST(timeseries_of_a_call_site)
{
    static const struct fk_slice site[] = {{"main", 4}, {"f", 1}};
    static const struct fk_slice by[] = {{"env", 3}};
    struct timeseries_ask ask = {
        .start_ms = 1000, .end_ms = 1030, .step_ms = 10};
    setup();
    put("a", 1000, "main 1\nmain;f 2\nmain;f;g 3\nmain;g 4\nf;main 5");
    put("a", 1001, "main;f;h 20");
    put("a", 1010, "main;f;h 30");
    put("b", 1010, "main;f 100\nmain 7");
    put("b", 1025, "main 50");
    CHECK_STR(stacks_text(&ask, site, 2), ": 1000=5 1010=150 1030=0");
    CHECK_STR(stacks_text(&ask, site, 1), ": 1000=10 1010=157 1030=50");
    ask.group_by = by;
    ask.num_group_by = 1;
    CHECK_STR(
        stacks_text(&ask, site, 2), "b: 1010=100 1030=0|a: 1000=5 1010=50");
    ask.average = true;
    CHECK_STR(
        stacks_text(&ask, site, 2), "b: 1010=100 1030=0|a: 1000=5 1010=25");
    static const struct fk_slice none[] = {{"nobody", 6}};
    CHECK_STR(stacks_text(&ask, none, 1), "a: 1000=0 1010=0|b: 1010=0 1030=0");
    teardown();
}

TEST(timeseries_buckets_reach_back_from_their_time)
{
    setup();
    /* Buckets of start 1000, step 100: (900, 1000], (1000, 1100], ... */
    put("a", 900, "m 1");
    put("a", 901, "m 2");
    put("a", 1000, "m 4");
    put("a", 1001, "m 8");
    put("a", 1100, "m 16");
    put("a", 1250, "m 32");
    put("a", 1300, "m 64");
    put("a", 1301, "m 128");
    struct timeseries_ask ask = {
        .start_ms = 1000, .end_ms = 1310, .step_ms = 100};
    CHECK_STR(series_text(&ask), ": 1000=6 1100=24 1300=96");
    /* The end is off the grid: the last bucket is the one before it. */
    ask.end_ms = 1299;
    CHECK_STR(series_text(&ask), ": 1000=6 1100=24");
    ask.end_ms = 1000;
    CHECK_STR(series_text(&ask), ": 1000=6");
    ask.step_ms = 1;
    CHECK_STR(series_text(&ask), ": 1000=4");
    ask.step_ms = QUERY_MAX_MS;
    CHECK_STR(series_text(&ask), ": 1000=7");
    teardown();
}

TEST(timeseries_groups_sorts_limits_and_averages)
{
    struct fk_slice env = FK_SLICE("env"), none = FK_SLICE("none");
    setup();
    put("a", 1000, "m 1");
    put("b", 1000, "m 5");
    put("b", 1000, "m 3");
    put("c", 1000, "m 1");
    struct timeseries_ask ask = {.start_ms = 1000,
        .end_ms = 2000,
        .step_ms = 500,
        .group_by = &env,
        .num_group_by = 1};
    CHECK_STR(series_text(&ask), "b: 1000=8|a: 1000=1|c: 1000=1");
    ask.average = true;
    CHECK_STR(series_text(&ask), "b: 1000=4|a: 1000=1|c: 1000=1");
    ask.limit = 2;
    CHECK_STR(series_text(&ask), "b: 1000=4|a: 1000=1");
    ask.group_by = &none;
    CHECK_STR(series_text(&ask), ": 1000=2.5");
    ask.end_ms = ask.start_ms = 5000;
    CHECK_STR(series_text(&ask), "");
    teardown();
}

/* ---- labels ------------------------------------------------------------ */

TEST(query_labels_lists_each_once)
{
    struct selector all;
    struct intern set;
    struct fk_slice env = FK_SLICE("env");
    setup();
    put("a1", 1000, "m 1");
    put("a2", 1000, "m 1");
    put("b", 9000, "m 1");
    selector_init(&all);
    struct query_labels what = {.selector = &all,
        .t0 = 0,
        .t1 = 2000,
        .name = env,
        .filter = {.names = &env, .count = 1}};
    intern_init(&set, 100, 1 << 16);
    CHECK(query_labels_values(&q, &what, &set) == FK_OK);
    CHECK_INT(set.count, 1);
    CHECK(fk_slice_eqz(set.text[0], "a"));
    intern_fini(&set);
    intern_init(&set, 100, 1 << 16);
    what.t1 = 99999;
    CHECK(query_labels_sets(&q, &what, &set) == FK_OK);
    CHECK_INT(set.count, 2);
    CHECK(fk_slice_eqz(label_bytes_get(set.text[0], env), "a"));
    intern_fini(&set);
    intern_init(&set, 100, 1 << 16);
    what.filter = (struct label_filter){NULL, 0, false};
    CHECK(query_labels_names(&q, &what, &set) == FK_OK);
    CHECK_INT(set.count, 3);
    intern_fini(&set);
    teardown();
}

TEST(label_bytes_order_by_text_not_by_length)
{
    static const char *const rows[] = {
        "a=1", "a=1,b=1", "a=2", "a=10x", "ab=0"};
    static const int order[5] = {0, 1, 3, 2, 4};
    struct fk_buf bytes[5];
    for (int i = 0; i < 5; i++) {
        struct fk_labels l = {.count = 0};
        struct fk_slice rest = fk_slice_of(rows[i]), pair, name;
        struct label_filter every = {.utf8 = true};
        while (rest.len && fk_slice_split(&rest, ',', &pair)) {
            fk_slice_split(&pair, '=', &name);
            CHECK(fk_labels_set(&l, name, pair) == FK_OK);
        }
        fk_buf_init(&bytes[i], 100);
        label_bytes_add(&bytes[i], &l, &every);
    }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++) {
            int got = label_bytes_cmp(
                fk_buf_slice(&bytes[order[i]]), fk_buf_slice(&bytes[order[k]]));
            CHECK_INT((got > 0) - (got < 0), (i > k) - (i < k));
        }
    for (int i = 0; i < 5; i++)
        fk_buf_fini(&bytes[i]);
}

/* ---- what is damaged, single profiles, several tenants ----------------- */

static const struct store_ops *whole_ops;

static enum fk_err merge_damaged(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_run_fn fn, void *arg,
    struct fk_diag *diag)
{
    enum fk_err err = whole_ops->merge(t, s, t0, t1, budget, fn, arg, diag);
    return err ? err : fk_diag_set(diag, FK_ERR_CORRUPT, "one is damaged");
}

TEST(what_is_good_is_answered_when_some_is_damaged)
{
    struct store_ops damaged;
    enum fk_err incomplete = FK_OK;
    setup();
    put("a", 1000, "main;x 1");
    struct query_select s = select_of("{}", 0, 9999);
    whole_ops = fx.store->ops;
    damaged = *whole_ops;
    damaged.merge = merge_damaged;
    fx.store->ops = &damaged;
    q.incomplete = &incomplete;
    check_tree(&s, "main;x 1\n");
    CHECK(incomplete);
    fx.store->ops = whole_ops;
    teardown();
}

TEST(single_profiles_by_id)
{
    setup();
    put("a", 1000, "main;x 1");
    put("a", 1001, "main;x 10");
    put("b", 1000, "main;x 100");
    struct query_select s = select_of("{}", 0, 9999);
    const struct timeseries_ask ask = {
        .start_ms = 1000, .end_ms = 1000, .step_ms = 10, .exemplars = true};
    struct timeseries ts;
    CHECK(timeseries_init(&ts, &q, &s, &ask, NULL) == FK_OK);
    CHECK_INT(ts.count, 1);
    CHECK_INT(ts.cell[0].top.value, 100);
    const struct exemplar top = ts.cell[0].top;
    timeseries_fini(&ts);
    const struct profile_id ids[] = {{top.series, top.time_ms}};
    s.ids = ids;
    s.num_ids = 1;
    s.by_id = true;
    check_tree(&s, "main;x 100\n");
    s.t0 = 1001; /* the range still holds */
    check_tree(&s, "");
    s.t0 = s.num_ids = 0; /* ids that are nobody's */
    check_tree(&s, "");
    teardown();
}

TEST(tenants_are_added_up)
{
    setup();
    struct store_tenant *first = fx.tenant, *more = fx_tenant(&fx, "b");
    put("a", 1000, "main;x 1\nmain;y 3");
    fx.tenant = more;
    put("c", 1000, "main;x 10\nmain;z 5");
    fx.tenant = first;
    struct query_select s = select_of("{}", 0, 9999);
    check_tree(&s, "main;x 1\nmain;y 3\n");
    q.more = &more;
    q.num_more = 1;
    check_tree(&s, "main;x 11\nmain;y 3\nmain;z 5\n");
    const struct fk_slice by[] = {FK_SLICE("service_name")};
    const struct timeseries_ask ask = {.start_ms = 1000,
        .end_ms = 1000,
        .step_ms = 10,
        .group_by = by,
        .num_group_by = 1};
    struct timeseries ts;
    CHECK(timeseries_init(&ts, &q, &s, &ask, NULL) == FK_OK);
    CHECK_INT(ts.num_groups, 2);
    CHECK_INT(ts.group[0].total, 15);
    CHECK_INT(ts.group[1].total, 4);
    timeseries_fini(&ts);
    teardown();
}

TEST(heatmap_counts_profiles_in_twenty_bands)
{
    setup();
    put("a", 1000, "main 100");
    put("a", 1001, "main 105");
    put("a", 1005, "main 200");
    put("b", 1010, "main 300");
    struct query_select s = select_of("{}", 0, 0);
    const struct timeseries_ask ask = {
        .start_ms = 1000, .end_ms = 1010, .step_ms = 10};
    struct heatmap h;
    struct heatmap_slot slot;
    CHECK(heatmap_init(&h, &q, &s, &ask, false, NULL) == FK_OK);
    CHECK_INT(h.count, 4);
    CHECK(heatmap_edge(&h, 0) == 100.0);
    CHECK(heatmap_edge(&h, 10) == 200.0);
    heatmap_slot(&h, 0, &slot);
    CHECK_INT(slot.count, 1);
    CHECK_INT(slot.counts[0], 1);
    heatmap_slot(&h, slot.count, &slot);
    CHECK_INT(slot.count, 3);
    CHECK_INT(slot.counts[0], 1);
    CHECK_INT(slot.counts[10], 1);
    CHECK_INT(slot.counts[HEATMAP_ROWS - 1], 1);
    heatmap_fini(&h);
    teardown();
}

TAP_MAIN
