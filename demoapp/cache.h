/*
 * A least-recently-used cache of computed values: hash table and list under
 * one mutex. Values are computed outside the lock; callers who ask for a key
 * that is being computed wait for that one computation. Thread-safe.
 * At most `capacity` entries are kept; keys are copied, their length is the
 * caller's business. Entries in use are never evicted, so for moments there
 * may be more entries than `capacity`, by at most one a calling thread.
 */
#ifndef FK_DEMOAPP_CACHE_H
#define FK_DEMOAPP_CACHE_H

#include "common/slice.h"

struct cache;

typedef uint64_t cache_compute_fn(struct fk_slice key);

enum cache_answer {
    CACHE_HIT,
    CACHE_MISS,   /* this caller computed the value */
    CACHE_JOINED, /* this caller waited for another's computation */
};

struct cache *cache_new(size_t capacity, cache_compute_fn *compute);
void cache_free(struct cache *c); /* nobody may be inside cache_lookup */
/* About 0.02 ms for a hit. */
enum cache_answer cache_lookup(
    struct cache *c, struct fk_slice key, uint64_t *value);
size_t cache_count(struct cache *c);
/* Forgets all entries but those in use. */
void cache_clear(struct cache *c);

#endif
