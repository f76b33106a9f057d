/*
 * Mutexes and read-write locks, in front of the C library's. The lock is
 * tried first: whatever else than "busy" comes back is the answer, so
 * error-checking, recursive and robust mutexes stay what they are. Condition
 * variables are left alone: their functions have two versions with different
 * layouts, and the wall-clock profile shows them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "agent/locks.h"
#include "agent/preload/real.h"

#define FRONT FLAMEKIT_API __attribute__((noinline))

typedef int mutex_fn(pthread_mutex_t *);
typedef int timed_fn(pthread_mutex_t *, const struct timespec *);
typedef int clock_fn(pthread_mutex_t *, clockid_t, const struct timespec *);
typedef int rw_fn(pthread_rwlock_t *);
typedef int rw_timed_fn(pthread_rwlock_t *, const struct timespec *);

static mutex_fn first_lock, first_trylock;
static timed_fn first_timedlock;
static clock_fn first_clocklock;
static rw_fn first_rdlock, first_wrlock, first_tryrdlock, first_trywrlock;
static rw_timed_fn first_timedrdlock, first_timedwrlock;

/* Each begins as a function that finds all of them and calls the right one. */
static struct {
    mutex_fn *lock, *trylock;
    timed_fn *timedlock;
    clock_fn *clocklock;
    rw_fn *rdlock, *wrlock, *tryrdlock, *trywrlock;
    rw_timed_fn *timedrdlock, *timedwrlock;
} real = {first_lock, first_trylock, first_timedlock, first_clocklock,
    first_rdlock, first_wrlock, first_tryrdlock, first_trywrlock,
    first_timedrdlock, first_timedwrlock};

static void search(void)
{
    real.trylock = (mutex_fn *)dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    real.timedlock = (timed_fn *)dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
    real.clocklock = (clock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_clocklock");
    real.rdlock = (rw_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");
    real.wrlock = (rw_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_wrlock");
    real.tryrdlock = (rw_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_tryrdlock");
    real.trywrlock = (rw_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_trywrlock");
    real.timedrdlock =
        (rw_timed_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_timedrdlock");
    real.timedwrlock =
        (rw_timed_fn *)dlsym(RTLD_NEXT, "pthread_rwlock_timedwrlock");
    real.lock = (mutex_fn *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
    fk_locks_hooked = true;
}

static int first_lock(pthread_mutex_t *m)
{
    search();
    return real.lock(m);
}

static int first_trylock(pthread_mutex_t *m)
{
    search();
    return real.trylock(m);
}

static int first_timedlock(pthread_mutex_t *m, const struct timespec *t)
{
    search();
    return real.timedlock(m, t);
}

static int first_clocklock(
    pthread_mutex_t *m, clockid_t clock, const struct timespec *t)
{
    search();
    return real.clocklock(m, clock, t);
}

static int first_rdlock(pthread_rwlock_t *l)
{
    search();
    return real.rdlock(l);
}

static int first_wrlock(pthread_rwlock_t *l)
{
    search();
    return real.wrlock(l);
}

static int first_tryrdlock(pthread_rwlock_t *l)
{
    search();
    return real.tryrdlock(l);
}

static int first_trywrlock(pthread_rwlock_t *l)
{
    search();
    return real.trywrlock(l);
}

static int first_timedrdlock(pthread_rwlock_t *l, const struct timespec *t)
{
    search();
    return real.timedrdlock(l, t);
}

static int first_timedwrlock(pthread_rwlock_t *l, const struct timespec *t)
{
    search();
    return real.timedwrlock(l, t);
}

/* ---- for the agent itself ------------------------------------------------
 */

int fk_real_pthread_mutex_lock(pthread_mutex_t *m)
{
    return real.lock(m);
}

int fk_real_pthread_mutex_clocklock(
    pthread_mutex_t *m, clockid_t clock, const struct timespec *t)
{
    return real.clocklock(m, clock, t);
}

/* ---- in front ------------------------------------------------------------
 */

static inline bool is_on(void)
{
    return atomic_load_explicit(&fk_locks_on, memory_order_relaxed);
}

#define CALLER __builtin_return_address(0)

/* The ways to wait, one a function that is put in front. */
#define FRONT_OF(name, arguments, attempt, wait)                               \
    FRONT int name arguments                                                   \
    {                                                                          \
        int rc = is_on() ? (attempt) : EBUSY;                                  \
        if (__builtin_expect(rc != EBUSY, 1))                                  \
            return rc;                                                         \
        int64_t begin = is_on() ? fk_locks_begin() : 0;                        \
        rc = (wait);                                                           \
        fk_locks_end(begin, CALLER);                                           \
        return rc;                                                             \
    }

FRONT_OF(
    pthread_mutex_lock, (pthread_mutex_t * m), real.trylock(m), real.lock(m))

FRONT_OF(pthread_mutex_timedlock,
    (pthread_mutex_t *restrict m, const struct timespec *restrict t),
    real.trylock(m), real.timedlock(m, t))

FRONT_OF(pthread_mutex_clocklock,
    (pthread_mutex_t *restrict m, clockid_t clock,
        const struct timespec *restrict t),
    real.trylock(m), real.clocklock(m, clock, t))

FRONT_OF(pthread_rwlock_rdlock, (pthread_rwlock_t * l), real.tryrdlock(l),
    real.rdlock(l))

FRONT_OF(pthread_rwlock_wrlock, (pthread_rwlock_t * l), real.trywrlock(l),
    real.wrlock(l))

FRONT_OF(pthread_rwlock_timedrdlock,
    (pthread_rwlock_t *restrict l, const struct timespec *restrict t),
    real.tryrdlock(l), real.timedrdlock(l, t))

FRONT_OF(pthread_rwlock_timedwrlock,
    (pthread_rwlock_t *restrict l, const struct timespec *restrict t),
    real.trywrlock(l), real.timedwrlock(l, t))
