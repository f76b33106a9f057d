#include "server/ingest.h"

#include "common/clock.h"
#include "common/gzip.h"
#include "server/folded.h"
#include "server/ingest_labels.h"
#include "server/server.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

/* A request without HTTP, an ingest in it, and a profile to be written. */
struct world {
    struct server server;
    struct request request;
    struct ingest in;
    struct fk_labels labels;
    struct fk_diag diag;
    struct fk_pprof_writer writer;
};

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));

    w->request.server = &w->server;
    options_init(&w->server.options);
    w->server.options.live.limits.older_than_ns = 0; /* any time */
    fk_arena_init(&w->request.arena, (size_t)256 << 20);
    ingest_init(&w->in, &w->request);
    CHECK_INT(fk_labels_set(
                  &w->labels, FK_SLICE("__name__"), FK_SLICE("process_cpu")),
        FK_OK);
    CHECK_INT(
        fk_labels_set(&w->labels, FK_SLICE("service_name"), FK_SLICE("shop")),
        FK_OK);
    fk_pprof_writer_init(&w->writer, 64 << 20);
    return w;
}

static void world_free(struct world *w)
{
    ingest_fini(&w->in);
    fk_pprof_writer_fini(&w->writer);
    fk_arena_fini(&w->request.arena);
    free(w);
}

static void types(struct world *w, unsigned n)
{
    static const char *const names[][2] = {
        {"samples", "count"}, {"cpu", "nanoseconds"}};

    for (unsigned i = 0; i < n; i++)
        fk_pprof_add_type(
            &w->writer, fk_slice_of(names[i][0]), fk_slice_of(names[i][1]));
}

/* "main;work" root first; label "key=value" or NULL. */
static void sample(struct world *w, const char *stack, const char *label,
    const int64_t *values, size_t num_values)
{
    struct fk_pprof_frame frames[16] = {0};
    struct fk_pprof_label l = {0};
    struct fk_slice rest = fk_slice_of(stack), part;
    size_t n = 0;

    while (fk_slice_split(&rest, ';', &part))
        n++;
    rest = fk_slice_of(stack);
    for (size_t i = n; fk_slice_split(&rest, ';', &part);)
        frames[--i].name = part;
    if (label) {
        rest = fk_slice_of(label);
        fk_slice_split(&rest, '=', &l.key);
        l.str = rest;
    }
    fk_pprof_add_sample(
        &w->writer, frames, n, values, num_values, &l, label != NULL);
}

static enum fk_err add(struct world *w, int64_t time_ns)
{
    const struct ingest_source source = {
        .labels = &w->labels, .fallback_ns = 5000 * FK_NS_PER_MS};
    const struct fk_pprof_type period = {
        FK_SLICE("cpu"), FK_SLICE("nanoseconds")};

    CHECK_INT(fk_pprof_finish(
                  &w->writer, time_ns, 10, period, 1, (struct fk_slice){0}),
        FK_OK);
    return ingest_add_pprof(
        &w->in, &source, fk_buf_slice(&w->writer.body), NULL, &w->diag);
}

static int64_t total(const struct store_profile *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->num_values; i++)
        sum += p->values[i].value;
    return sum;
}

/* The profile of this type whose label "region" has this value. */
static const struct store_profile *find(
    const struct world *w, const char *type, const char *region)
{
    const struct store_profile *found = NULL;

    for (size_t i = 0; i < w->in.batch.num_profiles; i++) {
        const struct store_profile *p = &w->in.batch.profiles[i];
        if (!fk_slice_eqz(
                fk_labels_get(&p->labels, FK_SLICE("__type__")), type) ||
            !fk_slice_eqz(
                fk_labels_get(&p->labels, FK_SLICE("region")), region))
            continue;
        CHECK(!found);
        found = p;
    }
    return found;
}

TEST(each_sample_type_becomes_a_profile_with_private_labels)
{
    struct world *w = world_new();
    const int64_t values[] = {2, 20}, more[] = {3, 0};

    types(w, 2);
    sample(w, "main;work", NULL, values, 2);
    sample(w, "main;work", NULL, more, 2);
    sample(w, "main", NULL, values, 2);
    CHECK_INT(add(w, 7000 * FK_NS_PER_MS), FK_OK);
    CHECK_INT(w->in.batch.num_profiles, 2);
    const struct store_profile *cpu = find(w, "cpu", "");
    CHECK(cpu && find(w, "samples", ""));
    CHECK_INT(total(find(w, "samples", "")), 7);
    CHECK_INT(find(w, "samples", "")->num_values, 2);
    CHECK_INT(total(cpu), 40);
    CHECK_INT(cpu->time_ms, 7000);
    CHECK_INT(cpu->duration_ns, 10);
    static const char *const labels[][2] = {
        {"__profile_type__", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
        {"__unit__", "nanoseconds"}, {"__period_type__", "cpu"},
        {"__period_unit__", "nanoseconds"}, {"__service_name__", "shop"}};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        CHECK(
            fk_slice_eqz(fk_labels_get(&cpu->labels, fk_slice_of(labels[i][0])),
                labels[i][1]));
    world_free(w);
}

TEST(stacks_are_root_first_and_shared)
{
    struct world *w = world_new();
    const int64_t one[] = {1};

    types(w, 1);
    sample(w, "main;work;hash", "region=eu", one, 1);
    sample(w, "main;work;hash", "region=us", one, 1);
    CHECK_INT(add(w, 0), FK_OK);
    CHECK_INT(w->in.batch.num_stacks, 1);
    const struct store_stack *s = &w->in.batch.stacks[0];
    CHECK_INT(s->depth, 3);
    CHECK(fk_slice_eqz(w->in.batch.frames[s->frames[0]].name, "main"));
    CHECK(fk_slice_eqz(w->in.batch.frames[s->frames[2]].name, "hash"));
    world_free(w);
}

TEST(sample_labels_split_but_ids_of_requests_do_not)
{
    struct world *w = world_new();
    const int64_t a[] = {1}, b[] = {10}, c[] = {100}, d[] = {1000};

    types(w, 1);
    sample(w, "main", "region=eu", a, 1);
    sample(w, "main", "region=us", b, 1);
    sample(w, "main", "trace_id=7", c, 1);
    sample(w, "main", "span_id=8", d, 1);
    CHECK_INT(add(w, 0), FK_OK);
    CHECK_INT(w->in.batch.num_profiles, 3);
    CHECK_INT(total(find(w, "samples", "eu")), 1);
    CHECK_INT(total(find(w, "samples", "us")), 10);
    CHECK_INT(total(find(w, "samples", "")), 1100);
    world_free(w);
}

TEST(a_label_of_the_client_wins)
{
    struct world *w = world_new();
    const int64_t a[] = {1};

    CHECK_INT(
        fk_labels_set(&w->labels, FK_SLICE("region"), FK_SLICE("mine")), FK_OK);
    types(w, 1);
    sample(w, "main", "region=eu", a, 1);
    CHECK_INT(add(w, 0), FK_OK);
    CHECK_INT(total(find(w, "samples", "mine")), 1);
    world_free(w);
}

TEST(samples_without_value_are_dropped_and_counted)
{
    struct world *w = world_new();
    const int64_t zero[] = {0, 0}, negative[] = {-1, 5};

    types(w, 2);
    sample(w, "main", NULL, zero, 2);
    sample(w, "main", NULL, negative, 2);
    CHECK_INT(add(w, 0), FK_OK);
    CHECK_INT(w->in.batch.num_profiles, 0);
    CHECK_INT(w->server.metrics.counter[METRIC_SAMPLES_DROPPED], 2);
    world_free(w);
}

TEST(sums_do_not_overflow)
{
    struct world *w = world_new();
    const int64_t most[] = {INT64_MAX};

    types(w, 1);
    sample(w, "main", "trace_id=1", most, 1);
    sample(w, "main", "trace_id=2", most, 1);
    CHECK_INT(add(w, 0), FK_ERR_FORMAT);
    CHECK(strstr(w->diag.text, "64 bits"));
    world_free(w);
}

TEST(too_many_series_at_once_are_refused)
{
    struct world *w = world_new();
    const int64_t one[] = {1};
    char label[32];

    types(w, 1);
    for (int i = 0; i < BATCH_MAX_PROFILES + 1; i++) {
        snprintf(label, sizeof(label), "region=%d", i);
        sample(w, "main", label, one, 1);
    }
    CHECK_INT(add(w, 0), FK_ERR_LIMIT);
    CHECK_INT(w->in.reason, REJECTED_LIMIT);
    CHECK(strstr(w->diag.text, "fewer values"));
    world_free(w);
}

TEST(a_profile_without_time_gets_that_of_its_arrival)
{
    struct world *w = world_new();
    const int64_t one[] = {1};

    types(w, 1);
    sample(w, "main", NULL, one, 1);
    w->server.options.live.limits.older_than_ns = FK_NS_PER_MS;
    CHECK_INT(add(w, 0), FK_OK);
    CHECK_INT(w->in.batch.profiles[0].time_ms, 5000);
    world_free(w);
}

TEST(the_window_is_kept)
{
    static const struct {
        int64_t from_now_s;
        enum fk_err err;
        enum metrics_reason reason;
    } rows[] = {
        {0, FK_OK, 0},
        {-3500, FK_OK, 0},
        {-3700, FK_ERR_FORMAT, REJECTED_TOO_OLD},
        {500, FK_OK, 0},
        {700, FK_ERR_FORMAT, REJECTED_TOO_NEW},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = world_new();
        const int64_t one[] = {1};
        types(w, 1);
        sample(w, "main", NULL, one, 1);
        w->server.options.live.limits.older_than_ns = 3600 * FK_NS_PER_S;
        CHECK_INT(add(w, fk_wall_ns() + rows[i].from_now_s * FK_NS_PER_S),
            rows[i].err);
        if (rows[i].err) {
            CHECK_INT(w->in.reason, rows[i].reason);
            CHECK(strstr(w->diag.text, "outside of ingestion window"));
        }
        world_free(w);
    }
}

TEST(times_no_store_can_keep_are_refused_with_the_window_off_too)
{
    /* The first millisecond counts as no time at all, as 0 does. */
    static const int64_t times_ns[] = {
        -5 * FK_NS_PER_S, 1, FK_NS_PER_MS - 1, 4294967296 * FK_NS_PER_S};

    for (size_t i = 0; i < sizeof times_ns / sizeof *times_ns; i++) {
        struct world *w = world_new();
        const int64_t one[] = {1};
        types(w, 1);
        sample(w, "main", NULL, one, 1);
        CHECK_INT(add(w, times_ns[i]), FK_ERR_FORMAT);
        CHECK(strstr(w->diag.text, "dated before 1970 or after 2106"));
        world_free(w);
    }
}

TEST(relabel_rules_of_pyroscope)
{
    struct world *w = world_new();
    const int64_t one[] = {1};

    types(w, 1);
    sample(w, "main", NULL, one, 1);
    CHECK_INT(fk_labels_set(&w->labels, FK_SLICE("__name__"),
                  FK_SLICE("godeltaprof_memory")),
        FK_OK);
    CHECK_INT(
        fk_labels_set(&w->labels, FK_SLICE("__session_id__"), FK_SLICE("1")),
        FK_OK);
    CHECK_INT(
        fk_labels_set(&w->labels, FK_SLICE("empty"), FK_SLICE("")), FK_OK);
    fk_labels_del(&w->labels, FK_SLICE("service_name"));
    CHECK_INT(add(w, 0), FK_OK);
    const struct fk_labels *l = &w->in.batch.profiles[0].labels;
    CHECK(fk_slice_eqz(fk_labels_get(l, FK_SLICE("__name__")), "memory"));
    CHECK(fk_slice_eqz(
        fk_labels_get(l, FK_SLICE("__name_replaced__")), "godeltaprof_memory"));
    CHECK(fk_slice_eqz(
        fk_labels_get(l, FK_SLICE("service_name")), "unknown_service"));
    CHECK(!fk_labels_has(l, FK_SLICE("__session_id__")));
    CHECK(!fk_labels_has(l, FK_SLICE("empty")));
    world_free(w);
}

TEST(inflating_ends_at_the_limit)
{
    struct world *w = world_new();
    struct fk_buf zeros, packed;
    struct fk_slice out;

    fk_buf_init(&zeros, 1 << 20);
    fk_buf_init(&packed, 1 << 20);
    memset(fk_buf_reserve(&zeros, 100000), 0, 100000);
    zeros.len = 100000;
    CHECK_INT(fk_gzip_write(fk_buf_slice(&zeros), 9, &packed), FK_OK);
    CHECK_INT(ingest_inflate(
                  &w->request, fk_buf_slice(&packed), 100000, &out, &w->diag),
        FK_OK);
    CHECK_INT(out.len, 100000);
    CHECK_INT(ingest_inflate(
                  &w->request, fk_buf_slice(&packed), 99999, &out, &w->diag),
        FK_ERR_LIMIT);
    CHECK_INT(
        ingest_inflate(&w->request, FK_SLICE("plain"), 5, &out, NULL), FK_OK);
    CHECK(fk_slice_eqz(out, "plain"));
    CHECK_INT(ingest_inflate(&w->request, FK_SLICE("plain"), 4, &out, NULL),
        FK_ERR_LIMIT);
    fk_buf_fini(&zeros);
    fk_buf_fini(&packed);
    world_free(w);
}

TEST(folded_counts_become_nanoseconds_when_the_rate_is_known)
{
    static const struct {
        const char *app;
        uint32_t rate;
        const char *type;
        int64_t total;
    } rows[] = {
        {"shop.cpu", 100, "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
            50000000},
        {"shop.cpu", 0, "process_cpu:samples:count::", 5},
        {"shop.wall", 97, "wall:wall:nanoseconds:cpu:nanoseconds", 51546390},
        {"shop.inuse_space", 100, "memory:inuse_space:bytes::", 5},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = world_new();
        const struct ingest_kind *kind;
        struct fk_slice service;
        const struct ingest_source source = {.labels = &w->labels,
            .fallback_ns = 5000 * FK_NS_PER_MS,
            .sample_rate = rows[i].rate};
        CHECK_INT(
            ingest_kind_of(fk_slice_of(rows[i].app), &kind, &service, NULL),
            FK_OK);
        CHECK_INT(fk_labels_set(&w->labels, FK_SLICE("__name__"),
                      fk_slice_of(kind->metric)),
            FK_OK);
        struct ingest_stacks stacks;
        CHECK_INT(ingest_stacks_open(&stacks, &w->in, &source, kind, &w->diag),
            FK_OK);
        enum fk_err err = folded_read_groups(FK_SLICE("a;b 2\na 1\na;b 2\n"),
            ingest_stacks_add, &stacks, &w->diag);
        CHECK_INT(ingest_stacks_close(&stacks, err, &w->diag), FK_OK);
        CHECK_INT(w->in.batch.num_profiles, 1);
        const struct store_profile *p = &w->in.batch.profiles[0];
        CHECK(fk_slice_eqz(
            fk_labels_get(&p->labels, FK_SLICE("__profile_type__")),
            rows[i].type));
        CHECK_INT(p->num_values, 2);
        CHECK_INT(total(p), rows[i].total);
        world_free(w);
    }
}

TEST(stacks_that_share_their_bytes_do_not_share_the_limit)
{
    struct world *w = world_new();
    const struct ingest_kind *kind;
    struct fk_slice service, name = {calloc(1, 65536), 65536};
    const struct ingest_source source = {
        .labels = &w->labels, .fallback_ns = 5000 * FK_NS_PER_MS};
    struct ingest_stacks stacks;
    enum fk_err err = FK_OK;
    size_t added = 0;

    CHECK_INT(
        ingest_kind_of(FK_SLICE("shop.live"), &kind, &service, NULL), FK_OK);
    CHECK_INT(
        ingest_stacks_open(&stacks, &w->in, &source, kind, &w->diag), FK_OK);
    for (; err == FK_OK && added < 10000; added++)
        err = ingest_stacks_add(&stacks, &name, 1, 1);
    CHECK_INT(err, FK_ERR_LIMIT);
    CHECK(added <= INGEST_MAX_STACK_BYTES / name.len + 1);
    CHECK_INT(ingest_stacks_close(&stacks, err, &w->diag), FK_ERR_LIMIT);
    CHECK(w->diag.text[0]);
    CHECK_INT(w->in.batch.num_profiles, 0);
    free((void *)(uintptr_t)name.ptr);
    world_free(w);
}

TEST(labels_have_rules)
{
    static const struct {
        size_t name, value; /* lengths */
        const char *text;
    } rows[] = {
        {1024, 2048, NULL},
        {1025, 1, "has label name too long"},
        {1, 2049, "has label value too long"},
    };

    char *bytes = malloc(4096);
    struct limits limits;

    limits_init(&limits);

    memset(bytes, 'a', 4096);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_labels l = {.count = 0};
        struct fk_diag diag = {{0}};
        CHECK_INT(
            fk_labels_set(&l, FK_SLICE("__name__"), FK_SLICE("x")), FK_OK);
        CHECK_INT(fk_labels_set(&l, (struct fk_slice){bytes, rows[i].name},
                      (struct fk_slice){bytes, rows[i].value}),
            FK_OK);
        CHECK_INT(
            ingest_labels_check(&l, &limits, &diag) == FK_OK, !rows[i].text);
        CHECK(!rows[i].text || strstr(diag.text, rows[i].text));
    }
    free(bytes);
}

TAP_MAIN
