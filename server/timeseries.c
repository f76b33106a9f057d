#include "server/timeseries.h"

#include "common/array.h"
#include "common/hash.h"
#include "server/timeseries_stacks.h"

#include <stdlib.h>

static enum fk_err too_many(struct timeseries *ts)
{
    return fk_diag_set(ts->diag, FK_ERR_LIMIT,
        "the answer would have more than %u points; narrow the time range, "
        "use a longer step or group by fewer labels",
        TIMESERIES_MAX_CELLS);
}

/* ceil((time - start) / step), which is the bucket (t-step, t] it is in. */
int64_t timeseries_bucket(const struct timeseries_ask *ask, int64_t time_ms)
{
    int64_t d = time_ms - ask->start_ms;
    return d <= 0 ? 0 : (d - 1) / ask->step_ms + 1;
}

static enum fk_err new_cell(
    struct timeseries *ts, uint64_t key, uint32_t group, int64_t bucket)
{
    if (ts->count == TIMESERIES_MAX_CELLS)
        return too_many(ts);
    struct timeseries_cell *cell =
        fk_array_more(ts->cell, ts->count, &ts->cap, sizeof *cell);
    if (!cell)
        return fk_diag_set(ts->diag, FK_ERR_NOMEM, "out of memory");
    ts->cell = cell;
    ts->cell[ts->count] =
        (struct timeseries_cell){.group = group, .bucket = bucket};
    return fk_map_add(&ts->cell_of, key, ts->count++);
}

enum fk_err timeseries_cell_of(struct timeseries *ts, uint32_t group,
    int64_t bucket, bool make, struct timeseries_cell **out)
{
    uint64_t key = fk_hash_mix((uint64_t)bucket) + group, found;
    size_t at = 0;
    while ((found = fk_map_next(&ts->cell_of, key, &at)) != FK_MAP_NONE)
        if (ts->cell[found].group == group && ts->cell[found].bucket == bucket)
            break;
    enum fk_err err = FK_OK;
    *out = NULL;
    if (found == FK_MAP_NONE && make) {
        found = ts->count;
        err = new_cell(ts, key, group, bucket);
    }
    if (!err && found != FK_MAP_NONE)
        *out = &ts->cell[found];
    return err;
}

static bool find_group(struct timeseries *ts, const struct store_point *p,
    uint32_t *group, uint32_t *rest)
{
    *rest = 0;
    if (p->series != STORE_SERIES_MANY)
        return series_groups_find(
            &ts->groups, ts->tenant, p->series, group, rest);
    bool found = series_groups_find_app(&ts->groups, ts->tenant, p->app, group);
    ts->partial |= !found;
    return found;
}

static enum fk_err add_point(void *arg, const struct store_point *p)
{
    struct timeseries *ts = arg;
    struct timeseries_cell *cell;
    uint32_t group, rest;
    if (!find_group(ts, p, &group, &rest))
        return FK_OK;
    enum fk_err err = timeseries_cell_of(
        ts, group, timeseries_bucket(&ts->ask, p->time_ms), true, &cell);
    if (err)
        return err;
    cell->total = tree_sum(cell->total, p->total);
    cell->profiles += p->profiles;
    /* What was merged in the store is no profile any more. */
    if (p->series != STORE_SERIES_MANY && p->total > cell->top.value)
        cell->top = (struct exemplar){
            p->total, p->time_ms, ts->tenant, p->series, rest};
    return FK_OK;
}

static int by_group_and_time(const void *a, const void *b)
{
    const struct timeseries_cell *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

static int by_total_and_labels(const void *a, const void *b)
{
    const struct timeseries_group *x = a, *y = b;
    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return label_bytes_cmp(x->labels, y->labels);
}

static enum fk_err make_groups(struct timeseries *ts)
{
    ts->group = calloc(ts->groups.labels.count + 1u, sizeof *ts->group);
    if (!ts->group)
        return fk_diag_set(ts->diag, FK_ERR_NOMEM, "out of memory");
    if (ts->count)
        qsort(ts->cell, ts->count, sizeof *ts->cell, by_group_and_time);
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct timeseries_cell *c = &ts->cell[i];
        if (i == 0 || c->group != c[-1].group)
            ts->group[ts->num_groups++] = (struct timeseries_group){
                .labels = ts->groups.labels.text[c->group], .first = i};
        struct timeseries_group *g = &ts->group[ts->num_groups - 1];
        g->count++;
        g->total = tree_sum(g->total, c->total);
    }
    qsort(ts->group, ts->num_groups, sizeof *ts->group, by_total_and_labels);
    if (ts->ask.limit > 0 && ts->ask.limit < ts->num_groups)
        ts->num_groups = (uint32_t)ts->ask.limit;
    return FK_OK;
}

/* What the buckets cover: from one step before start to the last t. */
void timeseries_range(
    const struct timeseries_ask *ask, int64_t *t0, int64_t *t1)
{
    int64_t last = (ask->end_ms - ask->start_ms) / ask->step_ms;
    *t0 = ask->start_ms - ask->step_ms + 1;
    *t1 = ask->start_ms + last * ask->step_ms + 1;
}

enum fk_err timeseries_init(struct timeseries *ts, const struct query *q,
    const struct query_select *select, const struct timeseries_ask *ask,
    struct fk_diag *diag)
{
    int64_t t0, t1;
    *ts = (struct timeseries){.ask = *ask, .diag = diag};
    fk_map_init(&ts->cell_of, TIMESERIES_MAX_CELLS);
    timeseries_range(ask, &t0, &t1);
    const struct series_groups_ask groups = {
        ask->group_by, ask->num_group_by, ask->exemplars, t0, t1};
    const struct store_ops *ops = q->store->ops;
    enum fk_err err = series_groups_init(&ts->groups, q, select, &groups);
    if (err == FK_ERR_LIMIT)
        return too_many(ts);
    for (; ts->tenant < query_tenants(q) && !err; ts->tenant++)
        err = query_forgive(
            q, ops->timeline(query_tenant(q, ts->tenant), &select->selector, t0,
                   t1, &q->budget, add_point, ts, diag));
    if (!err && select->call_site_depth)
        err = timeseries_keep_stacks(ts, q, select);
    if (!err && ts->partial)
        err = query_forgive(q, FK_ERR_PARTIAL);
    if (err == FK_ERR_LIMIT)
        fk_diag_set(diag, err,
            "the query takes too long or reads too much; narrow the time "
            "range or the label selector");
    return err ? err : make_groups(ts);
}

void timeseries_fini(struct timeseries *ts)
{
    series_groups_fini(&ts->groups);
    fk_map_fini(&ts->cell_of);
    free(ts->cell);
    free(ts->group);
}

int64_t timeseries_time(
    const struct timeseries *ts, const struct timeseries_cell *cell)
{
    return ts->ask.start_ms + cell->bucket * ts->ask.step_ms;
}

double timeseries_value(
    const struct timeseries *ts, const struct timeseries_cell *cell)
{
    if (ts->ask.average && cell->profiles)
        return (double)cell->total / (double)cell->profiles;
    return (double)cell->total;
}
