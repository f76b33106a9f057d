/*
 * Linear probing over a power-of-two table that is at most three quarters
 * full; a slot is free when its value is FK_MAP_NONE. The process's secret
 * seed goes into the position, so that a stranger who chooses the keys cannot
 * make them collide.
 */
#include "common/map.h"

#include "common/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 16 };

void fk_map_init(struct fk_map *m, size_t limit_entries)
{
    *m = (struct fk_map){.limit = limit_entries, .seed = fk_hash_seed()};
}

void fk_map_fini(struct fk_map *m)
{
    free(m->slots);
    fk_map_init(m, m->limit);
}

static void clear_slots(struct fk_map_slot *slots, size_t cap)
{
    memset(slots, 0xFF, cap * sizeof *slots);
}

void fk_map_clear(struct fk_map *m)
{
    if (m->cap)
        clear_slots(m->slots, m->cap);
    m->count = 0;
}

static size_t home(const struct fk_map *m, uint64_t key)
{
    return fk_hash_mix(key ^ m->seed) & (m->cap - 1);
}

/* The slot of the first entry with this key, or the free slot after it. */
static struct fk_map_slot *find(const struct fk_map *m, uint64_t key)
{
    size_t i = home(m, key);
    while (m->slots[i].value != FK_MAP_NONE && m->slots[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

static struct fk_map_slot *find_free(const struct fk_map *m, uint64_t key)
{
    size_t i = home(m, key);
    while (m->slots[i].value != FK_MAP_NONE)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

uint64_t fk_map_get(const struct fk_map *m, uint64_t key)
{
    return m->cap ? find(m, key)->value : FK_MAP_NONE;
}

static enum fk_err grow(struct fk_map *m)
{
    struct fk_map bigger = *m;
    bigger.cap = m->cap ? m->cap * 2 : FIRST_CAP;
    if (bigger.cap > SIZE_MAX / 2 / sizeof *m->slots)
        return FK_ERR_NOMEM;
    bigger.slots = malloc(bigger.cap * sizeof *bigger.slots);
    if (!bigger.slots)
        return FK_ERR_NOMEM;
    clear_slots(bigger.slots, bigger.cap);
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].value != FK_MAP_NONE)
            *find_free(&bigger, m->slots[i].key) = m->slots[i];
    free(m->slots);
    *m = bigger;
    return FK_OK;
}

enum fk_err fk_map_add(struct fk_map *m, uint64_t key, uint64_t value)
{
    if (value == FK_MAP_NONE)
        return FK_ERR_ARG;
    if (m->count >= m->limit)
        return FK_ERR_LIMIT;
    if (m->count >= m->cap / 4 * 3) {
        enum fk_err err = grow(m);
        if (err)
            return err;
    }
    *find_free(m, key) = (struct fk_map_slot){key, value};
    m->count++;
    return FK_OK;
}

enum fk_err fk_map_put(struct fk_map *m, uint64_t key, uint64_t value)
{
    struct fk_map_slot *slot = m->cap ? find(m, key) : NULL;
    if (!slot || slot->value == FK_MAP_NONE)
        return fk_map_add(m, key, value);
    if (value == FK_MAP_NONE)
        return FK_ERR_ARG;
    slot->value = value;
    return FK_OK;
}

uint64_t fk_map_next(const struct fk_map *m, uint64_t key, size_t *at)
{
    if (!m->cap)
        return FK_MAP_NONE;
    size_t from = home(m, key);
    for (;;) {
        const struct fk_map_slot *slot = &m->slots[(from + *at) & (m->cap - 1)];
        if (slot->value == FK_MAP_NONE)
            return FK_MAP_NONE;
        ++*at;
        if (slot->key == key)
            return slot->value;
    }
}

/* Close the gap: each follower that may not be reached across it moves in. */
bool fk_map_del(struct fk_map *m, uint64_t key)
{
    struct fk_map_slot *slot = m->cap ? find(m, key) : NULL;
    if (!slot || slot->value == FK_MAP_NONE)
        return false;
    size_t mask = m->cap - 1, gap = (size_t)(slot - m->slots);
    for (size_t i = (gap + 1) & mask; m->slots[i].value != FK_MAP_NONE;
         i = (i + 1) & mask) {
        size_t walked = (i - home(m, m->slots[i].key)) & mask;
        if (walked >= ((i - gap) & mask)) {
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap].value = FK_MAP_NONE;
    m->count--;
    return true;
}
