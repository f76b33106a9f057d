/*
 * What a day costs on the disk and how fast it is read back, on two kinds of
 * services: a closed set (2,000 stacks, some 390 in a profile) and an open
 * one (60,000 stacks with a long tail). Beside it stand a row a sample, the
 * sum of single profiles, and the same sum without a store.
 *
 * Scaled down to last seconds: ten instances instead of a hundred. What is
 * said about a hundred is ten times the single profiles, because their
 * sum is linear in them, over the same group sums, which do not grow.
 */
#include "common/clock.h"
#include "server/datadir.h"
#include "server/db.h"
#include "tests/bench_store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    INSTANCES = 10,
    WANTED_INSTANCES = 100,
    DAY_PROFILES = 8640,
    ROW_PROFILES = 1500,
    FLAT_PROFILES = 10000,
    REPEATS = 30,
};

#define DAY0    1699920000000ll
#define HOUR_MS 3600000ll

static const struct kind {
    const struct bench_set *set;
    double goal; /* times smaller than a row a sample */
} kinds[] = {{&bench_closed, 20}, {&bench_open, 10}};

static double row_bytes(const struct bench_world *w, const char *dir)
{
    struct db *db = bench_rows_open(dir);
    size_t rows = 0;
    if (db_begin(db, "rows"))
        bench_die("begin", db_why(db));
    for (size_t i = 0; i < ROW_PROFILES; i++)
        rows += bench_rows_add(db, &w->patterns[i % BENCH_PATTERNS],
            (int64_t)(i % INSTANCES),
            DAY0 + (int64_t)(i / INSTANCES) * BENCH_STEP_MS);
    if (db_commit(db))
        bench_die("commit", db_why(db));
    db_close(db);
    return (double)datadir_bytes(dir) / (double)rows;
}

/* ---- the store ---- */

static _Atomic int64_t clock_ms;

static int64_t bench_now(void)
{
    return clock_ms;
}

static void store_start(
    struct bench_store *b, struct bench_world *w, const char *dir)
{
    struct store_options o;
    store_options_init(&o);
    o.dir = dir;
    o.keep_days = 0;
    o.now_ms = bench_now;
    o.seal_every_ms = 5;
    o.max_series = 6000;
    o.ballast_bytes = 0;
    clock_ms = DAY0;
    bench_store_open(b, w, &o);
}

/* Profiles [from, from + count) of so many instances, in turns. */
static void ingest(
    struct bench_store *b, size_t from, size_t count, size_t instances)
{
    for (size_t i = from; i < from + count; i += BENCH_GROUP) {
        for (size_t k = i; k < i + BENCH_GROUP; k++)
            bench_profile(&b->profiles[k - i], b->world, k * 7,
                (uint32_t)(k % instances),
                DAY0 + (int64_t)(k / instances) * BENCH_STEP_MS);
        bench_store_append(b);
        clock_ms = b->profiles[BENCH_GROUP - 1].time_ms;
    }
    bench_store_wait(b);
}

/* ---- reading ---- */

struct sums {
    int64_t *self;
    size_t pairs;
    uint32_t *nodes; /* all that was visited, to be added up once more */
    int64_t *values;
    size_t cap;
    bool keep;
};

static enum fk_err add_run(void *arg, const struct store_run *run)
{
    struct sums *s = arg;
    for (size_t i = 0; i < run->n; i++)
        s->self[run->nodes[i]] += run->values[i];
    for (size_t i = 0; s->keep && i < run->n && s->pairs + i < s->cap; i++) {
        s->nodes[s->pairs + i] = run->nodes[i];
        s->values[s->pairs + i] = run->values[i];
    }
    s->pairs += run->n;
    return FK_OK;
}

static double merge_us(struct bench_store *b, struct sums *sums, int64_t t0,
    int64_t t1, int repeats)
{
    struct selector all;
    double best = 1e18;
    selector_init(&all);
    for (int i = 0; i < repeats; i++) {
        int64_t began = fk_mono_ns();
        sums->pairs = 0;
        if (store_sqlite_ops.merge(
                b->tenant, &all, t0, t1, NULL, add_run, sums, NULL))
            bench_die("merge", "failed");
        double us = (double)(fk_mono_ns() - began) / 1000;
        best = us < best ? us : best;
    }
    return best;
}

static double limit_us(struct sums *sums)
{
    double best = 1e18;
    for (int i = 0; i < REPEATS; i++) {
        int64_t began = fk_mono_ns();
        for (size_t k = 0; k < sums->pairs; k++)
            sums->self[sums->nodes[k]] += sums->values[k];
        double us = (double)(fk_mono_ns() - began) / 1000;
        best = us < best ? us : best;
    }
    return best;
}

/* Single profiles are only kept for two hours: a query from a millisecond
 * after the minute to one before the next reads nothing else. */
static double raw_us_a_day(
    struct bench_store *b, struct sums *sums, int64_t end)
{
    double us = 0;
    for (int i = 1; i <= 10; i++)
        us += merge_us(
            b, sums, end - (i + 20) * 60000 + 1, end - (i + 19) * 60000 - 1, 3);
    return us / 10 * 1440 * (WANTED_INSTANCES / INSTANCES);
}

static void read_back(struct bench_store *b)
{
    struct sums sums = {.cap = 4 << 20};
    sums.self = calloc(4 << 20, sizeof *sums.self);
    sums.nodes = calloc(sums.cap, sizeof *sums.nodes);
    sums.values = calloc(sums.cap, sizeof *sums.values);
    if (!sums.self || !sums.nodes || !sums.values)
        bench_die("sums", "out of memory");
    int64_t end = DAY0 + 24 * HOUR_MS;
    double raw = raw_us_a_day(b, &sums, end);
    double day = merge_us(b, &sums, DAY0, end, REPEATS);
    /* An hour short of a day: hours, not the one row of the day. */
    double hours = merge_us(b, &sums, DAY0, end - HOUR_MS, REPEATS);
    sums.keep = true;
    merge_us(b, &sums, DAY0, end - HOUR_MS, 1);
    double limit = limit_us(&sums);
    printf("# %s, 24 h: single profiles of %d instances %.0f ms (from 10 "
           "minutes of %d), whole day %.0f us, 23 hours %.0f us, in memory "
           "%.0f us\n",
        b->world->set->name, WANTED_INSTANCES, raw / 1000, INSTANCES, day,
        hours, limit);
    if (b->world->set == &bench_closed) {
        bench_at_least("store_group_vs_raw_24h_x100", raw / day, "times", 1000);
        bench_at_most("store_group_vs_memory", hours / limit, "times", 6);
    }
    free(sums.self);
    free(sums.nodes);
    free(sums.values);
}

static void run_day(const struct kind *kind, const char *dir)
{
    static struct bench_store b;
    char rows[128], data[128], tenant[160], name[64];
    const struct bench_set *set = kind->set;
    struct bench_world *w = bench_world_new(set);
    double samples = bench_samples(w);
    size_t profiles = DAY_PROFILES * INSTANCES;
    snprintf(rows, sizeof rows, "%s/%s-rows", dir, set->name);
    snprintf(data, sizeof data, "%s/%s", dir, set->name);
    snprintf(tenant, sizeof tenant, "%s/t-bench", data);
    if (mkdir(rows, 0755))
        bench_die("mkdir", rows);
    double row = row_bytes(w, rows);
    store_start(&b, w, data);
    int64_t began = fk_cpu_ns();
    /* Hour by hour, for the sealer has an hour for that in life. */
    for (size_t i = 0; i < profiles; i += profiles / 24) {
        ingest(&b, i, profiles / 24, INSTANCES);
        bench_store_wait_sealed(&b);
    }
    clock_ms = DAY0 + 24 * HOUR_MS + 180000;
    bench_store_wait_sealed(&b);
    double us = (double)(fk_cpu_ns() - began) / 1000 / (double)profiles;
    read_back(&b);
    bench_store_close(&b);
    double bytes = (double)datadir_bytes(tenant);
    printf("# %s: %.0f samples a profile, %.1f MB an instance and day, %.1f us "
           "of CPU a profile with all sums\n",
        set->name, samples, bytes / 1e6 / INSTANCES, us);
    snprintf(name, sizeof name, "store_disk_vs_rows_%s", set->name);
    bench_at_least(name, row / (bytes / ((double)profiles * samples)), "times",
        kind->goal);
    bench_world_free(w);
}

/* ---- one instance or thousands ---- */

static double flat_us(const char *dir, size_t instances)
{
    static struct bench_store b;
    char data[128];
    struct bench_world *w = bench_world_new(&bench_closed);
    snprintf(data, sizeof data, "%s/flat-%zu", dir, instances);
    store_start(&b, w, data);
    size_t warm = instances < BENCH_GROUP ? BENCH_GROUP : instances;
    ingest(&b, 0, warm, instances); /* every series is known then */
    int64_t began = fk_cpu_ns();
    ingest(&b, warm, FLAT_PROFILES, instances);
    double us = (double)(fk_cpu_ns() - began) / 1000 / FLAT_PROFILES;
    bench_store_close(&b);
    bench_world_free(w);
    return us;
}

static void run_flat(const char *dir)
{
    double one = flat_us(dir, 1), some = flat_us(dir, 100),
           many = flat_us(dir, 5000);
    printf("# us of CPU a profile: 1 instance %.1f, 100 %.1f, 5,000 %.1f\n",
        one, some, many);
    bench_at_most("store_ingest_slope_in_instances",
        log(many / one) / log(5000), "slope", 0.1);
}

int main(void)
{
    char dir[64];
    bench_dir("store_levels", dir);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run_day(&kinds[i], dir);
    run_flat(dir);
    bench_remove(dir);
    return 0;
}
