#include "tests/bench_store.h"

#include "server/db.h"

#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

/* Of batches that are durable. Waited for, not polled: looking costs CPU
 * time, which is what is measured. */
static sem_t done;

void bench_store_open(struct bench_store *b, struct bench_world *world,
    const struct store_options *options)
{
    struct fk_diag diag = {""};
    *b = (struct bench_store){.world = world};
    sem_init(&done, 0, 0);
    if (store_sqlite_ops.open(options, &b->store, &diag) ||
        store_sqlite_ops.tenant(b->store, FK_SLICE("bench"), &b->tenant, &diag))
        bench_die("open", diag.text);
}

void bench_store_close(struct bench_store *b)
{
    store_sqlite_ops.close(b->store);
}

static void on_done(void *arg, enum fk_err err, const char *why)
{
    (void)arg;
    if (err)
        bench_die("append", why);
    sem_post(&done);
}

void bench_store_append(struct bench_store *b)
{
    struct store_batch batch = bench_batch(b->world, b->profiles, BENCH_GROUP);
    struct fk_diag diag = {""};
    enum fk_err err;
    while ((err = store_sqlite_ops.append(
                b->tenant, &batch, on_done, NULL, &diag)) == FK_ERR_FULL)
        usleep(500);
    if (err)
        bench_die("append", diag.text);
    b->appended += BENCH_GROUP;
    b->waiting++;
}

void bench_store_wait(struct bench_store *b)
{
    for (; b->waiting; b->waiting--)
        while (sem_wait(&done))
            continue; /* a signal came */
}

void bench_store_wait_sealed(const struct bench_store *b)
{
    struct store_stats stats;
    uint64_t rounds = 0;
    do {
        usleep(10000);
        store_sqlite_ops.stats(b->store, &stats);
        rounds = rounds ? rounds : stats.seal_rounds + 2;
    } while (!stats.idle_tenants || stats.seal_rounds < rounds);
}

/* ---- a row a sample ---- */

struct db *bench_rows_open(const char *dir)
{
    static const char *const steps[] = {
        "CREATE TABLE sample(series INTEGER NOT NULL, ts INTEGER NOT NULL,"
        "  stack INTEGER NOT NULL, value INTEGER NOT NULL,"
        "  PRIMARY KEY(series, ts, stack)) STRICT, WITHOUT ROWID;",
        NULL,
    };
    static const struct db_schema schema = {steps};
    struct fk_diag diag = {""};
    struct db *db;
    char path[256];
    snprintf(path, sizeof path, "%s/rows.db", dir);
    if (db_open(path, &schema, DB_WRITE, &db, &diag))
        bench_die("open", diag.text);
    return db;
}

size_t bench_rows_add(struct db *db, const struct bench_pattern *p,
    int64_t series, int64_t time_ms)
{
    struct db_stmt *s;
    if (db_prepare(db, "INSERT INTO sample VALUES(?1, ?2, ?3, ?4)", &s))
        bench_die("prepare", db_why(db));
    for (size_t i = 0; i < p->n; i++) {
        db_bind_int(s, 1, series);
        db_bind_int(s, 2, time_ms);
        db_bind_int(s, 3, p->values[i].stack);
        db_bind_int(s, 4, p->values[i].value);
        if (db_run(s))
            bench_die("insert", db_why(db));
    }
    return p->n;
}
