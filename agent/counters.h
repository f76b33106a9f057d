/*
 * What the agent counts about itself. Every loss on the way of a sample has
 * a counter here, and they add up:
 *   samples = weight_uploaded + weight_unpacked (fitted into no profile)
 *             + weight_unsent (of uploads given up) + what still waits
 * and wall_ns in the same way.
 * Relaxed atomics, written from signal handlers too. Zeroed when profiling
 * starts.
 */
#ifndef FK_AGENT_COUNTERS_H
#define FK_AGENT_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#define FK_NUM_STOPS 8 /* room for enum fk_stop of agent/unwind.h */

struct fk_counters {
    /* Those of every signal share a line of the cache. */
    _Atomic uint64_t signals, samples, stops[FK_NUM_STOPS];
    _Atomic uint64_t lost, truncated, ignored;
    _Atomic uint64_t threads, no_timer, blocked; /* now */
    _Atomic uint64_t lost_labelsets, cpu_unsampled_ns;
    _Atomic uint64_t uploads_ok, uploads_failed, uploads_dropped;
    _Atomic uint64_t weight_uploaded, weight_unpacked, weight_unsent;
    _Atomic uint64_t wall_uploaded_ns, wall_unpacked_ns, wall_unsent_ns;
    _Atomic uint64_t wall_ns, wall_lost_ns, wall_looks, wall_moved;
    _Atomic uint64_t wall_round_ns, wall_cpu_ns, wall_limits; /* now */
    _Atomic uint64_t heap_samples, heap_lost, lock_samples, lock_lost;
    _Atomic uint64_t bytes_sent, queued, queued_bytes;
};

extern struct fk_counters fk_counters;

static inline void fk_count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t fk_counted(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void fk_count_set(_Atomic uint64_t *gauge, uint64_t n)
{
    atomic_store_explicit(gauge, n, memory_order_relaxed);
}

#endif
