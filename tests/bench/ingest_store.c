/*
 * What ingest costs, beside the schema that comes to mind first: a row a
 * sample, (series, time, stack) -> value, in the same SQLite with the same
 * durability, group size and profiles. That side is given its stack ids for
 * nothing.
 */
#include "common/clock.h"
#include "server/datadir.h"
#include "server/db.h"
#include "tests/bench_store.h"

#include <stdio.h>
#include <sys/stat.h>

enum {
    INSTANCES = 100, /* series */
    ROW_PROFILES = 5000,
    STORE_PROFILES = 20000,
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

static struct cost run_rows(const struct bench_world *w, const char *dir)
{
    struct db *db = bench_rows_open(dir);
    struct cost began = cost_now();
    for (size_t i = 0; i < ROW_PROFILES; i++) {
        if (i % BENCH_GROUP == 0 && db_begin(db, "a group"))
            bench_die("begin", db_why(db));
        bench_rows_add(db, &w->patterns[i % BENCH_PATTERNS],
            (int64_t)(i % INSTANCES), time_of(i));
        if (i % BENCH_GROUP == BENCH_GROUP - 1 && db_commit(db))
            bench_die("commit", db_why(db));
    }
    struct cost cost = cost_since(&began, ROW_PROFILES);
    db_close(db);
    return cost;
}

/* Until all are durable. */
static struct cost run_store(struct bench_world *w, const char *dir)
{
    static struct bench_store b;
    struct store_options options;
    store_options_init(&options);
    options.dir = dir;
    options.keep_days = 0;
    bench_store_open(&b, w, &options);
    struct cost began = cost_now();
    for (size_t i = 0; i < STORE_PROFILES; i += BENCH_GROUP) {
        for (size_t k = 0; k < BENCH_GROUP; k++)
            bench_profile(&b.profiles[k], w, i + k,
                (uint32_t)((i + k) % INSTANCES), time_of(i + k));
        bench_store_append(&b);
    }
    bench_store_wait(&b);
    struct cost cost = cost_since(&began, STORE_PROFILES);
    bench_store_close(&b);
    return cost;
}

/* ---- the comparison ---- */

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
    struct cost rows = run_rows(w, rows_dir), store = run_store(w, data);
    double row_bytes =
        (double)datadir_bytes(rows_dir) / (ROW_PROFILES * samples);
    double bytes = (double)datadir_bytes(tenant) / (STORE_PROFILES * samples);
    printf("# %.0f samples a profile; a row a sample: %.0f us of CPU, %.0f us, "
           "%.1f bytes/sample; store: %.1f us of CPU, %.1f us, %.2f "
           "bytes/sample\n",
        samples, rows.cpu_us, rows.wall_us, row_bytes, store.cpu_us,
        store.wall_us, bytes);
    bench_at_least(
        "store_ingest_vs_rows", rows.cpu_us / store.cpu_us, "times", 20);
    bench_at_least("store_bytes_vs_rows", row_bytes / bytes, "times", 5);
    bench_remove(dir);
    bench_world_free(w);
    return 0;
}
