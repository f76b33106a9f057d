#include "server/tries.h"

#include "common/hash.h"

#include <stdlib.h>
#include <time.h>

enum { SECONDS_A_DAY = TRIES_DAY_MS / 1000 };

enum fk_err tries_init(struct tries *t, uint32_t max)
{
    *t = (struct tries){.max = max, .limits = TRIE_LIMITS_DEFAULT};
    fk_map_init(&t->names, max);
    t->by_id = calloc(max, sizeof *t->by_id);
    t->apps = calloc(max, sizeof *t->apps);
    return t->by_id && t->apps ? FK_OK : FK_ERR_NOMEM;
}

static void free_list(struct trie *first)
{
    while (first) {
        struct trie *next = first->next_dropped;
        trie_free(first);
        first = next;
    }
}

void tries_fini(struct tries *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        trie_free(t->by_id[i]);
    free_list(t->dropped);
    free(t->by_id);
    free(t->apps);
    fk_map_fini(&t->names);
}

struct trie *tries_get(const struct tries *t, uint32_t id)
{
    return id < atomic_load(&t->count) ? t->by_id[id] : NULL;
}

struct trie *tries_on(const struct tries *t, uint32_t app, int64_t date)
{
    struct trie *at = app < t->max ? t->apps[app].newest : NULL;
    struct trie *older;
    while (at && at->since > date && (older = at->older))
        at = older;
    return at;
}

bool tries_is_new(const struct tries *t, uint32_t app, int64_t date)
{
    return date > t->apps[app].last_date;
}

/* ---- growing ---- */

/* Behind the others of its app, which is itself if it is the first. */
static struct trie *add(
    struct tries *t, struct fk_slice name, uint32_t app, int64_t since)
{
    uint32_t id = t->count;
    if (id == t->max)
        return NULL;
    struct trie *new = trie_new(id, name, &t->limits);
    if (!new)
        return NULL;
    new->app = app;
    new->since = since;
    new->older = t->apps[app].newest;
    t->by_id[id] = new;
    atomic_store(&t->count, id + 1);
    t->apps[app].newest = new;
    return new;
}

static enum fk_err add_name(struct tries *t, struct fk_slice name, uint32_t app)
{
    return fk_map_add(
        &t->names, fk_hash_bytes(fk_hash_seed(), name.ptr, name.len), app);
}

static uint32_t find_name(const struct tries *t, struct fk_slice name)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), name.ptr, name.len), app;
    size_t at = 0;
    while ((app = fk_map_next(&t->names, hash, &at)) != FK_MAP_NONE) {
        const struct trie *newest = t->apps[app].newest;
        if (newest && fk_slice_eq(newest->name, name))
            return (uint32_t)app;
    }
    return TRIE_NONE;
}

uint32_t tries_app(struct tries *t, struct fk_slice name, int64_t date)
{
    uint32_t app = find_name(t, name);
    if (app != TRIE_NONE)
        return app;
    app = t->count;
    if (app == t->max || add_name(t, name, app))
        return TRIE_NONE;
    return add(t, name, app, date) ? app : TRIE_NONE;
}

static int month_of(int64_t date)
{
    struct tm utc;
    time_t at = (time_t)(date * SECONDS_A_DAY);
    gmtime_r(&at, &utc);
    return utc.tm_year * 12 + utc.tm_mon;
}

void tries_note(struct tries *t, uint32_t app, int64_t date)
{
    if (tries_is_new(t, app, date))
        t->apps[app].last_date = date;
}

void tries_reach(struct tries *t, uint32_t app, int64_t date)
{
    struct trie *newest = t->apps[app].newest;
    if (tries_is_new(t, app, date) && date > newest->since &&
        (month_of(date) != month_of(newest->since) ||
            newest->num_nodes > t->limits.max_nodes / 2))
        add(t, newest->name, app, date); /* else the old one goes on */
    tries_note(t, app, date);
}

enum fk_err tries_load(struct tries *t, uint32_t id, struct fk_slice name,
    uint32_t app, int64_t since)
{
    if (id < t->count || id >= t->max || app > id)
        return FK_ERR_CORRUPT;
    const struct trie *newest = t->apps[app].newest;
    if (newest && (newest->since >= since || !fk_slice_eq(newest->name, name)))
        return FK_ERR_CORRUPT;
    if (!newest && add_name(t, name, app))
        return FK_ERR_NOMEM;
    atomic_store(&t->count, id); /* those in between were dropped */
    return add(t, name, app, since) ? FK_OK : FK_ERR_NOMEM;
}

uint64_t tries_overflows(const struct tries *t)
{
    uint64_t sum = t->overflows;
    for (uint32_t i = 0; i < t->count; i++)
        sum += t->by_id[i] ? t->by_id[i]->overflows : 0;
    return sum;
}

/* ---- dropping ---- */

/* The oldest of an app, and the one after it; NULL where there is one. */
static struct trie *oldest(struct trie *newest, struct trie **after)
{
    *after = NULL;
    while (newest && newest->older) {
        *after = newest;
        newest = newest->older;
    }
    return newest;
}

uint32_t tries_drop(struct tries *t, int64_t date)
{
    struct trie *after;
    for (uint32_t app = 0; app < t->count; app++) {
        struct trie *old = oldest(t->apps[app].newest, &after);
        if (!after || after->since > date)
            continue;
        after->older = NULL;
        t->by_id[old->id] = NULL;
        t->overflows += old->overflows;
        old->next_dropped = t->dropped;
        t->dropped = old;
        return old->id;
    }
    return TRIE_NONE;
}

struct trie *tries_dropped(const struct tries *t, uint32_t id)
{
    struct trie *at = t->dropped;
    while (at && at->id != id)
        at = at->next_dropped;
    return at;
}

void tries_free_dropped(struct tries *t)
{
    struct trie *first = t->dropped;
    t->dropped = NULL;
    while (first) {
        struct trie *next = first->next_dropped;
        if (first->holds) {
            first->next_dropped = t->dropped;
            t->dropped = first;
        } else {
            trie_free(first);
        }
        first = next;
    }
}
