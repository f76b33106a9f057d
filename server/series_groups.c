#include "server/series_groups.h"

#include "common/hash.h"

enum { MAX_LABEL_BYTES = 64 << 20 };

#define MIXED UINT32_MAX

struct visit {
    struct series_groups *groups;
    const struct series_groups_ask *ask;
    uint32_t tenant;
};

static uint64_t key_of(uint32_t tenant, uint32_t series)
{
    return fk_hash_mix((uint64_t)tenant << 32 | series);
}

static uint64_t key_of_app(uint32_t tenant, uint32_t app)
{
    return key_of(tenant | 1u << 31, app);
}

static enum fk_err add_app(
    struct fk_map *of, uint32_t tenant, uint32_t app, uint32_t group)
{
    uint64_t key = key_of_app(tenant, app), known = fk_map_get(of, key);
    bool same = known == FK_MAP_NONE || known == group;
    return fk_map_put(of, key, same ? group : MIXED);
}

static enum fk_err add_series(void *arg, const struct store_series *s)
{
    struct visit *v = arg;
    struct label_filter filter = {v->ask->group_by, v->ask->num_group_by, true};
    struct fk_buf bytes;
    uint32_t group = 0, rest = 0;
    fk_buf_init(&bytes, MAX_LABEL_BYTES);
    if (filter.count)
        label_bytes_add(&bytes, s->labels, &filter);
    enum fk_err err = bytes.err;
    if (!err)
        err = intern_put(&v->groups->labels, fk_buf_slice(&bytes), &group);
    fk_buf_reset(&bytes);
    if (!err && v->ask->rest)
        label_bytes_add_rest(&bytes, s->labels, &filter);
    if (!err && v->ask->rest)
        err = bytes.err
                  ? bytes.err
                  : intern_put(&v->groups->rest, fk_buf_slice(&bytes), &rest);
    if (!err)
        err = fk_map_put(&v->groups->of, key_of(v->tenant, s->id),
            (uint64_t)rest << 32 | group);
    if (!err)
        err = add_app(&v->groups->of, v->tenant, s->app, group);
    fk_buf_fini(&bytes);
    return err;
}

enum fk_err series_groups_init(struct series_groups *g, const struct query *q,
    const struct query_select *select, const struct series_groups_ask *ask)
{
    struct visit v = {.groups = g, .ask = ask};
    enum fk_err err = FK_OK;
    intern_init(&g->labels, SERIES_GROUPS_MAX, MAX_LABEL_BYTES);
    intern_init(&g->rest, SERIES_GROUPS_MAX, MAX_LABEL_BYTES);
    fk_map_init(&g->of, 2 * SERIES_GROUPS_MAX);
    for (; v.tenant < query_tenants(q) && !err; v.tenant++)
        err = q->store->ops->series(query_tenant(q, v.tenant),
            &select->selector, ask->t0, ask->t1, add_series, &v);
    return err;
}

void series_groups_fini(struct series_groups *g)
{
    intern_fini(&g->labels);
    intern_fini(&g->rest);
    fk_map_fini(&g->of);
}

bool series_groups_find(const struct series_groups *g, uint32_t tenant,
    uint32_t series, uint32_t *group, uint32_t *rest)
{
    uint64_t found = fk_map_get(&g->of, key_of(tenant, series));
    if (found == FK_MAP_NONE)
        return false;
    *group = (uint32_t)found;
    *rest = (uint32_t)(found >> 32);
    return true;
}

bool series_groups_find_app(const struct series_groups *g, uint32_t tenant,
    uint32_t app, uint32_t *group)
{
    uint64_t found = fk_map_get(&g->of, key_of_app(tenant, app));
    if (found == FK_MAP_NONE || found == MIXED)
        return false;
    *group = (uint32_t)found;
    return true;
}
