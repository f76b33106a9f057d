/* 11: what is in use is averaged over time, not added up. */
#include "common/clock.h"
#include "server/query_gauge.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

#include <stdio.h>

#define HEAP   "memory:inuse_space:bytes:space:bytes"
#define CPU    "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define MIN_MS 60000ll

static void put(struct fx *fx, const char *type, const char *who, int64_t at,
    const char *folded)
{
    char labels[160];
    snprintf(labels, sizeof labels, "service_name=%s,__profile_type__=%s", who,
        type);
    CHECK_INT(fx_put(fx, labels, T0 + at, folded), 0);
}

static void check(struct fx *fx, const char *type, const char *selector,
    int64_t from, int64_t until, const char *want)
{
    struct query q = {.store = fx->store, .tenant = fx->tenant};
    struct query_select s;
    struct fk_arena arena;
    struct tree t;
    struct fk_buf out;
    fk_arena_init(&arena, 1 << 20);
    CHECK_INT(query_select_parse(
                  &s, fk_slice_of(type), fk_slice_of(selector), &arena, NULL),
        0);
    s.t0 = T0 + from;
    s.t1 = T0 + until;
    CHECK_INT(tree_init(&t), 0);
    CHECK_INT(query_tree(&q, &s, TREE_LEFT, &t, NULL), 0);
    CHECK_INT(tree_finish(&t), 0);
    fk_buf_init(&out, 1 << 16);
    folded_write(&t, TREE_LEFT, &out);
    CHECK_STR(out.len ? out.ptr : "", want);
    fk_buf_fini(&out);
    tree_fini(&t);
    fk_arena_fini(&arena);
}

EVERY_STORE(an_hour_of_heap_is_its_mean)
{
    for (int i = 0; i < 60; i++) {
        put(fx, HEAP, "a,pod=1", i * MIN_MS, i % 2 ? "x 100" : "x 200\ny 60");
        put(fx, CPU, "a,pod=1", i * MIN_MS, "x 1");
    }
    check(fx, HEAP, "{}", 0, 60 * MIN_MS, "x 150\ny 30\n");
    check(fx, HEAP, "{}", 0, 1, "x 200\ny 60\n");
    check(fx, HEAP, "{}", 0, 3 * MIN_MS, "x 167\ny 40\n");
    check(fx, CPU, "{}", 0, 60 * MIN_MS, "x 60\n");
}

/* Two instances use what both use; one that lived for half of the time
 * counts half. Another service has its own rhythm. */
EVERY_STORE(instances_are_added_and_services_kept_apart)
{
    for (int i = 0; i < 60; i++) {
        put(fx, HEAP, "a,pod=1", i * MIN_MS, "x 100");
        put(fx, HEAP, "a,pod=2", i * MIN_MS + 500, "x 50");
        if (i >= 30)
            put(fx, HEAP, "a,pod=3", i * MIN_MS + 900, "x 10");
        if (i % 6 == 0)
            put(fx, HEAP, "b,pod=1", i * MIN_MS, "z 7");
    }
    check(fx, HEAP, "{service_name=\"a\"}", 0, 60 * MIN_MS, "x 155\n");
    check(fx, HEAP, "{pod=~\"[13]\"}", 0, 60 * MIN_MS, "x 105\nz 7\n");
    check(fx, HEAP, "{}", 0, 60 * MIN_MS, "x 155\nz 7\n");
}

/* With a month an app's stacks begin anew; its mean goes on. */
EVERY_STORE(a_mean_goes_on_over_the_end_of_a_month)
{
    const int64_t december = 1701388800000ll - T0;
    for (int i = -30; i < 30; i++)
        put(fx, HEAP, "a,pod=1", december + i * MIN_MS, "x 100");
    check(fx, HEAP, "{}", december - 30 * MIN_MS, december + 30 * MIN_MS,
        "x 100\n");
    check(fx, HEAP, "{}", december, december + 30 * MIN_MS, "x 100\n");
}

TEST(only_levels_are_gauges)
{
    static const struct {
        const char *type;
        bool gauge;
    } rows[] = {
        {HEAP, true},
        {"memory:inuse_objects:count:space:bytes", true},
        {"goroutines:goroutine:count:goroutine:count", true},
        {"memory:alloc_space:bytes:space:bytes", false},
        {CPU, false},
        {"mutex:contentions:count:contentions:count", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile_type type;
        CHECK_INT(
            profile_type_parse(fk_slice_of(rows[i].type), &type, NULL), 0);
        CHECK_INT(query_gauge_is(&type), rows[i].gauge);
    }
}

TAP_MAIN
