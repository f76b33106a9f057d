#include "server/timeseries_stacks.h"

#include "server/query_sums.h"
#include "server/store_check.h"

/* The values of all stacks that the selection keeps. */
static enum fk_err sum_up(struct timeseries *ts, const struct query *q,
    const struct query_select *select, int64_t *total)
{
    struct query_sums sums;
    enum fk_err err = query_sums_init(&sums, q, select, ts->diag);
    *total = 0;
    for (size_t i = 0; !err && i < sums.count; i++) {
        struct query_trie t;
        err = query_sums_trie(&sums, i, &t);
        if (err)
            break;
        for (uint32_t node = 0; node < t.trie.count; node++)
            *total = tree_sum(*total, t.self[node]);
        query_trie_release(&t);
    }
    query_sums_fini(&sums);
    return err;
}

/* Of the buckets (t - step, t]. */
static void select_bucket(const struct timeseries_ask *ask, int64_t bucket,
    struct query_select *select)
{
    int64_t last = ask->start_ms + bucket * ask->step_ms;
    select->t0 = last - ask->step_ms + 1;
    select->t1 = last + 1;
}

/* Only series with the labels of this group. */
static enum fk_err select_group(const struct timeseries *ts, uint32_t group,
    const struct query_select *all, struct query_select *out)
{
    struct fk_slice labels = ts->groups.labels.text[group];
    enum fk_err err = FK_OK;
    *out = *all;
    out->plain = true;
    for (uint32_t i = 0; !err && i < ts->ask.num_group_by; i++)
        err = selector_add_eq(&out->selector, ts->ask.group_by[i],
            label_bytes_get(labels, ts->ask.group_by[i]));
    return err;
}

/* Sums may be kept less exactly than timelines: what is said to be at the
 * start of its minute or hour can be in the bucket of another cell, or in
 * none. So all between the first and the last cell of a group are asked. */
static void span_of(
    const struct timeseries *ts, uint32_t group, int64_t *first, int64_t *last)
{
    *first = INT64_MAX;
    *last = INT64_MIN;
    for (uint32_t i = 0; i < ts->count; i++) {
        const struct timeseries_cell *c = &ts->cell[i];
        if (c->group != group)
            continue;
        *first = c->bucket < *first ? c->bucket : *first;
        *last = c->bucket > *last ? c->bucket : *last;
    }
}

static enum fk_err keep_group(struct timeseries *ts, const struct query *q,
    const struct query_select *all, uint32_t group)
{
    struct store_meter meter = {.budget = &q->budget};
    struct query_select select;
    int64_t first, last, total;
    enum fk_err err = select_group(ts, group, all, &select);
    span_of(ts, group, &first, &last);
    for (int64_t bucket = first; !err && bucket <= last; bucket++) {
        struct timeseries_cell *cell = NULL;
        select_bucket(&ts->ask, bucket, &select);
        err = store_meter_add(&meter, 0, ts->diag);
        if (!err)
            err = sum_up(ts, q, &select, &total);
        if (!err)
            err = timeseries_cell_of(ts, group, bucket, total != 0, &cell);
        if (!err && cell)
            cell->total = total;
    }
    return err;
}

enum fk_err timeseries_keep_stacks(struct timeseries *ts, const struct query *q,
    const struct query_select *select)
{
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; i < ts->count; i++) {
        ts->cell[i].total = 0;
        ts->cell[i].top = (struct exemplar){0}; /* of whole profiles */
    }
    for (uint32_t g = 0; !err && g < ts->groups.labels.count; g++)
        err = keep_group(ts, q, select, g);
    return err;
}
