/*
 * Queries while profiles come in: the merged flame graph of the last hour of
 * 100 instances, asked again and again, first at rest and then beside 1,000
 * profiles a second. Both in turns, so that a busy machine disturbs both.
 */
#include "common/clock.h"
#include "tests/bench_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    INSTANCES = 100,
    A_SECOND = 1000, /* profiles */
    PAST = 36000,    /* profiles of an hour */
    TURNS = 4,
    QUERIES = 250, /* a turn */
    SERVICE_US = 2000,
};

#define HOUR_MS 3600000

static _Atomic bool ingesting, over;

struct bench {
    struct bench_store in;
    int64_t begin_ms;
    int64_t *self; /* by node */
};

static void append_group(struct bench *b)
{
    for (size_t k = 0; k < BENCH_GROUP; k++) {
        size_t i = b->in.appended + k;
        int64_t round = (int64_t)(i / INSTANCES);
        bench_profile(&b->in.profiles[k], b->in.world, i * 7,
            (uint32_t)(i % INSTANCES),
            b->begin_ms + round * BENCH_STEP_MS % (2 * HOUR_MS) + round / 720);
    }
    bench_store_append(&b->in);
}

/* 1,000 a second, in groups, while it is asked for. */
static void *ingest(void *arg)
{
    int64_t next = fk_mono_ns();
    while (!over) {
        next += FK_NS_PER_S * BENCH_GROUP / A_SECOND;
        if (ingesting)
            append_group(arg);
        fk_sleep_until_mono(next);
    }
    return NULL;
}

static enum fk_err add_run(void *arg, const struct store_run *run)
{
    int64_t *self = arg;
    for (size_t i = 0; i < run->n; i++)
        self[run->nodes[i]] += run->values[i];
    return FK_OK;
}

/* An hour that begins between two minutes: sums of ten and of one, and single
 * profiles at both ends. */
static double query_us(struct bench *b, size_t number)
{
    struct selector all;
    selector_init(&all);
    int64_t began = fk_mono_ns();
    int64_t t0 = b->begin_ms + (int64_t)(number % 50) * 1000;
    if (store_sqlite_ops.merge(
            b->in.tenant, &all, t0, t0 + HOUR_MS, NULL, add_run, b->self, NULL))
        bench_die("merge", "failed");
    return (double)(fk_mono_ns() - began) / 1000;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double percentile(double *us, size_t n, int percent)
{
    qsort(us, n, sizeof *us, by_size);
    return us[n * (size_t)percent / 100];
}

static void start(struct bench *b, const char *dir)
{
    struct store_options o;
    store_options_init(&o);
    o.dir = dir;
    o.ballast_bytes = 0;
    o.seal_every_ms = 1000;
    o.keep = (struct store_keep){0};
    /* Hours ago, so that all of it is added up at once. */
    b->begin_ms = fk_wall_ns() / FK_NS_PER_MS / HOUR_MS * HOUR_MS - 6 * HOUR_MS;
    b->self = calloc(1 << 20, sizeof *b->self);
    if (!b->self)
        bench_die("sums", "out of memory");
    bench_store_open(&b->in, bench_world_new(&bench_closed), &o);
    while (b->in.appended < PAST)
        append_group(b);
    bench_store_wait(&b->in);
    bench_store_wait_sealed(&b->in);
}

int main(void)
{
    static double idle[TURNS * QUERIES], busy[TURNS * QUERIES];
    static struct bench b;
    pthread_t thread;
    char dir[64];
    bench_dir("store_live", dir);
    start(&b, dir);
    if (pthread_create(&thread, NULL, ingest, &b))
        bench_die("thread", "cannot start");
    for (size_t turn = 0; turn < 2 * TURNS; turn++) {
        double *us = (turn % 2 ? busy : idle) + turn / 2 * QUERIES;
        ingesting = turn % 2;
        usleep(200000);
        size_t before = b.in.appended;
        int64_t began = fk_mono_ns();
        for (size_t i = 0; i < QUERIES; i++) {
            us[i] = query_us(&b, i);
            usleep(SERVICE_US);
        }
        if (ingesting)
            printf("# %.0f profiles a second beside it\n",
                (double)(b.in.appended - before) * 1e9 /
                    (double)(fk_mono_ns() - began));
    }
    over = true;
    pthread_join(thread, NULL);
    bench_store_wait(&b.in);
    bench_store_close(&b.in);
    size_t n = TURNS * QUERIES;
    double quiet = percentile(idle, n, 99), loud = percentile(busy, n, 99);
    printf("# merged hour of %d instances: p50 %.0f us at rest, %.0f us beside "
           "ingest; p99 %.0f us and %.0f us\n",
        INSTANCES, percentile(idle, n, 50), percentile(busy, n, 50), quiet,
        loud);
    bench_at_most("store_query_p99_beside_ingest", loud / quiet, "times", 10);
    bench_remove(dir);
    bench_world_free(b.in.world);
    free(b.self);
    return 0;
}
