#include "agent/census.h"

#include <pthread.h>

#include "common/clock.h"
#include "tests/tap.h"

#define MS FK_NS_PER_MS

TEST(dear_looks_are_rare_and_changes_are_seen_soon)
{
    static const struct {
        const char *what;
        uint64_t threads, cost_us;
        int64_t due_ms; /* the first moment */
    } rows[] = {
        {"few threads: ten times a second", 100, 150, 100},
        {"a thousand of them", 100, 2000, 1000},
        {"a thousand, and one is new", 101, 2000, 100},
        {"five thousand", 100, 12000, 5000},
        {"five thousand, and one is gone", 99, 12000, 120},
        {"whatever it cost, some time", 100, 900000, 5000},
    };
    struct fk_census c = {.threads = 0};
    CHECK(fk_census_due(&c, 1, 0));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t due = 7 * MS + rows[i].due_ms * MS;
        fk_census_taken(&c, 7 * MS, 100, (int64_t)rows[i].cost_us * 1000);
        tap_diag("%s", rows[i].what);
        CHECK(!fk_census_due(&c, due - 1, rows[i].threads));
        CHECK(fk_census_due(&c, due, rows[i].threads));
    }
}

static pthread_barrier_t barrier;

static void *wait_here(void *arg)
{
    pthread_barrier_wait(&barrier);
    return arg;
}

TEST(threads_are_counted)
{
    pthread_t threads[10];
    uint64_t before = fk_census_threads();
    CHECK(before >= 1);
    pthread_barrier_init(&barrier, NULL, 11);
    for (int i = 0; i < 10; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_here, NULL), 0);
    CHECK_INT(fk_census_threads(), before + 10);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
}

TAP_MAIN
