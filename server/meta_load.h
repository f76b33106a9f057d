/* Reading a catalog back from meta.db; meta.c's first half. */
#ifndef SERVER_META_LOAD_H
#define SERVER_META_LOAD_H

#include "server/catalog.h"
#include "server/db.h"

/* Into an empty catalog, before others see it. FK_ERR_CORRUPT with a
 * sentence when rows contradict each other. */
FK_MUST_USE enum fk_err meta_load(
    struct db *db, struct catalog *c, struct fk_diag *diag);

/* Rows of a trie are keyed trie << 32 | number. */
static inline int64_t meta_key(uint32_t trie, uint32_t number)
{
    return (int64_t)trie << 32 | number;
}

#endif
