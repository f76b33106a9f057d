/*
 * Foreign ids (64 bits, chosen by whoever wrote the message) to indices into
 * our arrays. Writers number from 1 or so, so a plain array serves nearly
 * all; an id past its end goes into a hash map. Not thread-safe.
 */
#ifndef FK_COMMON_IDS_H
#define FK_COMMON_IDS_H

#include "common/arena.h"
#include "common/map.h"

#define FK_IDS_NONE UINT32_MAX

struct fk_ids {
    uint32_t *dense; /* index + 1; 0 = none */
    uint64_t dense_size;
    struct fk_map sparse;
};

/* `count` ids will come. The array lives in the arena; when it does not fit,
 * a->failed tells. fk_ids_fini is safe after that and on zero bytes. */
void fk_ids_init(struct fk_ids *ids, struct fk_arena *a, uint32_t count);
void fk_ids_fini(struct fk_ids *ids);
/* FK_ERR_EXISTS when the id is known. */
FK_MUST_USE enum fk_err fk_ids_add(
    struct fk_ids *ids, uint64_t id, uint32_t index);
uint32_t fk_ids_find(const struct fk_ids *ids, uint64_t id);

#endif
