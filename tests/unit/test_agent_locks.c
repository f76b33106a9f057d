/* Locks as the agent sees them, in a program that links its hooks. Numbers
 * are the pitfalls of the agent's design. */
#include "agent/locks.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

enum { CONTENTIONS, DELAY };

#ifdef FK_SANITIZED

TEST(the_hooks_stand_where_the_sanitizer_stands)
{
    tap_skip("a sanitizer has its own locks in front");
}

#else

static void start(void)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_LOCK;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_flush(5000);
}

static struct received upload(void)
{
    struct received r;
    size_t len;
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned n = fake_server_count(host_server());
    const void *body = fake_server_body(host_server(), n - 1, &len);
    received_read(&r, body, len);
    return r;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Atomic int64_t waited_ns;

__attribute__((noipa)) static void wait_here(void)
{
    int64_t before = fk_mono_ns();
    pthread_mutex_lock(&mutex);
    atomic_fetch_add(&waited_ns, fk_mono_ns() - before);
    host_nap_ms(1);
    pthread_mutex_unlock(&mutex);
    __asm__ volatile("");
}

static void *contend(void *unused)
{
    for (int i = 0; i < 200; i++)
        wait_here();
    return unused;
}

TEST_TIMED(delays_add_up_at_the_waiter, 60)
{
    start();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, contend, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    struct received r = upload();
    double got = (double)received_of(&r, DELAY, "wait_here");
    double error = got / (double)waited_ns - 1;
    tap_diag(
        "waited %.1f ms, %.2f %% off", (double)waited_ns / 1e6, 100 * error);
    CHECK(fabs(error) < 0.05);
    CHECK(received_of(&r, CONTENTIONS, "wait_here") > 100);
    /* 36: the agent's own locks are nobody's business. */
    CHECK_INT(received_of(&r, CONTENTIONS, "fk_registry_lock"), 0);
    CHECK_INT(received_of(&r, CONTENTIONS, "worker_main"), 0);
    CHECK_INT(received_total(&r, DELAY), (int64_t)got);
    received_free(&r);
}

static void init_kind(pthread_mutex_t *m, int kind, int robust)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, kind);
    pthread_mutexattr_setrobust(&attr, robust);
    pthread_mutex_init(m, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void *die_holding(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

TEST(pitfall_35_kinds_of_mutexes_stay_what_they_are)
{
    pthread_mutex_t checking, recursive, robust;
    pthread_t thread;
    start();
    init_kind(&checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
    CHECK_INT(pthread_mutex_lock(&checking), 0);
    CHECK_INT(pthread_mutex_lock(&checking), EDEADLK);
    CHECK_INT(pthread_mutex_unlock(&checking), 0);
    CHECK_INT(pthread_mutex_unlock(&checking), EPERM);

    init_kind(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    for (int i = 0; i < 5; i++)
        CHECK_INT(pthread_mutex_lock(&recursive), 0);
    for (int i = 0; i < 5; i++)
        CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), EPERM);

    init_kind(&robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
    pthread_create(&thread, NULL, die_holding, &robust);
    pthread_join(thread, NULL);
    CHECK_INT(pthread_mutex_lock(&robust), EOWNERDEAD);
    CHECK_INT(pthread_mutex_consistent(&robust), 0);
    CHECK_INT(pthread_mutex_unlock(&robust), 0);
}

static struct timespec in_ms(clockid_t clock, int64_t ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    int64_t ns = t.tv_nsec + ms * FK_NS_PER_MS;
    return (struct timespec){t.tv_sec + ns / FK_NS_PER_S, ns % FK_NS_PER_S};
}

static void *try_timed(void *ms_waited)
{
    int64_t before = fk_mono_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 50);
    CHECK_INT(pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
    t = in_ms(CLOCK_MONOTONIC, 50);
    CHECK_INT(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &t), ETIMEDOUT);
    t = in_ms(CLOCK_REALTIME, 50);
    CHECK_INT(pthread_rwlock_timedrdlock(&rwlock, &t), ETIMEDOUT);
    t = in_ms(CLOCK_REALTIME, 50);
    CHECK_INT(pthread_rwlock_timedwrlock(&rwlock, &t), ETIMEDOUT);
    *(int64_t *)ms_waited = (fk_mono_ns() - before) / FK_NS_PER_MS;
    return NULL;
}

TEST(pitfall_35_timed_locks_time_out)
{
    pthread_t thread;
    int64_t ms = 0;
    start();
    CHECK_INT(pthread_mutex_lock(&mutex), 0);
    CHECK_INT(pthread_rwlock_wrlock(&rwlock), 0);
    CHECK_INT(pthread_rwlock_rdlock(&rwlock), EDEADLK);
    pthread_create(&thread, NULL, try_timed, &ms);
    pthread_join(thread, NULL);
    CHECK(ms >= 200 && ms < 2000);
    struct received r = upload();
    int64_t delay = received_of(&r, DELAY, "try_timed");
    CHECK(delay > 195 * FK_NS_PER_MS && delay < (ms + 5) * FK_NS_PER_MS);
    received_free(&r);
}

static void *read_twice(void *unused)
{
    CHECK_INT(pthread_rwlock_rdlock(&rwlock), 0);
    host_nap_ms(20);
    CHECK_INT(pthread_rwlock_unlock(&rwlock), 0);
    return unused;
}

TEST(readers_do_not_wait_for_readers)
{
    pthread_t thread;
    start();
    CHECK_INT(pthread_rwlock_rdlock(&rwlock), 0);
    pthread_create(&thread, NULL, read_twice, NULL);
    pthread_join(thread, NULL);
    CHECK_INT(pthread_rwlock_unlock(&rwlock), 0);
    CHECK_INT(host_stats().lock_samples, 0);
}

#endif

TAP_MAIN
