#include "agent/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/stacks.h"
#include "common/clock.h"
#include "tests/tap.h"

static unsigned gone_count;

static void on_gone(struct fk_thread *t)
{
    (void)t;
    gone_count++;
}

static unsigned count(void)
{
    unsigned n = 0;
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        n++;
    return n;
}

TEST(records_are_found_removed_and_used_again)
{
    CHECK(fk_registry_init());
    /* Ids that share buckets of the index, in every order of removal. */
    for (pid_t i = 1; i <= 1000; i++)
        CHECK(fk_registry_add(i * 8192) != NULL);
    CHECK(fk_registry_add(8192) == fk_registry_find(8192));
    for (pid_t i = 1; i <= 1000; i += 2)
        fk_registry_remove(fk_registry_find(i * 8192));
    CHECK_INT(count(), 500);
    for (pid_t i = 1; i <= 1000; i++)
        CHECK_INT(fk_registry_find(i * 8192) != NULL, i % 2 == 0);
    CHECK(fk_registry_add(77) != NULL);
    CHECK_INT(fk_registry_find(77)->timer, FK_NO_TIMER);
    fk_registry_clear();
    CHECK_INT(count(), 0);
}

TEST(a_full_registry_says_so)
{
    CHECK(fk_registry_init());
    for (pid_t i = 1; i <= FK_THREADS_MAX; i++)
        CHECK(fk_registry_add(i) != NULL);
    CHECK(fk_registry_add(FK_THREADS_MAX + 1) == NULL);
    fk_registry_remove(fk_registry_find(17));
    CHECK(fk_registry_add(FK_THREADS_MAX + 1) != NULL);
}

TEST(only_whole_records_are_ours)
{
    CHECK(fk_registry_init());
    struct fk_thread *t = fk_registry_add(5);
    CHECK(fk_registry_owns(t));
    CHECK(!fk_registry_owns((char *)t + 8));
    CHECK(!fk_registry_owns(t - 1));
    CHECK(!fk_registry_owns(t + FK_THREADS_MAX));
    CHECK(!fk_registry_owns(NULL));
}

static pthread_barrier_t barrier;

static void *wait_twice(void *arg)
{
    pthread_setname_np(pthread_self(), "waiter");
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return arg;
}

TEST(a_scan_sees_threads_come_and_go)
{
    CHECK(fk_registry_init());
    pthread_t threads[5];
    pthread_barrier_init(&barrier, NULL, 6);
    for (int i = 0; i < 5; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_twice, NULL), 0);
    pthread_barrier_wait(&barrier);
    CHECK(fk_registry_scan(on_gone));
    CHECK(count() >= 6); /* a sanitizer has threads of its own */
    unsigned named = 0;
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        named += strcmp(t->name, "waiter") == 0;
    CHECK_INT(named, 5);
    fk_registry_exclude((pid_t)syscall(SYS_gettid));
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
    /* The kernel lets go of a thread a moment after join. */
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (gone_count < 5 && fk_mono_ns() < until)
        CHECK(fk_registry_scan(on_gone));
    CHECK_INT(gone_count, 5);
    CHECK(count() >= 1);
}

/* ---- stacks ------------------------------------------------------------- */

static const char maps[] =
    "1000-2000 r-xp 00000000 fe:00 12 /usr/bin/x\n"
    "10000-20000 rw-p 00000000 00:00 0 \n"
    "30000-31000 ---p 00000000 00:00 0 \n"
    "31000-50000 rw-p 00000000 00:00 0 \n"
    "70000-90000 rw-p 00000000 00:00 0                          [stack]\n";

static const struct {
    const char *what;
    uintptr_t sp, tp, lo, hi;
} rows[] = {
    {"own stack ends at the thread block", 0x40000, 0x4f000, 0x31000, 0x4f000},
    {"main stack has its name", 0x80000, 0x15000, 0x70000, 0x90000},
    {"a coroutine's is never learnt", 0x15000, 0x4f000, 0, 0},
    {"nor is what is not mapped", 0x60000, 0x4f000, 0, 0},
};

TEST(only_a_threads_own_stack_is_learnt)
{
    CHECK(fk_registry_init());
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_thread *t = fk_registry_add((pid_t)(i + 1));
        atomic_store(&t->strange_sp, rows[i].sp);
        atomic_store(&t->strange_tp, rows[i].tp);
        /* fmemopen wants a pointer that is not const; it only reads. */
        FILE *f = fmemopen((void *)(uintptr_t)maps, sizeof(maps) - 1, "r");
        fk_stacks_learn_from(f);
        fclose(f);
        if (atomic_load(&t->stack_lo) != rows[i].lo ||
            atomic_load(&t->stack_hi) != rows[i].hi)
            tap_fail(__FILE__, __LINE__, "%s: %lx-%lx", rows[i].what,
                (unsigned long)t->stack_lo, (unsigned long)t->stack_hi);
        CHECK_INT(t->strange_sp, 0);
    }
}

TAP_MAIN
