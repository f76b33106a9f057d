/*
 * What lock profiling costs a mutex that is free, and how right the total of
 * the waits is. The C library's own functions are the base, in alternating
 * rounds of the same run.
 */
#include "agent/flamekit.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/locks.h"
#include "common/clock.h"

#define ROUNDS 1501
#define PAIRS  10000

typedef int lock_fn(pthread_mutex_t *);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t waited_ns;

__attribute__((noipa)) static double round_ns(lock_fn *lock)
{
    int64_t before = fk_mono_ns();
    for (unsigned i = 0; i < PAIRS; i++) {
        lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return (double)(fk_mono_ns() - before) / PAIRS;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* By the best hundredth of many short rounds: what a busy machine adds is all
 * above it. */
static double added_ns(lock_fn *plain)
{
    double a[ROUNDS], b[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        a[i] = round_ns(plain);
        b[i] = round_ns(pthread_mutex_lock);
    }
    qsort(a, ROUNDS, sizeof(a[0]), ascending);
    qsort(b, ROUNDS, sizeof(b[0]), ascending);
    printf("# a pair without: %.1f ns\n", a[ROUNDS / 100]);
    return b[ROUNDS / 100] - a[ROUNDS / 100];
}

static void *contend(void *unused)
{
    for (int i = 0; i < 300; i++) {
        int64_t before = fk_mono_ns();
        pthread_mutex_lock(&mutex);
        atomic_fetch_add(&waited_ns, fk_mono_ns() - before);
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static double drained_ns(const flamekit_config *config)
{
    struct fk_profile p;
    uint64_t lost = 0;
    double ns = 0;
    struct fk_arena arena;
    struct fk_pprof seen;
    struct fk_diag diag = {""};
    fk_arena_init(&arena, 64 << 20);
    fk_profile_init(&p, config, &fk_kind_mutex, 1);
    if (fk_locks_drain(NULL, &p, &lost) == FK_OK &&
        fk_profile_finish(&p, 0, 1) == FK_OK &&
        fk_pprof_read(
            fk_buf_slice(&p.writer.body), NULL, &arena, &seen, &diag) == FK_OK)
        for (uint32_t i = 0; i < seen.num_samples; i++)
            ns += (double)seen.samples[i].values[1];
    fk_profile_fini(&p);
    fk_arena_fini(&arena);
    return ns;
}

static double wait_error(const flamekit_config *config)
{
    pthread_t threads[2];
    drained_ns(config);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, contend, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 100 * fabs(drained_ns(config) / (double)waited_ns - 1);
}

static void tell(const char *name, double value, const char *unit, double goal)
{
    printf("bench %s %.2f %s goal %.0f %s\n", name, value, unit, goal,
        value <= goal ? "ok" : "short");
}

int main(void)
{
    flamekit_config config;
    /* Behind us in the order of look-up stands the C library's. */
    lock_fn *plain = (lock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
    flamekit_config_init(&config);
    config.application_name = "bench.locks";
    config.server_address = "http://127.0.0.1:9";
    config.log_level = FLAMEKIT_LOG_NONE;
    config.upload_interval_ms = 3600000;
    config.profile_types = FLAMEKIT_PROFILE_LOCK;
    if (flamekit_configure(&config) != 0)
        return 1;
    added_ns(plain);
    tell("mutex_uncontended", added_ns(plain), "ns", 4);
    tell("mutex_wait_error", wait_error(&config), "percent", 2);
    return 0;
}
