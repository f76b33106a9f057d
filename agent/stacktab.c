#include "agent/stacktab.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "common/hash.h"

#define MAX_PROBES 64
#define KEY_WORDS  2 /* labels; tid, flags and depth */

/* `hash` 0 is free. `entry` is the arena position plus one, published after
 * the words are written; 0 with a hash: no room was left for the words. */
struct slot {
    _Atomic uint64_t hash;
    _Atomic uint64_t weight;
    _Atomic uint32_t entry;
};

struct generation {
    _Atomic uint32_t inside; /* handlers at work here */
    _Atomic uint32_t next;   /* free word of the arena */
    struct slot slots[FK_STACKTAB_SLOTS];
    uint64_t words[FK_STACKTAB_WORDS];
};

struct fk_stacktab {
    _Atomic uint32_t current;
    bool pending; /* the other generation waits to be read */
    struct generation generation[2];
};

struct fk_stacktab *fk_stacktab_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct fk_stacktab), PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

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

static uint32_t store_words(struct generation *g, const struct fk_trace *trace)
{
    uint32_t need = KEY_WORDS + trace->depth;
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
        w[KEY_WORDS + i] = trace->pcs[i];
    return at + 1;
}

uint32_t fk_stacktab_enter(struct fk_stacktab *table)
{
    for (;;) {
        uint32_t now = atomic_load(&table->current);
        struct generation *g = &table->generation[now];
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
    struct generation *g = &table->generation[generation];
    uint64_t hash = trace_hash(trace);
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        struct slot *slot = &g->slots[(hash + i) % FK_STACKTAB_SLOTS];
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

static bool wait_until_left(struct generation *g, int64_t wait_ns)
{
    int64_t deadline = fk_mono_ns() + wait_ns;
    while (atomic_load(&g->inside) != 0) {
        if (fk_mono_ns() > deadline)
            return false;
        fk_sleep_until_mono(fk_mono_ns() + 50000);
    }
    return true;
}

static void read_slot(struct generation *g, struct slot *slot, fk_trace_fn fn,
    void *arg, uint64_t *lost)
{
    uint64_t weight = atomic_load_explicit(&slot->weight, memory_order_relaxed);
    uint32_t entry = atomic_load_explicit(&slot->entry, memory_order_acquire);
    if (entry == 0) {
        *lost += weight;
        return;
    }
    const uint64_t *w = &g->words[entry - 1];
    struct fk_trace trace = {
        .labels = (flamekit_labels)(uintptr_t)w[0],
        .tid = (pid_t)(w[1] >> 32),
        .flags = (uint32_t)(w[1] >> 16) & 0xffffu,
        .depth = (uint32_t)w[1] & 0xffffu,
        .pcs = w + KEY_WORDS,
    };
    fn(arg, &trace, weight);
}

enum fk_err fk_stacktab_drain(struct fk_stacktab *table, int64_t wait_ns,
    fk_trace_fn fn, void *arg, uint64_t *lost)
{
    uint32_t now = atomic_load(&table->current);
    struct generation *old = &table->generation[now ^ 1];
    if (!table->pending) {
        old = &table->generation[now];
        atomic_store(&table->current, now ^ 1);
        table->pending = true;
    }
    if (!wait_until_left(old, wait_ns))
        return FK_ERR_RETRY;
    for (uint32_t i = 0; i < FK_STACKTAB_SLOTS; i++) {
        struct slot *slot = &old->slots[i];
        if (atomic_load_explicit(&slot->hash, memory_order_relaxed) == 0)
            continue;
        read_slot(old, slot, fn, arg, lost);
        atomic_store_explicit(&slot->weight, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->entry, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->hash, 0, memory_order_relaxed);
    }
    atomic_store_explicit(&old->next, 0, memory_order_relaxed);
    /* The next flip publishes the emptied generation. */
    table->pending = false;
    return FK_OK;
}

void fk_stacktab_reset(struct fk_stacktab *table)
{
    atomic_store(&table->current, 0);
    table->pending = false;
    for (int i = 0; i < 2; i++) {
        struct generation *g = &table->generation[i];
        atomic_store(&g->inside, 0);
        atomic_store(&g->next, 0);
        memset(g->slots, 0, sizeof(g->slots));
    }
}
