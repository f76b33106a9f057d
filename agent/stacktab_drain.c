/* The half that runs on the agent's thread. */
#include "agent/stacktab_layout.h"

#include <string.h>
#include <sys/mman.h>

#include "agent/pages.h"
#include "common/clock.h"

#define FIRST_WORDS 32768 /* about a thousand stacks */

struct fk_stacktab *fk_stacktab_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct fk_stacktab), PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void fk_stacktab_populate(struct fk_stacktab *table)
{
    for (int i = 0; i < 2; i++) {
        struct fk_generation *g = &table->generation[i];
        fk_pages_populate(g->slots, sizeof(g->slots));
        fk_pages_populate(g->words, FIRST_WORDS * sizeof(g->words[0]));
    }
}

static bool wait_until_left(struct fk_generation *g, int64_t wait_ns)
{
    int64_t deadline = fk_mono_ns() + wait_ns;
    while (atomic_load(&g->inside) != 0) {
        if (fk_mono_ns() > deadline)
            return false;
        fk_sleep_until_mono(fk_mono_ns() + 50000);
    }
    return true;
}

static void read_slot(struct fk_generation *g, struct fk_slot *slot,
    fk_trace_fn fn, void *arg, uint64_t *lost)
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
        .pcs = w + FK_KEY_WORDS,
    };
    fn(arg, &trace, weight);
}

enum fk_err fk_stacktab_drain(struct fk_stacktab *table, int64_t wait_ns,
    fk_trace_fn fn, void *arg, uint64_t *lost)
{
    uint32_t now = atomic_load(&table->current);
    struct fk_generation *old = &table->generation[now ^ 1];
    if (!table->pending) {
        old = &table->generation[now];
        atomic_store(&table->current, now ^ 1);
        table->pending = true;
    }
    if (!wait_until_left(old, wait_ns))
        return FK_ERR_RETRY;
    for (uint32_t i = 0; i < FK_STACKTAB_SLOTS; i++) {
        struct fk_slot *slot = &old->slots[i];
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
        struct fk_generation *g = &table->generation[i];
        atomic_store(&g->inside, 0);
        atomic_store(&g->next, 0);
        memset(g->slots, 0, sizeof(g->slots));
    }
}
