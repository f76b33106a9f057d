/*
 * What ingest costs, beside the schema that comes to mind first: a row a
 * sample, (series, time, stack) -> value, in the same SQLite with the same
 * durability, group size and profiles. That side is given its stack ids for
 * nothing.
 */
#include "common/clock.h"
#include "server/datadir.h"
#include "server/db.h"
#include "tests/bench_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    INSTANCES = 100, /* series */
    GROUP = 100,     /* profiles a commit */
    STEP_MS = 10000,
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
    return T0 + (int64_t)(profile / INSTANCES) * STEP_MS;
}

/* ---- a row a sample ---- */

static const char *const row_steps[] = {
    "CREATE TABLE sample("
    "  series INTEGER NOT NULL,"
    "  ts INTEGER NOT NULL,"
    "  stack INTEGER NOT NULL,"
    "  value INTEGER NOT NULL,"
    "  PRIMARY KEY(series, ts, stack)) STRICT, WITHOUT ROWID;",
    NULL,
};

static void insert_rows(
    struct db *db, const struct bench_world *w, size_t profile)
{
    const struct bench_pattern *p = &w->patterns[profile % BENCH_PATTERNS];
    struct db_stmt *s;
    if (db_prepare(db, "INSERT INTO sample VALUES(?1, ?2, ?3, ?4)", &s))
        bench_die("prepare", db_why(db));
    for (size_t i = 0; i < p->n; i++) {
        db_bind_int(s, 1, (int64_t)(profile % INSTANCES));
        db_bind_int(s, 2, time_of(profile));
        db_bind_int(s, 3, p->values[i].stack);
        db_bind_int(s, 4, p->values[i].value);
        if (db_run(s))
            bench_die("insert", db_why(db));
    }
}

static struct cost run_rows(const struct bench_world *w, const char *dir)
{
    static const struct db_schema schema = {row_steps};
    struct fk_diag diag = {""};
    struct db *db;
    char path[256];
    snprintf(path, sizeof path, "%s/rows.db", dir);
    if (db_open(path, &schema, DB_WRITE, &db, &diag))
        bench_die("open", diag.text);
    struct cost began = cost_now();
    for (size_t i = 0; i < ROW_PROFILES; i++) {
        if (i % GROUP == 0 && db_begin(db, "a group"))
            bench_die("begin", db_why(db));
        insert_rows(db, w, i);
        if (i % GROUP == GROUP - 1 && db_commit(db))
            bench_die("commit", db_why(db));
    }
    struct cost cost = cost_since(&began, ROW_PROFILES);
    db_close(db);
    return cost;
}

/* ---- the store ---- */

static _Atomic size_t profiles_done;

static void on_done(void *arg, enum fk_err err, const char *why)
{
    (void)arg;
    if (err)
        bench_die("append", why);
    profiles_done += GROUP;
}

static void send(struct store_tenant *t, const struct store_batch *batch)
{
    struct fk_diag diag = {""};
    enum fk_err err;
    while ((err = store_sqlite_ops.append(t, batch, on_done, NULL, &diag)) ==
           FK_ERR_FULL)
        usleep(500);
    if (err)
        bench_die("append", diag.text);
}

/* Until all are durable. */
static struct cost run_store(const struct bench_world *w, const char *dir)
{
    struct store_options options;
    struct store *store;
    struct store_tenant *t;
    struct fk_diag diag = {""};
    struct store_profile *profiles = calloc(GROUP, sizeof *profiles);
    struct store_batch batch = bench_batch(w, profiles, GROUP);
    store_options_init(&options);
    options.dir = dir;
    options.keep_days = 0;
    if (!profiles || store_sqlite_ops.open(&options, &store, &diag) ||
        store_sqlite_ops.tenant(store, FK_SLICE("bench"), &t, &diag))
        bench_die("open", diag.text);
    struct cost began = cost_now();
    for (size_t i = 0; i < STORE_PROFILES; i += GROUP) {
        for (size_t k = 0; k < GROUP; k++)
            bench_profile(&profiles[k], w, i + k,
                (uint32_t)((i + k) % INSTANCES), time_of(i + k));
        send(t, &batch);
    }
    while (profiles_done < STORE_PROFILES)
        usleep(200);
    struct cost cost = cost_since(&began, STORE_PROFILES);
    store_sqlite_ops.close(store);
    free(profiles);
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
