#include "agent/sites.h"

#include <string.h>
#include <sys/mman.h>

#include "common/hash.h"

#define BUCKETS 16384 /* a power of two */

struct site {
    flamekit_labels labels;
    pid_t tid;
    uint32_t flags, depth;
    uint32_t at;           /* of its words */
    uint32_t bucket, next; /* site number plus one, 0: none; also free list */
    int64_t values[FK_KIND_VALUES];
};

/* Words are copied from one arena to the other at each cut, which leaves out
 * the dead; the collector reads the old ones meanwhile. */
struct fk_sites {
    uint32_t amounts, used, free, num_aside, arena, next_word;
    uint32_t buckets[BUCKETS];
    struct site sites[FK_SITES_MAX], aside[FK_SITES_MAX];
    uintptr_t words[2][FK_SITES_WORDS];
};

struct fk_sites *fk_sites_new(uint32_t amounts)
{
    struct fk_sites *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s == MAP_FAILED)
        return NULL;
    s->amounts = amounts;
    return s;
}

static uint32_t bucket_of(const struct fk_trace *trace)
{
    uint64_t h = fk_hash_mix((uintptr_t)trace->labels ^ (uint64_t)trace->tid);
    for (uint32_t i = 0; i < trace->depth; i++)
        h = (h ^ trace->pcs[i]) * 0x9e3779b97f4a7c15u + (h >> 29);
    return (uint32_t)(fk_hash_mix(h) % BUCKETS);
}

static bool is_at(const struct fk_sites *s, const struct site *site,
    const struct fk_trace *trace)
{
    return site->labels == trace->labels && site->tid == trace->tid &&
           site->flags == trace->flags && site->depth == trace->depth &&
           memcmp(&s->words[s->arena][site->at], trace->pcs,
               trace->depth * sizeof(*trace->pcs)) == 0;
}

static struct site *new_site(
    struct fk_sites *s, const struct fk_trace *trace, uint32_t bucket)
{
    if (trace->depth > FK_SITES_WORDS - s->next_word)
        return NULL;
    if (s->free == 0 && s->used == FK_SITES_MAX)
        return NULL;
    uint32_t i = s->free != 0 ? s->free - 1 : s->used++;
    struct site *site = &s->sites[i];
    s->free = s->free != 0 ? site->next : 0;
    *site = (struct site){.labels = trace->labels,
        .tid = trace->tid,
        .flags = trace->flags,
        .depth = trace->depth,
        .at = s->next_word,
        .bucket = bucket + 1,
        .next = s->buckets[bucket]};
    memcpy(&s->words[s->arena][site->at], trace->pcs,
        trace->depth * sizeof(*trace->pcs));
    s->next_word += trace->depth;
    s->buckets[bucket] = i + 1;
    return site;
}

static struct site *find(
    struct fk_sites *s, const struct fk_trace *trace, uint32_t bucket)
{
    for (uint32_t n = s->buckets[bucket]; n != 0; n = s->sites[n - 1].next)
        if (is_at(s, &s->sites[n - 1], trace))
            return &s->sites[n - 1];
    return NULL;
}

uint32_t fk_sites_add(struct fk_sites *s, const struct fk_trace *trace,
    const int64_t values[FK_KIND_VALUES])
{
    uint32_t bucket = bucket_of(trace);
    struct site *site = find(s, trace, bucket);
    if (site == NULL)
        site = new_site(s, trace, bucket);
    if (site == NULL)
        return FK_SITES_NONE;
    fk_sites_change(s, (uint32_t)(site - s->sites), values);
    return (uint32_t)(site - s->sites);
}

void fk_sites_change(
    struct fk_sites *s, uint32_t site, const int64_t values[FK_KIND_VALUES])
{
    for (int i = 0; i < FK_KIND_VALUES; i++)
        s->sites[site].values[i] += values[i];
}

static bool has_values(const struct site *site, uint32_t from)
{
    for (uint32_t i = from; i < FK_KIND_VALUES; i++)
        if (site->values[i] != 0)
            return true;
    return false;
}

static void forget(struct fk_sites *s, uint32_t i)
{
    uint32_t *link = &s->buckets[s->sites[i].bucket - 1];
    while (*link != i + 1)
        link = &s->sites[*link - 1].next;
    *link = s->sites[i].next;
    s->sites[i] = (struct site){.next = s->free};
    s->free = i + 1;
}

static void keep(struct fk_sites *s, struct site *site)
{
    uint32_t from = site->at;
    for (uint32_t i = 0; i < s->amounts; i++)
        site->values[i] = 0;
    site->at = s->next_word;
    s->next_word += site->depth;
    memcpy(&s->words[s->arena][site->at], &s->words[s->arena ^ 1][from],
        site->depth * sizeof(uintptr_t));
}

static void cut(struct fk_sites *s)
{
    s->num_aside = 0;
    s->arena ^= 1;
    s->next_word = 0;
    for (uint32_t i = 0; i < s->used; i++) {
        struct site *site = &s->sites[i];
        if (site->bucket == 0)
            continue;
        if (has_values(site, 0))
            s->aside[s->num_aside++] = *site;
        if (has_values(site, s->amounts))
            keep(s, site);
        else
            forget(s, i);
    }
}

/* What the last cut put aside. */
static void emit(const struct fk_sites *s, struct fk_profile *p, uint64_t *lost)
{
    for (uint32_t i = 0; i < s->num_aside; i++) {
        const struct site *site = &s->aside[i];
        const struct fk_trace trace = {
            .labels = site->labels,
            .tid = site->tid,
            .flags = site->flags,
            .depth = site->depth,
            .pcs = &s->words[s->arena ^ 1][site->at],
        };
        *lost += !fk_profile_put(p, &trace, site->values);
    }
}

void fk_ledger_drain(
    struct fk_ledger *ledger, struct fk_profile *p, uint64_t *lost)
{
    if (ledger->sites == NULL)
        return;
    pthread_mutex_lock(&ledger->lock);
    cut(ledger->sites);
    *lost += ledger->lost;
    ledger->lost = 0;
    pthread_mutex_unlock(&ledger->lock);
    emit(ledger->sites, p, lost);
}
