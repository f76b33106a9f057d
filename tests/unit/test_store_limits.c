/* What store.h promises about limits, tenants, documents and budgets, asked
 * of every implementation. */
#include "common/clock.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- all or nothing ---- */

EVERY_STORE(a_batch_with_a_bad_index_changes_nothing)
{
    static const uint32_t bad_frames[] = {0, 99};
    for (int kind = 0; kind < 4; kind++) {
        struct fx_batch b;
        struct store_value *values;
        fx_batch_init(&b);
        fx_batch_add(&b, APP_A, T0, "a;b 1\nc 2");
        struct store_profile *p = fx_batch_add(&b, APP_B, T0, "d 3");
        values = (struct store_value *)(uintptr_t)p->values;
        if (kind == 0)
            values[0].stack = 3;
        else if (kind == 1)
            b.stacks[2] = (struct store_stack){bad_frames, 2};
        else if (kind == 2)
            p->time_ms = 0;
        else
            p->time_ms = INT64_MAX;
        CHECK_INT(fx_append(fx, &b), FK_ERR_ARG);
        fx_batch_fini(&b);
        CHECK_STR(fx_merge(fx, ALL, 0, T0 * 2), "");
        CHECK_STR(fx_series(fx, ALL, 0, 0), "");
    }
}

EVERY_STORE(a_batch_past_the_series_limit_changes_nothing)
{
    struct fx_batch b;
    char labels[64];
    fx_close(fx);
    fx->options.max_series = 5;
    fx_open(fx);
    CHECK_INT(fx_put(fx, "service_name=0", T0, "a 1"), 0);
    fx_batch_init(&b);
    for (int i = 0; i < 6; i++) {
        snprintf(labels, sizeof labels, "service_name=%d", i);
        fx_batch_add(&b, labels, T0, "a 1");
    }
    CHECK_INT(fx_append(fx, &b), FK_ERR_LIMIT);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 1");
    CHECK_INT(fx_stats(fx).series, 1);
    b.batch.num_profiles = 5;
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 6");
    CHECK_INT(fx_put(fx, "service_name=5", T0, "a 1"), FK_ERR_LIMIT);
    CHECK_INT(fx_put(fx, "service_name=4", T0, "a 1"), 0);
    CHECK_INT(fx_stats(fx).series, 5);
}

EVERY_STORE(the_series_limit_counts_equal_labels_once)
{
    struct fx_batch b;
    fx_close(fx);
    fx->options.max_series = 1;
    fx_open(fx);
    fx_batch_init(&b);
    for (int i = 0; i < 10; i++)
        fx_batch_add(&b, APP_A, T0 + i, "a 1");
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 20), "a 10");
}

EVERY_STORE(a_batch_larger_than_the_queue_is_refused)
{
    struct fx_batch b;
    fx_close(fx);
    fx->options.queue_max_profiles = 8;
    fx_open(fx);
    fx_batch_init(&b);
    for (int i = 0; i < 9; i++)
        fx_batch_add(&b, APP_A, T0 + i, "a 1");
    CHECK_INT(fx_append(fx, &b), FK_ERR_FULL);
    CHECK_INT(fx_stats(fx).rejected_full, 1);
    b.batch.num_profiles = 8;
    CHECK_INT(fx_append(fx, &b), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 100), "a 8");
    fx_close(fx);
    fx->options.queue_max_bytes = 100;
    fx_open(fx);
    CHECK_INT(fx_append(fx, &b), FK_ERR_FULL);
    fx_batch_fini(&b);
}

/* ---- tenants ---- */

EVERY_STORE(tenants_see_only_their_own)
{
    struct store_tenant *one = fx->tenant, *two = fx_tenant(fx, "two");
    CHECK(one != two);
    CHECK(fx_tenant(fx, "two") == two);
    CHECK_INT(fx_put(fx, APP_A, T0, "secret 1"), 0);
    CHECK_INT(fx_doc(fx, "n", T0, 0, "secret"), 0);
    fx->tenant = two;
    CHECK_STR(fx_merge(fx, ALL, 0, T0 * 2), "");
    CHECK_STR(fx_series(fx, ALL, 0, 0), "");
    CHECK_STR(fx_timeline(fx, ALL, 0, T0 * 2), "");
    CHECK_STR(fx_docs(fx, "note", 0, 0), "");
    CHECK_INT(fx_put(fx, APP_A, T0, "mine 2"), 0);
    CHECK_INT(fx->ops->doc_del(two, FK_SLICE("note"), FK_SLICE("n")),
        FK_ERR_NOT_FOUND);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "mine 2");
    fx->tenant = one;
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "secret 1");
    CHECK_STR(fx_docs(fx, "note", 0, 0), "n@1700000000000-0:secret");
}

static enum fk_err put_as(
    struct fx *fx, struct fk_slice name, const char *folded)
{
    struct fk_diag diag = {""};
    enum fk_err err = fx->ops->tenant(fx->store, name, &fx->tenant, &diag);
    CHECK(!err == !diag.text[0]);
    return err ? err : fx_put(fx, APP_A, T0, folded);
}

EVERY_STORE(any_name_is_a_tenant_of_its_own)
{
    static const struct fk_slice names[] = {
        {"../x", 4},
        {"..", 2},
        {".", 1},
        {"/", 1},
        {"a/b", 3},
        {"team", 4},
        {"Team", 4},
        {"TEAM", 4},
        {"te\0am", 5},
        {"te", 2},
        {"\0", 1},
        {"\0\0", 2},
        {"t-team", 6},
        {"é", 2},
        {"\xff", 1},
        {"a b", 3},
        {"con", 3},
        {"~root", 5},
    };
    char folded[32];
    size_t n = sizeof names / sizeof names[0];
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            snprintf(folded, sizeof folded, "f%zu 1", i);
            CHECK_INT(put_as(fx, names[i], folded), 0);
        }
        for (size_t i = 0; i < n; i++) {
            snprintf(folded, sizeof folded, "f%zu %d", i, pass + 1);
            CHECK_INT(
                fx->ops->tenant(fx->store, names[i], &fx->tenant, NULL), 0);
            CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), folded);
        }
    }
}

EVERY_STORE(a_tenant_is_there_once_it_was_asked_for)
{
    const struct fk_slice name = FK_SLICE("Late/..");
    CHECK(!fx->ops->has_tenant(fx->store, name));
    CHECK(!fx->ops->has_tenant(fx->store, name));
    CHECK_INT(put_as(fx, name, "a 1"), 0);
    CHECK(fx->ops->has_tenant(fx->store, name));
    CHECK(!fx->ops->has_tenant(fx->store, FK_SLICE("late/..")));
}

EVERY_STORE(names_of_tenants_are_limited)
{
    char name[300];
    memset(name, 'A', sizeof name);
    CHECK_INT(put_as(fx, (struct fk_slice){name, 300}, "a 1"), FK_ERR_LIMIT);
    CHECK_INT(put_as(fx, (struct fk_slice){name, 151}, "a 1"), FK_ERR_LIMIT);
    CHECK_INT(put_as(fx, (struct fk_slice){"", 0}, "a 1"), FK_ERR_ARG);
    CHECK_INT(put_as(fx, (struct fk_slice){name, 150}, "a 1"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 1");
}

static enum fk_err open_tenant(struct fx *fx, int number)
{
    char name[16];
    int n = snprintf(name, sizeof name, "t%d", number);
    return fx->ops->tenant(
        fx->store, (struct fk_slice){name, (size_t)n}, &fx->tenant, NULL);
}

EVERY_STORE(tenants_are_limited)
{
    int count = 1; /* "anonymous" */
    while (count < 1000 && !open_tenant(fx, count))
        count++;
    CHECK_INT(open_tenant(fx, count), FK_ERR_LIMIT);
    CHECK_INT(count, STORE_MAX_TENANTS);
}

/* Whoever comes first after a restart must not take the place of others. */
TEST(tenants_on_the_disk_count_before_they_are_asked_for)
{
    struct fx fx;
    fx_init(&fx, &store_sqlite_ops);
    fx_open(&fx);
    for (int i = 1; i < STORE_MAX_TENANTS; i++)
        CHECK_INT(open_tenant(&fx, i), 0);
    fx_close(&fx);
    fx_open(&fx);
    CHECK_INT(open_tenant(&fx, STORE_MAX_TENANTS), FK_ERR_LIMIT);
    for (int i = STORE_MAX_TENANTS - 1; i > 0; i--)
        CHECK_INT(open_tenant(&fx, i), 0);
    fx_fini(&fx);
}

/* ---- documents ---- */

EVERY_STORE(documents_are_put_listed_and_deleted)
{
    CHECK_INT(fx_doc(fx, "b", T0 + 10, 0, "{}"), 0);
    CHECK_INT(fx_doc(fx, "a", T0 + 10, 0, "{\"x\":\"'\"}"), 0);
    CHECK_INT(fx_doc(fx, "c", T0, T0 + 20, "old"), 0);
    CHECK_INT(fx_doc(fx, "c", T0 + 5, T0 + 15, "new"), 0);
    CHECK_STR(fx_docs(fx, "note", 0, 0),
        "c@1700000000005-1700000000015:new "
        "a@1700000000010-0:{\"x\":\"'\"} b@1700000000010-0:{}");
    CHECK_STR(fx_docs(fx, "run", 0, 0), "");
    CHECK_INT(fx->ops->doc_del(fx->tenant, FK_SLICE("note"), FK_SLICE("a")), 0);
    CHECK_INT(fx->ops->doc_del(fx->tenant, FK_SLICE("note"), FK_SLICE("a")),
        FK_ERR_NOT_FOUND);
    CHECK_STR(fx_docs(fx, "note", T0 + 6, T0 + 11),
        "c@1700000000005-1700000000015:new b@1700000000010-0:{}");
}

EVERY_STORE(documents_are_found_by_time)
{
    static const struct {
        int64_t t0, t1;
        const char *want;
    } rows[] = {
        {100, 101, "point@100-0:"},
        {99, 100, ""},
        {101, 200, ""},
        {200, 201, "span@200-300:"},
        {250, 251, "span@200-300:"},
        {299, 300, "span@200-300:"},
        {300, 301, ""},
        {199, 200, ""},
        {1000, 2000, "open@400-9223372036854775807:"},
        {150, 500, "span@200-300: open@400-9223372036854775807:"},
    };

    CHECK_INT(fx_doc(fx, "point", 100, 0, ""), 0);
    CHECK_INT(fx_doc(fx, "span", 200, 300, ""), 0);
    CHECK_INT(fx_doc(fx, "open", 400, STORE_DOC_OPEN, ""), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tap_diag("row %zu", i);
        CHECK_STR(fx_docs(fx, "note", rows[i].t0, rows[i].t1), rows[i].want);
    }
}

EVERY_STORE(documents_are_limited_in_size)
{
    char *body = malloc(STORE_DOC_MAX_BYTES + 2);
    CHECK(body);
    memset(body, 'x', STORE_DOC_MAX_BYTES + 1);
    body[STORE_DOC_MAX_BYTES + 1] = '\0';
    CHECK_INT(fx_doc(fx, "a", 1, 0, body), FK_ERR_LIMIT);
    body[STORE_DOC_MAX_BYTES] = '\0';
    CHECK_INT(fx_doc(fx, "a", 1, 0, body), 0);
    body[STORE_DOC_MAX_ID + 1] = '\0';
    CHECK_INT(fx_doc(fx, body, 1, 0, ""), FK_ERR_LIMIT);
    CHECK_INT(fx_doc(fx, "", 1, 0, ""), FK_ERR_ARG);
    free(body);
}

/* ---- visitors and budgets ---- */

static enum fk_err stop_at_second(void *arg, const struct store_run *run)
{
    (void)run;
    return ++*(int *)arg == 2 ? FK_ERR_RETRY : FK_OK;
}

static bool is_gone(void *arg)
{
    return *(bool *)arg;
}

static enum fk_err merge_with(
    struct fx *fx, const struct store_budget *budget, int *visits)
{
    struct selector all;
    struct fk_diag diag = {""};
    selector_init(&all);
    *visits = 0;
    enum fk_err err = fx->ops->merge(
        fx->tenant, &all, 0, T0 * 2, budget, stop_at_second, visits, &diag);
    CHECK(err == FK_ERR_RETRY || !err == !diag.text[0]);
    return err;
}

EVERY_STORE(a_visitor_and_a_budget_can_stop_a_merge)
{
    int visits;
    bool gone = false;
    struct store_budget budget = {.cancelled = is_gone, .cancelled_arg = &gone};
    for (int i = 0; i < 5; i++)
        CHECK_INT(fx_put(fx, APP_A, T0 + i, "a 1\nb 2"), 0);
    CHECK_INT(merge_with(fx, NULL, &visits), FK_ERR_RETRY);
    CHECK_INT(visits, 2);
    CHECK_INT(merge_with(fx, &budget, &visits), FK_ERR_RETRY);
    budget.max_bytes = 30; /* one of 24 */
    CHECK_INT(merge_with(fx, &budget, &visits), FK_ERR_LIMIT);
    CHECK_INT(visits, 1);
    budget.max_bytes = 0;
    budget.deadline_mono_ns = fk_mono_ns() - 1;
    CHECK_INT(merge_with(fx, &budget, &visits), FK_ERR_LIMIT);
    CHECK_INT(visits, 0);
    budget.deadline_mono_ns = fk_mono_ns() + 60 * FK_NS_PER_S;
    gone = true;
    CHECK_INT(merge_with(fx, &budget, &visits), FK_ERR_CANCELLED);
    CHECK_INT(visits, 0);
}

EVERY_STORE(stats_add_up)
{
    CHECK_INT(fx_stats(fx).oldest_ms, 0);
    CHECK_INT(fx_put(fx, APP_A, T0 + 5, "a 1\nb 2"), 0);
    CHECK_INT(fx_put(fx, APP_B, T0, "a 1"), 0);
    CHECK_INT(fx_put(fx, APP_B, T0 + 3, "a 1"), 0);
    struct store_stats s = fx_stats(fx);
    CHECK_INT(s.profiles, 3);
    CHECK_INT(s.samples, 4);
    CHECK_INT(s.batches, 3);
    CHECK(s.commits >= 1 && s.commits <= 3);
    CHECK_INT(s.series, 2);
    CHECK_INT(s.trie_nodes, 7);
    CHECK_INT(s.oldest_ms, T0);
    CHECK_INT(s.newest_ms, T0 + 5);
    CHECK_INT(s.queue_profiles, 0);
    CHECK_INT(s.queue_bytes, 0);
    CHECK_INT(s.failed, 0);
    CHECK_INT(fx->ops->health(fx->store, NULL), FK_OK);
}

TAP_MAIN
