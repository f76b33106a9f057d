/*
 * What benchmarks of the store share: a store that takes profiles by the
 * hundred, and beside it the schema that comes to mind first, a row a sample
 * in the same SQLite. A failure ends the program; one store at a time.
 */
#ifndef FK_TESTS_BENCH_STORE_H
#define FK_TESTS_BENCH_STORE_H

#include "tests/bench_world.h"

enum { BENCH_GROUP = 100, BENCH_STEP_MS = 10000 };

struct bench_store {
    struct bench_world *world;
    struct store *store;
    struct store_tenant *tenant;
    struct store_profile profiles[BENCH_GROUP]; /* to be appended */
    _Atomic size_t appended;
    size_t waiting; /* batches that may not be durable yet */
};

/* options->dir is made. */
void bench_store_open(struct bench_store *b, struct bench_world *world,
    const struct store_options *options);
void bench_store_close(struct bench_store *b);
/* b->profiles; waits while the queue is full. */
void bench_store_append(struct bench_store *b);
/* Until all that was appended is durable. */
void bench_store_wait(struct bench_store *b);
/* Until there is nothing left to add up. */
void bench_store_wait_sealed(const struct bench_store *b);

struct db *bench_rows_open(const char *dir);
/* A profile's values; the caller commits. Returns how many. */
size_t bench_rows_add(struct db *db, const struct bench_pattern *p,
    int64_t series, int64_t time_ms);

#endif
