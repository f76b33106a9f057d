/* The half that runs in signal handlers: memory that is there already, atomic
 * operations and bounded loops. */
#include "agent/stacktab.h"

#include "agent/stacktab_layout.h"
#include "common/hash.h"

#define MAX_PROBES 64

/* Runs in the handler: no call may go through a resolver, so no memcpy. */
static uint64_t trace_hash(const struct fk_trace *trace)
{
    uint64_t h = fk_hash_mix(
        (uintptr_t)trace->labels ^ (uint64_t)(uint32_t)trace->tid << 17 ^
        (uint64_t)trace->depth << 50 ^ (uint64_t)trace->flags << 62);
    for (uint32_t i = 0; i < trace->depth; i++)
        h = (h ^ trace->pcs[i]) * 0x9e3779b97f4a7c15u + (h >> 29);
    h = fk_hash_mix(h);
    return h ? h : 1; /* 0 marks a free slot */
}

static uint32_t store_words(
    struct fk_generation *g, const struct fk_trace *trace)
{
    uint32_t need = FK_KEY_WORDS + trace->depth;
    uint32_t at =
        atomic_fetch_add_explicit(&g->next, need, memory_order_relaxed);
    if (at > FK_STACKTAB_WORDS - need) {
        /* Stay near the end, so that the counter never wraps. */
        atomic_fetch_sub_explicit(&g->next, need, memory_order_relaxed);
        return 0;
    }
    uint64_t *w = &g->words[at];
    w[0] = (uintptr_t)trace->labels;
    w[1] = (uint64_t)(uint32_t)trace->tid << 32 |
           (uint64_t)(trace->flags & 0xffffu) << 16 | trace->depth;
    for (uint32_t i = 0; i < trace->depth; i++)
        w[FK_KEY_WORDS + i] = trace->pcs[i];
    return at + 1;
}

uint32_t fk_stacktab_enter(struct fk_stacktab *table)
{
    for (;;) {
        uint32_t now = atomic_load(&table->current);
        struct fk_generation *g = &table->generation[now];
        atomic_fetch_add(&g->inside, 1);
        /* A flip between the two loads sends us round once more; it takes a
         * whole drain for it to happen again. */
        if (atomic_load(&table->current) == now)
            return now;
        atomic_fetch_sub(&g->inside, 1);
    }
}

void fk_stacktab_leave(struct fk_stacktab *table, uint32_t generation)
{
    atomic_fetch_sub(&table->generation[generation].inside, 1);
}

bool fk_stacktab_add(struct fk_stacktab *table, uint32_t generation,
    const struct fk_trace *trace, uint64_t weight)
{
    struct fk_generation *g = &table->generation[generation];
    uint64_t hash = trace_hash(trace);
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        struct fk_slot *slot = &g->slots[(hash + i) % FK_STACKTAB_SLOTS];
        uint64_t seen = atomic_load_explicit(&slot->hash, memory_order_relaxed);
        if (seen == 0 &&
            atomic_compare_exchange_strong_explicit(&slot->hash, &seen, hash,
                memory_order_relaxed, memory_order_relaxed)) {
            atomic_store_explicit(
                &slot->entry, store_words(g, trace), memory_order_release);
            seen = hash;
        }
        if (seen != hash)
            continue;
        atomic_fetch_add_explicit(&slot->weight, weight, memory_order_relaxed);
        return true;
    }
    return false;
}
