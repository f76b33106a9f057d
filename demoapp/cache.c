#include "demoapp/cache.h"

#include "common/check.h"
#include "common/hash.h"
#include "demoapp/teaching.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A real cache would find a key in a fraction of a microsecond, too little
 * for any profile of a short exercise. This many mixing steps make a hit
 * about 0.02 ms. */
enum { FINGERPRINT_STEPS = 13000 };

struct entry {
    struct entry *newer, *older; /* by last use */
    struct entry *chain;         /* next in the same bucket */
    uint64_t hash, value;
    int users; /* callers that hold this entry without the lock */
    bool ready;
    size_t key_len;
    char key[];
};

struct cache {
    pthread_mutex_t lock; /* guards everything below and every entry */
    pthread_cond_t became_ready;
    cache_compute_fn *compute;
    struct entry **buckets;
    size_t num_buckets; /* a power of two */
    size_t count, capacity;
    struct entry *newest, *oldest;
};

struct cache *cache_new(size_t capacity, cache_compute_fn *compute)
{
    struct cache *c = calloc(1, sizeof *c);
    FK_ASSERT(c && capacity > 0);
    c->num_buckets = 1;
    while (c->num_buckets < 2 * capacity)
        c->num_buckets *= 2;
    c->buckets = calloc(c->num_buckets, sizeof(struct entry *));
    FK_ASSERT(c->buckets);
    c->capacity = capacity;
    c->compute = compute;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->became_ready, NULL);
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    while (c->oldest) {
        struct entry *e = c->oldest;
        c->oldest = e->newer;
        free(e);
    }
    pthread_cond_destroy(&c->became_ready);
    pthread_mutex_destroy(&c->lock);
    free(c->buckets);
    free(c);
}

static void list_remove(struct cache *c, struct entry *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void list_add_newest(struct cache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static struct entry **bucket_of(struct cache *c, uint64_t hash)
{
    return &c->buckets[hash & (c->num_buckets - 1)];
}

static struct entry *find(struct cache *c, struct fk_slice key, uint64_t hash)
{
    for (struct entry *e = *bucket_of(c, hash); e; e = e->chain)
        if (e->hash == hash && e->key_len == key.len &&
            memcmp(e->key, key.ptr, key.len) == 0)
            return e;
    return NULL;
}

static void evict(struct cache *c)
{
    struct entry *e = c->oldest;
    while (e && e->users)
        e = e->newer;
    if (!e)
        return;
    struct entry **link = bucket_of(c, e->hash);
    while (*link != e)
        link = &(*link)->chain;
    *link = e->chain;
    list_remove(c, e);
    c->count--;
    free(e);
}

void cache_clear(struct cache *c)
{
    pthread_mutex_lock(&c->lock);
    size_t before;
    do {
        before = c->count;
        evict(c);
    } while (c->count < before);
    pthread_mutex_unlock(&c->lock);
}

static struct entry *insert(struct cache *c, struct fk_slice key, uint64_t hash)
{
    struct entry *e = calloc(1, sizeof *e + key.len);
    FK_ASSERT(e);
    memcpy(e->key, key.ptr, key.len);
    e->key_len = key.len;
    e->hash = hash;
    while (c->count >= c->capacity) {
        size_t before = c->count;
        evict(c);
        if (c->count == before)
            break;
    }
    struct entry **link = bucket_of(c, hash);
    e->chain = *link;
    *link = e;
    list_add_newest(c, e);
    c->count++;
    return e;
}

static enum cache_answer find_or_insert(
    struct cache *c, struct fk_slice key, uint64_t hash, struct entry **found)
{
    struct entry *e = find(c, key, hash);
    *found = e ? e : insert(c, key, hash);
    (*found)->users++;
    if (!e)
        return CACHE_MISS;
    list_remove(c, e);
    list_add_newest(c, e);
    if (e->ready)
        return CACHE_HIT;
    while (!e->ready)
        pthread_cond_wait(&c->became_ready, &c->lock);
    return CACHE_JOINED;
}

static void publish(struct cache *c, struct entry *e, uint64_t value)
{
    e->value = value;
    e->ready = true;
    pthread_cond_broadcast(&c->became_ready);
}

TEACHING enum cache_answer cache_lookup(
    struct cache *c, struct fk_slice key, uint64_t *value)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), key.ptr, key.len);
    for (int i = 0; i < FINGERPRINT_STEPS; i++)
        hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;

    struct entry *e;
    pthread_mutex_lock(&c->lock);
    enum cache_answer answer = find_or_insert(c, key, hash, &e);
    if (answer == CACHE_MISS) {
        pthread_mutex_unlock(&c->lock);
        uint64_t computed = c->compute(key);
        pthread_mutex_lock(&c->lock);
        publish(c, e, computed);
    }
    *value = e->value;
    e->users--;
    pthread_mutex_unlock(&c->lock);
    return answer;
}

size_t cache_count(struct cache *c)
{
    pthread_mutex_lock(&c->lock);
    size_t count = c->count;
    pthread_mutex_unlock(&c->lock);
    return count;
}
