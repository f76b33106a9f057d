#include "agent/heap.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/capture.h"
#include "agent/counters.h"
#include "agent/own.h"
#include "agent/poisson.h"
#include "agent/sites.h"
#include "common/hash.h"

#define FIRST_SLOTS  1024       /* a power of two */
#define IDLE_CREDIT  (64 << 10) /* until a thread looks again */
#define SITE_AMOUNTS 2          /* alloc_objects, alloc_space */

bool fk_heap_hooked;
_Thread_local int64_t fk_heap_credit;
_Atomic uint64_t fk_heap_filter[FK_HEAP_FILTER_BITS / 64];
static _Thread_local bool begun;

struct live {
    uintptr_t block; /* 0: free */
    struct fk_heap_block is;
};

/* The ledger's lock guards live blocks and changes of the filter, too. What
 * is lost: bytes. */
static struct {
    struct fk_ledger ledger;
    _Atomic bool on;
    bool alloc, inuse;
    uint64_t mean;
    struct live *live; /* at most half full */
    uint32_t mask, num_live;
} heap = {.ledger.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- blocks in use -------------------------------------------------------
 */

static uint32_t slot_of(uintptr_t block)
{
    uint32_t i = (uint32_t)fk_hash_mix(block) & heap.mask;
    while (heap.live[i].block != 0 && heap.live[i].block != block)
        i = (i + 1) & heap.mask;
    return i;
}

static struct live *map_live(size_t slots)
{
    void *m = mmap(NULL, slots * sizeof(struct live), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return m == MAP_FAILED ? NULL : m;
}

/* As small as it can be: a sample shall find its slot in the cache. */
static bool make_room(void)
{
    uint32_t slots = heap.mask + 1;
    if (heap.num_live < slots / 2)
        return true;
    struct live *old = heap.live, *more = NULL;
    if (heap.num_live < FK_HEAP_LIVE)
        more = map_live(2 * (size_t)slots);
    if (more == NULL)
        return false;
    heap.live = more;
    heap.mask = 2 * slots - 1;
    for (uint32_t i = 0; i < slots; i++)
        if (old[i].block != 0)
            more[slot_of(old[i].block)] = old[i];
    munmap(old, slots * sizeof(*old));
    return true;
}

/* How many live blocks share a bit: the last one clears it. A count that is
 * full stays, and so does its bit. */
static uint8_t sharing[FK_HEAP_FILTER_BITS];

static void set_bit(uintptr_t block)
{
    uint32_t bit = fk_heap_bit((void *)block);
    sharing[bit] += sharing[bit] < UINT8_MAX;
    atomic_fetch_or_explicit(
        &fk_heap_filter[bit / 64], 1ull << (bit % 64), memory_order_relaxed);
}

void fk_heap_suspect(const void *block)
{
    sharing[fk_heap_bit(block)] = UINT8_MAX;
    set_bit((uintptr_t)block);
}

static void clear_bit(uintptr_t block)
{
    uint32_t bit = fk_heap_bit((void *)block);
    if (sharing[bit] == UINT8_MAX || --sharing[bit] > 0)
        return;
    atomic_fetch_and_explicit(
        &fk_heap_filter[bit / 64], ~(1ull << (bit % 64)), memory_order_relaxed);
}

static void site_change(const struct fk_heap_block *b, int sign)
{
    const int64_t values[FK_KIND_VALUES] = {
        0, 0, sign * b->objects, sign * b->bytes};
    fk_sites_change(heap.ledger.sites, b->site, values);
}

static bool live_put(void *block, const struct fk_heap_block *is)
{
    if (!make_room())
        return false;
    uint32_t i = slot_of((uintptr_t)block);
    if (heap.live[i].block == 0) {
        heap.num_live++;
        set_bit((uintptr_t)block);
    } else {
        site_change(&heap.live[i].is, -1); /* its free was not seen */
    }
    heap.live[i] = (struct live){(uintptr_t)block, *is};
    return true;
}

static void live_delete(uint32_t hole)
{
    clear_bit(heap.live[hole].block);
    heap.live[hole].block = 0;
    heap.num_live--;
    /* Close the gap: entries after it may have been pushed past it. */
    for (uint32_t i = (hole + 1) & heap.mask; heap.live[i].block != 0;
         i = (i + 1) & heap.mask) {
        struct live moved = heap.live[i];
        heap.live[i].block = 0;
        heap.live[slot_of(moved.block)] = moved;
    }
}

/* ---- samples -------------------------------------------------------------
 */

static void keep_sample(void *block, size_t size, const struct fk_trace *trace)
{
    double weight = fk_poisson_weight(size, heap.mean);
    struct fk_heap_block b = {
        .objects = fk_poisson_round(weight, fk_poisson_draw()),
        .bytes = fk_poisson_round(weight * (double)size, fk_poisson_draw()),
    };
    int64_t values[FK_KIND_VALUES] = {
        heap.alloc ? b.objects : 0, heap.alloc ? b.bytes : 0};
    pthread_mutex_lock(&heap.ledger.lock);
    b.site = fk_sites_add(heap.ledger.sites, trace, values);
    bool kept = b.site != FK_SITES_NONE;
    if (kept && heap.inuse) {
        kept = live_put(block, &b);
        if (kept)
            site_change(&b, 1);
    }
    heap.ledger.lost += kept ? 0 : (uint64_t)b.bytes;
    pthread_mutex_unlock(&heap.ledger.lock);
    fk_count(kept ? &fk_counters.heap_samples : &fk_counters.heap_lost, 1);
}

void fk_heap_sample(void *block, size_t size, const void *caller)
{
    bool first = !begun;
    if (fk_own_busy || !atomic_load_explicit(&heap.on, memory_order_acquire)) {
        fk_heap_credit = IDLE_CREDIT;
        return;
    }
    int saved_errno = errno;
    fk_own_busy = true;
    begun = true;
    int64_t before = fk_heap_credit;
    fk_heap_credit = fk_poisson_distance(fk_poisson_draw(), heap.mean);
    /* A new thread had no credit to begin with: draw, then see. */
    if (first && before + fk_heap_credit >= 0) {
        fk_heap_credit += before;
    } else {
        struct fk_capture c;
        fk_capture_take(&c, caller);
        keep_sample(block, size, &c.trace);
        if (first)
            fk_heap_credit = fk_poisson_distance(fk_poisson_draw(), heap.mean);
    }
    fk_own_busy = false;
    errno = saved_errno;
}

struct fk_heap_block fk_heap_remove(void *block)
{
    struct fk_heap_block gone = {.site = FK_SITES_NONE};
    if (heap.live == NULL)
        return gone;
    bool before = fk_own_busy;
    int saved_errno = errno;
    fk_own_busy = true;
    pthread_mutex_lock(&heap.ledger.lock);
    uint32_t i = slot_of((uintptr_t)block);
    if (heap.live[i].block != 0) {
        gone = heap.live[i].is;
        live_delete(i);
        site_change(&gone, -1);
    }
    pthread_mutex_unlock(&heap.ledger.lock);
    fk_own_busy = before;
    errno = saved_errno;
    return gone;
}

void fk_heap_put_back(void *block, const struct fk_heap_block *gone)
{
    if (gone->site == FK_SITES_NONE)
        return;
    int saved_errno = errno;
    pthread_mutex_lock(&heap.ledger.lock);
    if (live_put(block, gone))
        site_change(gone, 1);
    pthread_mutex_unlock(&heap.ledger.lock);
    errno = saved_errno;
}

/* ---- the agent's side ----------------------------------------------------
 */

static bool map_memory(void)
{
    if (heap.ledger.sites == NULL)
        heap.ledger.sites = fk_sites_new(SITE_AMOUNTS);
    if (heap.live == NULL)
        heap.live = map_live(FIRST_SLOTS);
    if (heap.mask == 0)
        heap.mask = FIRST_SLOTS - 1;
    return heap.ledger.sites != NULL && heap.live != NULL;
}

int fk_heap_start(uint64_t mean, bool alloc, bool inuse)
{
    if (!map_memory())
        return -ENOMEM;
    heap.mean = mean;
    heap.alloc = alloc;
    heap.inuse = inuse;
    atomic_store_explicit(&heap.on, alloc || inuse, memory_order_release);
    return 0;
}

void fk_heap_stop(void)
{
    atomic_store(&heap.on, false);
}

enum fk_err fk_heap_drain(void *unused, struct fk_profile *p, uint64_t *lost)
{
    (void)unused;
    fk_ledger_drain(&heap.ledger, p, lost);
    return FK_OK;
}

void fk_heap_fork_prepare(void)
{
    pthread_mutex_lock(&heap.ledger.lock);
}

void fk_heap_fork_done(void)
{
    pthread_mutex_unlock(&heap.ledger.lock);
}
