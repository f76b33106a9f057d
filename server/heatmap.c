#include "server/heatmap.h"

#include "common/array.h"

#include <stdlib.h>
#include <string.h>

static enum fk_err new_point(
    struct heatmap *h, const struct heatmap_point *point)
{
    if (h->count == HEATMAP_MAX_POINTS)
        return fk_diag_set(h->diag, FK_ERR_LIMIT,
            "the heatmap would show more than %u profiles; narrow the time "
            "range or the label selector",
            HEATMAP_MAX_POINTS);
    struct heatmap_point *more =
        fk_array_more(h->point, h->count, &h->cap, sizeof *more);
    if (!more)
        return fk_diag_set(h->diag, FK_ERR_NOMEM, "out of memory");
    h->point = more;
    int64_t value = point->profile.value;
    h->low = h->count == 0 || value < h->low ? value : h->low;
    h->high = h->count == 0 || value > h->high ? value : h->high;
    h->point[h->count++] = *point;
    return FK_OK;
}

static enum fk_err add_point(void *arg, const struct store_point *p)
{
    struct heatmap *h = arg;
    struct heatmap_point point = {
        .bucket = timeseries_bucket(&h->ask, p->time_ms),
        .profile = {p->total, p->time_ms, h->tenant, p->series, 0}};
    if (p->series == STORE_SERIES_MANY) {
        h->partial = true;
        return FK_OK;
    }
    return series_groups_find(&h->groups, h->tenant, p->series, &point.group,
               &point.profile.rest)
               ? new_point(h, &point)
               : FK_OK;
}

/* The items of one span of one profile come together: they are one point. */
static enum fk_err flush_span(struct heatmap *h)
{
    enum fk_err err = FK_OK;
    if (h->open.of_span)
        err = new_point(h, &h->open);
    h->open.of_span = false;
    return err;
}

static bool same_span(
    const struct heatmap *h, const struct store_span_item *item)
{
    const struct heatmap_point *p = &h->open;
    return p->of_span && p->span == item->span &&
           p->profile.series == item->series &&
           p->profile.time_ms == item->time_ms &&
           !memcmp(p->trace, item->trace, sizeof p->trace);
}

static enum fk_err add_span(void *arg, const struct store_span_item *item)
{
    struct heatmap *h = arg;
    uint32_t group, rest;
    if (same_span(h, item)) {
        h->open.profile.value = tree_sum(h->open.profile.value, item->value);
        return FK_OK;
    }
    enum fk_err err = flush_span(h);
    if (err ||
        !series_groups_find(&h->groups, h->tenant, item->series, &group, &rest))
        return err;
    h->open = (struct heatmap_point){.group = group,
        .bucket = timeseries_bucket(&h->ask, item->time_ms),
        .profile = {item->value, item->time_ms, h->tenant, item->series, rest},
        .of_span = true,
        .span = item->span};
    memcpy(h->open.trace, item->trace, sizeof h->open.trace);
    return FK_OK;
}

static enum fk_err add_tenant(struct heatmap *h, const struct query *q,
    const struct query_select *select, const struct series_groups_ask *ask,
    bool spans)
{
    struct store_tenant *t = query_tenant(q, h->tenant);
    const struct store_ops *ops = q->store->ops;
    if (!spans)
        return query_forgive(
            q, ops->timeline(t, &select->selector, ask->t0, ask->t1, &q->budget,
                   add_point, h, h->diag));
    enum fk_err err =
        query_forgive(q, ops->spans(t, &select->selector, ask->t0, ask->t1,
                             &q->budget, add_span, h, h->diag));
    return err ? err : flush_span(h);
}

static int by_group_and_bucket(const void *a, const void *b, void *arg)
{
    const struct heatmap_point *x = a, *y = b;
    const struct intern *labels = arg;
    if (x->group != y->group)
        return label_bytes_cmp(labels->text[x->group], labels->text[y->group]);
    return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

enum fk_err heatmap_init(struct heatmap *h, const struct query *q,
    const struct query_select *select, const struct timeseries_ask *ask,
    bool spans, struct fk_diag *diag)
{
    int64_t t0, t1;
    *h = (struct heatmap){.ask = *ask, .diag = diag};
    timeseries_range(ask, &t0, &t1);
    const struct series_groups_ask groups = {
        ask->group_by, ask->num_group_by, ask->exemplars, t0, t1};
    enum fk_err err = series_groups_init(&h->groups, q, select, &groups);
    for (; h->tenant < query_tenants(q) && !err; h->tenant++)
        err = add_tenant(h, q, select, &groups, spans);
    if (!err && h->partial)
        err = query_forgive(q, FK_ERR_PARTIAL);
    if (err == FK_ERR_LIMIT && !diag->text[0])
        fk_diag_set(diag, err,
            "the query takes too long or reads too much; narrow the time "
            "range or the label selector");
    if (!err && h->count)
        qsort_r(h->point, h->count, sizeof *h->point, by_group_and_bucket,
            &h->groups.labels);
    return err;
}

void heatmap_fini(struct heatmap *h)
{
    series_groups_fini(&h->groups);
    free(h->point);
}

double heatmap_edge(const struct heatmap *h, int row)
{
    double low = (double)h->low;
    return low + ((double)h->high - low) * row / HEATMAP_ROWS;
}

static int row_of(const struct heatmap *h, int64_t value)
{
    if (h->high == h->low)
        return 0;
    double share =
        ((double)value - (double)h->low) / ((double)h->high - (double)h->low);
    int row = (int)(share * HEATMAP_ROWS);
    return row < HEATMAP_ROWS ? row : HEATMAP_ROWS - 1;
}

void heatmap_slot(
    const struct heatmap *h, uint32_t first, struct heatmap_slot *out)
{
    const struct heatmap_point *p = &h->point[first];
    *out = (struct heatmap_slot){.first = first};
    for (; first + out->count < h->count && p->group == h->point[first].group &&
           p->bucket == h->point[first].bucket;
         p++, out->count++)
        out->counts[row_of(h, p->profile.value)]++;
}
