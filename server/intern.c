#include "server/intern.h"

#include "common/array.h"
#include "common/hash.h"

#include <stdlib.h>

void intern_init(struct intern *in, uint32_t limit_strings, size_t limit_bytes)
{
    fk_arena_init(&in->bytes, limit_bytes);
    fk_map_init(&in->map, limit_strings);
    in->text = NULL;
    in->count = 0;
    in->cap = 0;
    in->limit = limit_strings;
}

void intern_fini(struct intern *in)
{
    fk_arena_fini(&in->bytes);
    fk_map_fini(&in->map);
    free(in->text);
}

enum fk_err intern_put(
    struct intern *in, struct fk_slice text, uint32_t *number)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), text.ptr, text.len), found;
    for (size_t at = 0;
         (found = fk_map_next(&in->map, hash, &at)) != FK_MAP_NONE;)
        if (fk_slice_eq(in->text[found], text)) {
            *number = (uint32_t)found;
            return FK_OK;
        }
    if (in->count == in->limit)
        return FK_ERR_LIMIT;
    struct fk_slice *more =
        fk_array_more(in->text, in->count, &in->cap, sizeof *more);
    if (!more)
        return FK_ERR_NOMEM;
    in->text = more;
    struct fk_slice copy = fk_arena_dup(&in->bytes, text);
    if (in->bytes.failed)
        return FK_ERR_LIMIT;
    enum fk_err err = fk_map_add(&in->map, hash, in->count);
    if (err)
        return err;
    in->text[in->count] = copy;
    *number = in->count++;
    return FK_OK;
}

struct order {
    const struct fk_slice *text;
    intern_cmp_fn cmp;
};

static int by_text(const void *a, const void *b, void *arg)
{
    const struct order *o = arg;
    return o->cmp(o->text[*(const uint32_t *)a], o->text[*(const uint32_t *)b]);
}

uint32_t *intern_sorted(const struct intern *in, intern_cmp_fn cmp)
{
    struct order order = {in->text, cmp ? cmp : fk_slice_cmp};
    uint32_t *list = malloc((in->count + 1) * sizeof *list);
    for (uint32_t i = 0; list && i < in->count; i++)
        list[i] = i;
    if (list && in->count)
        qsort_r(list, in->count, sizeof *list, by_text, &order);
    return list;
}
