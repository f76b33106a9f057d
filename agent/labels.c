#include "agent/labels.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/counters.h"
#include "agent/tagboard.h"
#include "common/hash.h"

#define NUM_BUCKETS 8192 /* a power of two */

_Thread_local flamekit_labels fk_labels_current;

/* `lock` guards everything but the bucket heads, which readers load. */
static struct {
    pthread_mutex_t lock;
    _Atomic(flamekit_labels) buckets[NUM_BUCKETS];
    char *memory; /* FK_LABELSETS_BYTES, mapped at the first set */
    _Atomic size_t used;
    _Atomic uint32_t count;
} sets = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A set being put together; its texts are the caller's. */
struct draft {
    uint32_t count;
    struct fk_tag tags[FK_TAGS_MAX];
};

static bool key_char(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    return !first && ((c >= '0' && c <= '9') || c == '.');
}

bool fk_labels_key_ok(const char *key)
{
    size_t n = 0;
    while (key != NULL && n <= FK_TAG_KEY_MAX && key_char(key[n], n == 0))
        n++;
    return n > 0 && n <= FK_TAG_KEY_MAX && key[n] == '\0';
}

bool fk_labels_value_ok(const char *value)
{
    if (value == NULL ||
        strnlen(value, FK_TAG_VALUE_MAX + 1) > FK_TAG_VALUE_MAX)
        return false;
    return fk_slice_utf8(fk_slice_of(value));
}

/* Position of key, or where it belongs. */
static uint32_t draft_find(
    const struct draft *d, struct fk_slice key, bool *found)
{
    uint32_t at = 0;
    int order = 1;
    while (at < d->count && (order = fk_slice_cmp(key, d->tags[at].key)) > 0)
        at++;
    *found = at < d->count && order == 0;
    return at;
}

static bool draft_set(
    struct draft *d, struct fk_slice key, struct fk_slice value)
{
    bool found;
    uint32_t at = draft_find(d, key, &found);
    struct fk_tag *tag = &d->tags[at];
    if (value.len == 0) {
        if (found)
            memmove(tag, tag + 1, (--d->count - at) * sizeof(*tag));
        return true;
    }
    if (!found) {
        if (d->count == FK_TAGS_MAX)
            return false;
        memmove(tag + 1, tag, (d->count++ - at) * sizeof(*tag));
    }
    *tag = (struct fk_tag){key, value};
    return true;
}

static uint64_t draft_hash(const struct draft *d)
{
    uint64_t h = d->count;
    for (uint32_t i = 0; i < d->count; i++) {
        h = fk_hash_bytes(h, d->tags[i].key.ptr, d->tags[i].key.len);
        h = fk_hash_bytes(h, d->tags[i].value.ptr, d->tags[i].value.len);
    }
    return h;
}

static bool draft_is(const struct draft *d, flamekit_labels set)
{
    bool same = d->count == set->count;
    for (uint32_t i = 0; same && i < d->count; i++)
        same = fk_slice_eq(d->tags[i].key, set->tags[i].key) &&
               fk_slice_eq(d->tags[i].value, set->tags[i].value);
    return same;
}

static flamekit_labels find_set(const struct draft *d, uint64_t hash)
{
    flamekit_labels set = atomic_load_explicit(
        &sets.buckets[hash % NUM_BUCKETS], memory_order_acquire);
    while (set != NULL && !(set->hash == hash && draft_is(d, set)))
        set = set->next;
    return set;
}

static char *take_memory(size_t n)
{
    if (sets.memory == NULL) {
        void *m = mmap(NULL, FK_LABELSETS_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (m == MAP_FAILED)
            return NULL;
        sets.memory = m;
    }
    n = (n + 15) & ~(size_t)15;
    size_t used = atomic_load_explicit(&sets.used, memory_order_relaxed);
    if (n > FK_LABELSETS_BYTES - used)
        return NULL;
    atomic_store_explicit(&sets.used, used + n, memory_order_relaxed);
    return sets.memory + used;
}

static struct fk_slice put_text(char **at, struct fk_slice text)
{
    memcpy(*at, text.ptr, text.len);
    struct fk_slice copy = {*at, text.len};
    *at += text.len;
    return copy;
}

static flamekit_labels make_set(const struct draft *d, uint64_t hash)
{
    if (atomic_load(&sets.count) >= FK_LABELSETS_MAX)
        return NULL;
    size_t head =
        sizeof(struct flamekit_labelset) + d->count * sizeof(d->tags[0]);
    size_t size = head;
    for (uint32_t i = 0; i < d->count; i++)
        size += d->tags[i].key.len + d->tags[i].value.len;
    char *memory = take_memory(size);
    if (memory == NULL)
        return NULL;
    struct flamekit_labelset *set = (void *)memory;
    char *text = memory + head;
    set->hash = hash;
    set->count = d->count;
    for (uint32_t i = 0; i < d->count; i++) {
        set->tags[i].key = put_text(&text, d->tags[i].key);
        set->tags[i].value = put_text(&text, d->tags[i].value);
    }
    _Atomic(flamekit_labels) *bucket = &sets.buckets[hash % NUM_BUCKETS];
    set->next = atomic_load_explicit(bucket, memory_order_relaxed);
    atomic_store_explicit(bucket, set, memory_order_release);
    atomic_fetch_add(&sets.count, 1);
    return set;
}

/* NULL is the empty set as well as failure: the caller knows which. */
static flamekit_labels intern(const struct draft *d)
{
    uint64_t hash = draft_hash(d);
    flamekit_labels set = find_set(d, hash);
    if (set != NULL || atomic_load(&sets.count) >= FK_LABELSETS_MAX)
        return set;
    pthread_mutex_lock(&sets.lock);
    set = find_set(d, hash);
    if (set == NULL)
        set = make_set(d, hash);
    pthread_mutex_unlock(&sets.lock);
    return set;
}

flamekit_labels fk_labels_with(
    flamekit_labels base, const char *key, const char *value)
{
    if (!fk_labels_key_ok(key) || !fk_labels_value_ok(value))
        return base;
    struct draft d = {0};
    if (base != NULL) {
        d.count = base->count;
        memcpy(d.tags, base->tags, base->count * sizeof(d.tags[0]));
    }
    flamekit_labels set = NULL;
    if (draft_set(&d, fk_slice_of(key), fk_slice_of(value))) {
        if (d.count == 0)
            return NULL;
        set = intern(&d);
    }
    if (set == NULL)
        fk_count(&fk_counters.lost_labelsets, 1);
    return set != NULL ? set : base;
}

size_t fk_labels_bytes(void)
{
    return atomic_load_explicit(&sets.used, memory_order_relaxed);
}

void fk_labels_fork_prepare(void)
{
    pthread_mutex_lock(&sets.lock);
}

void fk_labels_fork_done(void)
{
    pthread_mutex_unlock(&sets.lock);
}

/* ---- the public half --------------------------------------------------- */

/* The compiler must not move the store across what the scope covers: the
 * handler of this very thread reads it. */
static void set_current(flamekit_labels set)
{
    atomic_signal_fence(memory_order_seq_cst);
    fk_labels_current = set;
    atomic_signal_fence(memory_order_seq_cst);
    fk_tagboard_post(set);
}

flamekit_scope flamekit_tag_push(const char *key, const char *value)
{
    flamekit_scope scope = {fk_labels_current};
    set_current(fk_labels_with(fk_labels_current, key, value));
    return scope;
}

void flamekit_tag_pop(flamekit_scope scope)
{
    set_current(scope.prev);
}

int flamekit_tag_wrapper(
    const flamekit_tag *tags, size_t num_tags, int (*fn)(void *), void *arg)
{
    flamekit_labels before = fk_labels_current, set = before;
    for (size_t i = 0; i < num_tags; i++)
        set = fk_labels_with(set, tags[i].key, tags[i].value);
    set_current(set);
    int result = fn(arg);
    set_current(before);
    return result;
}

flamekit_labels flamekit_labels_intern(
    const flamekit_tag *tags, size_t num_tags)
{
    flamekit_labels set = NULL;
    for (size_t i = 0; i < num_tags; i++)
        set = fk_labels_with(set, tags[i].key, tags[i].value);
    return set;
}

flamekit_labels flamekit_labels_get(void)
{
    return fk_labels_current;
}

flamekit_labels flamekit_labels_set(flamekit_labels labels)
{
    flamekit_labels before = fk_labels_current;
    set_current(labels);
    return before;
}

static struct fk_slice value_of(flamekit_labels set, const char *key)
{
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        if (fk_slice_eqz(set->tags[i].key, key))
            return set->tags[i].value;
    return (struct fk_slice){0};
}

int flamekit_add_thread_tag(const char *key, const char *value)
{
    if (!fk_labels_key_ok(key) || !fk_labels_value_ok(value))
        return -EINVAL;
    set_current(fk_labels_with(fk_labels_current, key, value));
    return fk_slice_eqz(value_of(fk_labels_current, key), value) ? 0 : -ENOSPC;
}

int flamekit_remove_thread_tag(const char *key, const char *value)
{
    if (!fk_labels_key_ok(key) || value == NULL)
        return -EINVAL;
    struct fk_slice now = value_of(fk_labels_current, key);
    if (now.len == 0 || !fk_slice_eqz(now, value))
        return -ENOENT;
    return flamekit_add_thread_tag(key, "");
}
