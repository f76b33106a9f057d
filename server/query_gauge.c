#include "server/query_gauge.h"

#include "common/array.h"
#include "common/hash.h"
#include "common/map.h"

#include <stdlib.h>

#define CELL_MS 600000

bool query_gauge_is(const struct profile_type *type)
{
    static const char *const gauges[] = {
        "inuse_objects", "inuse_space", "goroutine", "goroutines"};

    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        if (fk_slice_eqz(type->sample_type, gauges[i]))
            return true;
    return false;
}

/* How often a series was measured in ten minutes. */
struct cell {
    uint32_t app, series, count;
    int64_t at;
};

struct gauge {
    struct fk_map cell_of; /* hash of series and time -> cell: verify */
    struct cell *cells;
    size_t count, cap;
};

static enum fk_err add_cell(
    struct gauge *g, uint64_t key, const struct cell *cell)
{
    struct cell *cells =
        fk_array_more(g->cells, g->count, &g->cap, sizeof *cells);
    if (!cells)
        return FK_ERR_NOMEM;
    g->cells = cells;
    g->cells[g->count] = *cell;
    return fk_map_add(&g->cell_of, key, g->count++);
}

static enum fk_err add_point(void *arg, const struct store_point *p)
{
    struct gauge *g = arg;
    uint64_t found;
    int64_t at = p->time_ms / CELL_MS;
    uint32_t id = p->series == STORE_SERIES_MANY ? ~p->app : p->series;
    uint64_t key = fk_hash_mix((uint64_t)id << 32 ^ (uint64_t)at);
    size_t slot = 0;
    while ((found = fk_map_next(&g->cell_of, key, &slot)) != FK_MAP_NONE) {
        struct cell *c = &g->cells[found];
        if (c->app == p->app && c->series == p->series && c->at == at) {
            c->count += p->moments;
            return FK_OK;
        }
    }
    struct cell cell = {p->app, p->series, p->moments, at};
    return add_cell(g, key, &cell);
}

/* By service and time, the most diligent series first. */
static int by_moment(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x->app != y->app)
        return x->app < y->app ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->count < y->count) - (x->count > y->count);
}

static void divide(struct query_sum *sum, int64_t by)
{
    for (uint32_t i = 0; by > 1 && i < sum->cap; i++)
        sum->self[i] = sum->self[i] / by + (sum->self[i] % by * 2 >= by);
}

static int64_t moments_of(const struct gauge *g, uint32_t app)
{
    int64_t moments = 0;
    for (size_t k = 0; k < g->count; k++) {
        const struct cell *c = &g->cells[k];
        bool first = !k || c[-1].app != c->app || c[-1].at != c->at;
        if (first && c->app == app)
            moments += c->count;
    }
    return moments;
}

/* An app may have several sums, one a trie. */
static enum fk_err divide_all(
    struct query_sums *s, struct store_tenant *tenant, const struct gauge *g)
{
    const struct store_ops *ops = s->query->store->ops;
    for (size_t i = 0; i < s->count; i++) {
        struct store_trie held;
        if (s->sum[i].tenant != s->tenant)
            continue;
        enum fk_err err = ops->trie_hold(tenant, s->sum[i].trie, &held);
        if (err)
            return err;
        divide(&s->sum[i], moments_of(g, held.app));
        ops->trie_release(tenant, &held);
    }
    return FK_OK;
}

enum fk_err query_gauge_average(struct query_sums *s)
{
    const struct query *q = s->query;
    const struct query_select *select = s->select;
    const struct store_ops *ops = q->store->ops;
    struct store_tenant *tenant = query_tenant(q, s->tenant);
    struct gauge g = {0};
    fk_map_init(&g.cell_of, QUERY_GAUGE_MAX_CELLS);
    enum fk_err err =
        query_forgive(q, ops->timeline(tenant, &select->selector, select->t0,
                             select->t1, &q->budget, add_point, &g, s->diag));
    if (!err && g.count)
        qsort(g.cells, g.count, sizeof *g.cells, by_moment);
    if (!err)
        err = divide_all(s, tenant, &g);
    fk_map_fini(&g.cell_of);
    free(g.cells);
    return err;
}
