/*
 * What ingest costs, beside the schema that comes to mind first: a row a
 * sample, (series, time, stack) -> value, in the same SQLite with the same
 * durability, group size and profiles. That side is given its stack ids for
 * nothing. Until a profile is durable: what adding up costs on top of it,
 * which the other side does not do, is said by store_levels.
 */
#include "common/clock.h"
#include "server/datadir.h"
#include "server/db.h"
#include "tests/bench_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    INSTANCES = 100,    /* series */
    TURNS = 28,         /* short, so that the load of the machine is in both */
    ROW_PROFILES = 250, /* a turn */
    STORE_PROFILES = 2000,
};

#define T0 1700000000000ll

/* What one profile costs. CPU time repeats on a busy machine, wall time does
 * not. */
struct cost {
    double cpu_us, wall_us;
};

static struct cost cost_now(void)
{
    return (struct cost){
        (double)fk_cpu_ns() / 1000, (double)fk_mono_ns() / 1000};
}

static struct cost cost_since(const struct cost *began, size_t profiles)
{
    struct cost now = cost_now();
    return (struct cost){(now.cpu_us - began->cpu_us) / (double)profiles,
        (now.wall_us - began->wall_us) / (double)profiles};
}

static int64_t time_of(size_t profile)
{
    return T0 + (int64_t)(profile / INSTANCES) * BENCH_STEP_MS;
}

static struct cost run_rows(
    struct db *db, const struct bench_world *w, size_t from)
{
    struct cost began = cost_now();
    for (size_t i = from; i < from + ROW_PROFILES; i++) {
        if (i % BENCH_GROUP == 0 && db_begin(db, "a group"))
            bench_die("begin", db_why(db));
        bench_rows_add(db, &w->patterns[i % BENCH_PATTERNS],
            (int64_t)(i % INSTANCES), time_of(i));
        if (i % BENCH_GROUP == BENCH_GROUP - 1 && db_commit(db))
            bench_die("commit", db_why(db));
    }
    return cost_since(&began, ROW_PROFILES);
}

/* Until all are durable. */
static struct cost run_store(struct bench_store *b, size_t from)
{
    struct cost began = cost_now();
    for (size_t i = from; i < from + STORE_PROFILES; i += BENCH_GROUP) {
        for (size_t k = 0; k < BENCH_GROUP; k++)
            bench_profile(&b->profiles[k], b->world, i + k,
                (uint32_t)((i + k) % INSTANCES), time_of(i + k));
        bench_store_append(b);
    }
    bench_store_wait(b);
    return cost_since(&began, STORE_PROFILES);
}

/* ---- the comparison ---- */

struct turn {
    struct cost rows, store;
    double ratio; /* of CPU time */
};

static int by_ratio(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->ratio > y->ratio) - (x->ratio < y->ratio);
}

/* Both in turns, because what else the machine does slows both then. */
static struct turn compare(
    struct bench_world *w, const char *rows_dir, const char *data)
{
    static struct bench_store store;
    struct turn turns[TURNS];
    struct store_options options;
    store_options_init(&options);
    options.dir = data;
    options.keep_days = 0;
    options.seal_every_ms = 3600000; /* not in the middle of it */
    bench_store_open(&store, w, &options);
    struct db *rows = bench_rows_open(rows_dir);
    for (size_t i = 0; i < TURNS; i++) {
        turns[i].rows = run_rows(rows, w, i * ROW_PROFILES);
        turns[i].store = run_store(&store, i * STORE_PROFILES);
        turns[i].ratio = turns[i].rows.cpu_us / turns[i].store.cpu_us;
    }
    db_close(rows);
    bench_store_close(&store);
    qsort(turns, TURNS, sizeof turns[0], by_ratio);
    printf("# a row a sample over the store, CPU, %d turns: %.1f to %.1f\n",
        TURNS, turns[0].ratio, turns[TURNS - 1].ratio);
    return turns[TURNS / 2];
}

int main(void)
{
    char dir[64], rows_dir[96], data[96], tenant[128];
    bench_dir("ingest_store", dir);
    snprintf(rows_dir, sizeof rows_dir, "%s/rows", dir);
    snprintf(data, sizeof data, "%s/store", dir);
    snprintf(tenant, sizeof tenant, "%s/t-bench", data);
    if (mkdir(rows_dir, 0755))
        bench_die("mkdir", rows_dir);
    struct bench_world *w = bench_world_new(&bench_closed);
    double samples = bench_samples(w);
    struct turn middle = compare(w, rows_dir, data);
    double row_bytes =
        (double)datadir_bytes(rows_dir) / (TURNS * ROW_PROFILES * samples);
    double bytes =
        (double)datadir_bytes(tenant) / (TURNS * STORE_PROFILES * samples);
    printf("# %.0f samples a profile; a row a sample: %.0f us of CPU, %.0f us, "
           "%.1f bytes/sample; store: %.1f us of CPU, %.1f us, %.2f "
           "bytes/sample\n",
        samples, middle.rows.cpu_us, middle.rows.wall_us, row_bytes,
        middle.store.cpu_us, middle.store.wall_us, bytes);
    bench_at_least("store_ingest_vs_rows", middle.ratio, "times", 20);
    bench_at_least("store_bytes_vs_rows", row_bytes / bytes, "times", 5);
    bench_remove(dir);
    bench_world_free(w);
    return 0;
}
