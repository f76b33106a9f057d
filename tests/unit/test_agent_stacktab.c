#include "agent/stacktab.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/pages.h"
#include "agent/stacktab_layout.h"
#include "common/clock.h"
#include "tests/tap.h"

struct seen {
    uint64_t weight, traces, deepest;
    uint64_t by_tid[16];
    bool odd; /* a trace that nobody put in */
};

/* Traces of the tests below: pcs[i] = first + i. */
static void see(void *arg, const struct fk_trace *t, uint64_t weight)
{
    struct seen *seen = arg;
    seen->weight += weight;
    seen->traces++;
    if (t->depth > seen->deepest)
        seen->deepest = t->depth;
    if ((unsigned)t->tid < 16)
        seen->by_tid[t->tid] += weight;
    for (uint32_t i = 1; i < t->depth; i++)
        if (t->pcs[i] != t->pcs[0] + i)
            seen->odd = true;
}

static bool add(struct fk_stacktab *table, uintptr_t first, uint32_t depth,
    pid_t tid, uint64_t weight)
{
    uintptr_t pcs[FK_TRACE_MAX];
    for (uint32_t i = 0; i < depth; i++)
        pcs[i] = first + i;
    struct fk_trace t = {.pcs = pcs, .depth = depth, .tid = tid};
    uint32_t g = fk_stacktab_enter(table);
    bool ok = fk_stacktab_add(table, g, &t, weight);
    fk_stacktab_leave(table, g);
    return ok;
}

TEST(equal_traces_are_counted_together_and_drained_once)
{
    struct fk_stacktab *table = fk_stacktab_new();
    CHECK(add(table, 100, 10, 0, 1));
    CHECK(add(table, 100, 10, 0, 4));
    CHECK(add(table, 100, 11, 0, 1)); /* deeper */
    CHECK(add(table, 100, 10, 5, 1)); /* another thread */
    CHECK(add(table, 101, 10, 0, 1)); /* another place */
    struct seen seen = {0};
    uint64_t lost = 0;
    CHECK_INT(fk_stacktab_drain(table, 0, see, &seen, &lost), FK_OK);
    CHECK_INT(seen.traces, 4);
    CHECK_INT(seen.weight, 8);
    CHECK_INT(seen.by_tid[5], 1);
    CHECK(!seen.odd);
    CHECK_INT(lost, 0);
    struct seen again = {0};
    CHECK_INT(fk_stacktab_drain(table, 0, see, &again, &lost), FK_OK);
    CHECK_INT(again.traces, 0);
}

TEST(the_deepest_trace_comes_back_whole)
{
    struct fk_stacktab *table = fk_stacktab_new();
    struct seen seen = {0};
    uint64_t lost = 0;
    CHECK(add(table, 1, FK_TRACE_MAX, 0, 1));
    CHECK_INT(fk_stacktab_drain(table, 0, see, &seen, &lost), FK_OK);
    CHECK_INT(seen.deepest, FK_TRACE_MAX);
    CHECK(!seen.odd);
}

TEST(what_does_not_fit_is_counted_and_the_table_recovers)
{
    struct fk_stacktab *table = fk_stacktab_new();
    uint64_t put = 0, refused = 0;
    for (uintptr_t i = 0; i < 2 * FK_STACKTAB_SLOTS; i++) {
        bool ok = add(table, i * 1000, 64, 0, 1);
        put += ok;
        refused += !ok;
    }
    struct seen seen = {0};
    uint64_t lost = 0;
    CHECK_INT(fk_stacktab_drain(table, 0, see, &seen, &lost), FK_OK);
    CHECK(refused > 0);
    CHECK(lost > 0); /* the arena was full before the slots were */
    CHECK_INT(seen.weight + lost, put);
    CHECK(!seen.odd);
    CHECK(add(table, 7, 64, 0, 3));
    struct seen after = {0};
    lost = 0;
    CHECK_INT(fk_stacktab_drain(table, 0, see, &after, &lost), FK_OK);
    CHECK_INT(after.weight, 3);
    CHECK_INT(lost, 0);
}

TEST(a_drain_waits_for_who_is_inside)
{
    struct fk_stacktab *table = fk_stacktab_new();
    CHECK(add(table, 1, 3, 0, 1));
    uint32_t g = fk_stacktab_enter(table);
    struct seen seen = {0};
    uint64_t lost = 0;
    CHECK_INT(fk_stacktab_drain(table, FK_NS_PER_MS, see, &seen, &lost),
        FK_ERR_RETRY);
    CHECK_INT(seen.traces, 0);
    CHECK(add(table, 2, 3, 0, 1)); /* the next interval */
    fk_stacktab_leave(table, g);
    CHECK_INT(fk_stacktab_drain(table, FK_NS_PER_MS, see, &seen, &lost), FK_OK);
    CHECK_INT(seen.weight, 1);
    CHECK_INT(fk_stacktab_drain(table, 0, see, &seen, &lost), FK_OK);
    CHECK_INT(seen.weight, 2);
}

#define WRITERS 6
#define ROUNDS  200000

static struct fk_stacktab *shared_table;
static _Atomic int running;

static void *write_many(void *arg)
{
    pid_t tid = (pid_t)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++)
        if (!add(shared_table, (i * 7919u % 500) * 1000, 1 + i % 60, tid, 1))
            atomic_store(&running, -100);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

TEST(nothing_is_lost_or_torn_under_concurrent_threads)
{
    shared_table = fk_stacktab_new();
    atomic_store(&running, WRITERS);
    pthread_t threads[WRITERS];
    for (uintptr_t i = 0; i < WRITERS; i++)
        CHECK_INT(
            pthread_create(&threads[i], NULL, write_many, (void *)(i + 1)), 0);
    struct seen seen = {0};
    uint64_t lost = 0;
    while (atomic_load(&running) > 0)
        CHECK_INT(fk_stacktab_drain(
                      shared_table, FK_NS_PER_S * 10, see, &seen, &lost),
            FK_OK);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(fk_stacktab_drain(shared_table, 0, see, &seen, &lost), FK_OK);
    CHECK_INT(fk_stacktab_drain(shared_table, 0, see, &seen, &lost), FK_OK);
    CHECK_INT(atomic_load(&running), 0);
    CHECK(!seen.odd);
    CHECK_INT(lost, 0);
    for (int i = 1; i <= WRITERS; i++)
        CHECK_INT(seen.by_tid[i], ROUNDS);
}

/* How many of the whole pages within [at, at + size) are in memory. */
static size_t pages_there(const void *at, size_t size, size_t *pages)
{
    unsigned char there[4096];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;
    uintptr_t lo = ((uintptr_t)at + page - 1) / page * page;
    *pages = ((uintptr_t)at + size - lo) / page;
    CHECK(*pages <= sizeof(there));
    CHECK_INT(mincore((void *)lo, *pages * page, there), 0);
    for (size_t i = 0; i < *pages; i++)
        n += there[i] & 1;
    return n;
}

static bool kernel_populates(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), one;
    void *m = mmap(
        NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(m != MAP_FAILED);
    fk_pages_populate(m, page);
    return pages_there(m, page, &one) == 1;
}

/* A handler that makes pages takes ten times as long. */
TEST(what_handlers_write_to_is_there_before_they_do)
{
    if (!kernel_populates())
        tap_skip("this kernel makes no pages in advance");
    struct fk_stacktab *table = fk_stacktab_new();
    size_t pages;
    CHECK_INT(pages_there(table, sizeof(*table), &pages), 0);
    fk_stacktab_populate(table);
    for (int i = 0; i < 2; i++) {
        struct fk_generation *g = &table->generation[i];
        size_t there = pages_there(g->slots, sizeof(g->slots), &pages);
        CHECK_INT(there, pages);
        CHECK(pages_there(g->words, 64 << 10, &pages) == pages);
    }
}

TAP_MAIN
