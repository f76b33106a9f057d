#include "demoapp/cache.h"

#include "tests/tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int computed;

static uint64_t first_byte(struct fk_slice key)
{
    atomic_fetch_add(&computed, 1);
    return (unsigned char)key.ptr[0];
}

static enum cache_answer look(struct cache *c, const char *key)
{
    uint64_t value = 0;
    enum cache_answer answer = cache_lookup(c, fk_slice_of(key), &value);
    CHECK_INT(value, (unsigned char)key[0]);
    return answer;
}

TEST(cache_remembers)
{
    struct cache *c = cache_new(4, first_byte);
    CHECK_INT(look(c, "a"), CACHE_MISS);
    CHECK_INT(look(c, "a"), CACHE_HIT);
    CHECK_INT(look(c, "b"), CACHE_MISS);
    CHECK_INT(computed, 2);
    CHECK_INT(cache_count(c), 2);
    cache_free(c);
}

TEST(cache_drops_what_was_used_least_recently)
{
    struct cache *c = cache_new(3, first_byte);
    look(c, "a");
    look(c, "b");
    look(c, "c");
    look(c, "a"); /* b is the oldest now */
    CHECK_INT(look(c, "d"), CACHE_MISS);
    CHECK_INT(cache_count(c), 3);
    CHECK_INT(look(c, "a"), CACHE_HIT);
    CHECK_INT(look(c, "c"), CACHE_HIT);
    CHECK_INT(look(c, "d"), CACHE_HIT);
    CHECK_INT(look(c, "b"), CACHE_MISS);
    cache_free(c);
}

TEST(cache_of_one_entry_works)
{
    struct cache *c = cache_new(1, first_byte);
    CHECK_INT(look(c, "a"), CACHE_MISS);
    CHECK_INT(look(c, "b"), CACHE_MISS);
    CHECK_INT(look(c, "b"), CACHE_HIT);
    CHECK_INT(look(c, "a"), CACHE_MISS);
    CHECK_INT(cache_count(c), 1);
    cache_free(c);
}

TEST(cache_tells_keys_apart_by_all_bytes)
{
    struct cache *c = cache_new(8, first_byte);
    uint64_t value;
    CHECK_INT(cache_lookup(c, FK_SLICE("k"), &value), CACHE_MISS);
    CHECK_INT(cache_lookup(c, FK_SLICE("k\0"), &value), CACHE_MISS);
    CHECK_INT(cache_lookup(c, FK_SLICE("k\0a"), &value), CACHE_MISS);
    CHECK_INT(cache_lookup(c, FK_SLICE("k\0b"), &value), CACHE_MISS);
    CHECK_INT(cache_count(c), 4);
    cache_free(c);
}

/* A computation that ends only when the second caller is known to be there
 * or cannot be waited for any longer. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_changed = PTHREAD_COND_INITIALIZER;
static bool computing, may_finish;

static uint64_t slow(struct fk_slice key)
{
    (void)key;
    atomic_fetch_add(&computed, 1);
    pthread_mutex_lock(&gate);
    computing = true;
    pthread_cond_broadcast(&gate_changed);
    while (!may_finish)
        pthread_cond_wait(&gate_changed, &gate);
    pthread_mutex_unlock(&gate);
    return 7;
}

struct caller {
    struct cache *cache;
    enum cache_answer answer;
    uint64_t value;
};

static void *call(void *arg)
{
    struct caller *caller = arg;
    caller->answer =
        cache_lookup(caller->cache, FK_SLICE("key"), &caller->value);
    return NULL;
}

TEST(cache_computes_equal_keys_once_and_others_meanwhile)
{
    struct cache *c = cache_new(2, slow);
    struct caller first = {.cache = c}, second = {.cache = c};
    pthread_t one, two;
    pthread_create(&one, NULL, call, &first);
    pthread_mutex_lock(&gate);
    while (!computing)
        pthread_cond_wait(&gate_changed, &gate);
    pthread_mutex_unlock(&gate);

    /* The lock is free while the first computes: this does not hang. */
    CHECK_INT(cache_count(c), 1);
    pthread_create(&two, NULL, call, &second);
    pthread_mutex_lock(&gate);
    may_finish = true;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate);
    pthread_join(one, NULL);
    pthread_join(two, NULL);

    CHECK_INT(computed, 1);
    CHECK_INT(first.answer, CACHE_MISS);
    CHECK(second.answer == CACHE_JOINED || second.answer == CACHE_HIT);
    CHECK_INT(first.value, 7);
    CHECK_INT(second.value, 7);
    cache_free(c);
}

static void *hammer(void *arg)
{
    struct cache *c = arg;
    for (int i = 0; i < 300; i++) {
        char key[8];
        uint64_t value;
        snprintf(key, sizeof key, "%c", 'a' + i * 7 % 20);
        cache_lookup(c, fk_slice_of(key), &value);
        if (value != (unsigned char)key[0])
            return c;
    }
    return NULL;
}

TEST(cache_stays_right_and_bounded_under_threads)
{
    struct cache *c = cache_new(5, first_byte);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hammer, c);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        CHECK(!wrong);
    }
    CHECK(cache_count(c) <= 5 + 4);
    cache_free(c);
}

TAP_MAIN
