/*
 * Open-addressing map from a 64-bit key to a 64-bit value, growing up to a
 * limit of entries. Keys of strings are their hashes: the caller verifies on
 * a hit (and uses fk_map_next to go on when the hash collides). Every value
 * but FK_MAP_NONE is allowed. Not thread-safe.
 */
#ifndef FK_COMMON_MAP_H
#define FK_COMMON_MAP_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FK_MAP_NONE UINT64_MAX

struct fk_map_slot {
    uint64_t key, value;
};

struct fk_map {
    struct fk_map_slot *slots;
    size_t count, cap, limit;
    uint64_t seed;
};

void fk_map_init(struct fk_map *m, size_t limit_entries);
void fk_map_fini(struct fk_map *m);
void fk_map_clear(struct fk_map *m);
/* Value of the first entry with this key, or FK_MAP_NONE. */
uint64_t fk_map_get(const struct fk_map *m, uint64_t key);
/* Add or replace. FK_ERR_LIMIT or FK_ERR_NOMEM leave the map unchanged. */
FK_MUST_USE enum fk_err fk_map_put(
    struct fk_map *m, uint64_t key, uint64_t value);
/* Add beside entries that have the same key. */
FK_MUST_USE enum fk_err fk_map_add(
    struct fk_map *m, uint64_t key, uint64_t value);
/* Walk the entries with one key: *at starts at 0; FK_MAP_NONE ends. */
uint64_t fk_map_next(const struct fk_map *m, uint64_t key, size_t *at);
bool fk_map_del(struct fk_map *m, uint64_t key);

#endif
