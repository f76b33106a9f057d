/*
 * The heap: which stacks allocate how much, and what of it is still in use.
 * Every byte has the same chance to be sampled, one in alloc_sample_bytes;
 * a sampled block stands for as many as its size says it must.
 *
 * The interposers (agent/preload/malloc.c) call the two inline functions;
 * both cost a thread-local subtraction or one look at a bit when nothing is
 * to do.
 *
 * Threads: any. errno is kept. The agent's own threads, and allocations made
 * while a sample is taken, are not looked at.
 * Limits: FK_HEAP_LIVE sampled blocks in use, those of agent/sites.h; what
 * does not fit is counted in heap_lost.
 */
#ifndef FK_AGENT_HEAP_H
#define FK_AGENT_HEAP_H

#include "agent/profile.h"

#include <stdatomic.h>

#define FK_HEAP_LIVE        65536
#define FK_HEAP_FILTER_LOG  16 /* 8 KB: the host's data want the cache, too */
#define FK_HEAP_FILTER_BITS (1u << FK_HEAP_FILTER_LOG)

/* Is there an interposer in this process? It says so itself. */
extern bool fk_heap_hooked;

extern _Thread_local int64_t fk_heap_credit;
extern _Atomic uint64_t fk_heap_filter[FK_HEAP_FILTER_BITS / 64];

/* Start; -ENOMEM. `mean` bytes; `inuse` follows blocks until they are freed.
 */
int fk_heap_start(uint64_t mean, bool alloc, bool inuse);
void fk_heap_stop(void);
/* Drains into a memory profile; a fk_source. Agent thread only. */
enum fk_err fk_heap_drain(void *unused, struct fk_profile *p, uint64_t *lost);

void fk_heap_sample(void *block, size_t size, const void *caller);

/* A block of the live table. */
struct fk_heap_block {
    uint32_t site; /* FK_SITES_NONE: it was not sampled */
    int64_t objects, bytes;
};

struct fk_heap_block fk_heap_remove(void *block);
void fk_heap_put_back(void *block, const struct fk_heap_block *gone);
/* fk_heap_may_know(block) holds from now on. */
void fk_heap_suspect(const void *block);

void fk_heap_fork_prepare(void);
void fk_heap_fork_done(void);

static inline uint32_t fk_heap_bit(const void *block)
{
    return (uint32_t)(((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15u >>
                      (64 - FK_HEAP_FILTER_LOG));
}

/* After an allocation that succeeded: is it one for fk_heap_sample? */
static inline bool fk_heap_is_due(size_t size)
{
    fk_heap_credit -= (int64_t)size;
    return __builtin_expect(fk_heap_credit < 0, 0);
}

/* May this block have been sampled? Before it is freed. */
static inline bool fk_heap_may_know(const void *block)
{
    uint32_t bit = fk_heap_bit(block);
    return __builtin_expect(
        atomic_load_explicit(&fk_heap_filter[bit / 64], memory_order_relaxed) >>
                (bit % 64) &
            1,
        0);
}

#endif
