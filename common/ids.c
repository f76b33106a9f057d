#include "common/ids.h"

enum { SPARE = 64 };

void fk_ids_init(struct fk_ids *ids, struct fk_arena *a, uint32_t count)
{
    fk_map_init(&ids->sparse, count);
    ids->dense_size = 2 * (uint64_t)count + SPARE;
    ids->dense = fk_arena_array(a, ids->dense_size, sizeof *ids->dense);
    if (!ids->dense)
        ids->dense_size = 0;
}

void fk_ids_fini(struct fk_ids *ids)
{
    fk_map_fini(&ids->sparse);
    ids->dense = NULL;
    ids->dense_size = 0;
}

uint32_t fk_ids_find(const struct fk_ids *ids, uint64_t id)
{
    if (id < ids->dense_size)
        return ids->dense[id] - 1; /* 0 wraps around to FK_IDS_NONE */
    uint64_t index = fk_map_get(&ids->sparse, id);
    return index == FK_MAP_NONE ? FK_IDS_NONE : (uint32_t)index;
}

enum fk_err fk_ids_add(struct fk_ids *ids, uint64_t id, uint32_t index)
{
    if (fk_ids_find(ids, id) != FK_IDS_NONE)
        return FK_ERR_EXISTS;
    if (id >= ids->dense_size)
        return fk_map_add(&ids->sparse, id, index);
    ids->dense[id] = index + 1;
    return FK_OK;
}
