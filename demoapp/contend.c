#include "demoapp/contend.h"

#include "demoapp/teaching.h"
#include "demoapp/wait.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { SPINS_BEFORE_YIELD = 2000 };

static pthread_mutex_t mutexes[CONTEND_SHARDS_MAX] = {
    [0 ... CONTEND_SHARDS_MAX - 1] = PTHREAD_MUTEX_INITIALIZER};
static atomic_int spins[CONTEND_SHARDS_MAX];
static _Atomic unsigned turn;

static unsigned next_shard(unsigned shards)
{
    return atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed) % shards;
}

TEACHING void hold_mutex(unsigned shards)
{
    pthread_mutex_t *lock = &mutexes[next_shard(shards)];
    pthread_mutex_lock(lock);
    wait_ms(CONTEND_HELD_MS);
    pthread_mutex_unlock(lock);
}

/* Yields now and then: on one core the holder would never wake up. */
static TEACHING void spin_acquire(atomic_int *lock)
{
    teaching_keep_frame();
    for (unsigned i = 1;
         atomic_exchange_explicit(lock, 1, memory_order_acquire); i++)
        if (i % SPINS_BEFORE_YIELD == 0)
            sched_yield();
}

TEACHING void hold_spin(unsigned shards)
{
    atomic_int *lock = &spins[next_shard(shards)];
    spin_acquire(lock);
    wait_ms(CONTEND_HELD_MS);
    atomic_store_explicit(lock, 0, memory_order_release);
}
