#include "server/query_sums.h"

#include "server/query_gauge.h"

#include <stdlib.h>
#include <string.h>

static enum fk_err too_much(struct query_sums *s, const char *what)
{
    return fk_diag_set(s->diag, FK_ERR_LIMIT,
        "the query touches more %s than one answer may hold; narrow the time "
        "range or the label selector",
        what);
}

/* The sum of this trie; a run's trie is mostly that of the run before. */
static struct query_sum *sum_of(struct query_sums *s, uint32_t trie)
{
    for (size_t i = s->count; i-- > 0;)
        if (s->sum[i].trie == trie && s->sum[i].tenant == s->tenant)
            return &s->sum[i];
    if (s->count == QUERY_MAX_TRIES)
        return NULL;
    s->sum[s->count] = (struct query_sum){.tenant = s->tenant, .trie = trie};
    return &s->sum[s->count++];
}

static enum fk_err reserve(
    struct query_sums *s, struct query_sum *sum, uint32_t nodes)
{
    if (nodes <= sum->cap)
        return FK_OK;
    size_t cap = (size_t)nodes + nodes / 2 + 64;
    size_t more = (cap - sum->cap) * sizeof *sum->self;
    if (cap > UINT32_MAX || s->bytes + more > QUERY_MAX_SUM_BYTES)
        return too_much(s, "stacks");
    int64_t *self = realloc(sum->self, cap * sizeof *self);
    if (!self)
        return fk_diag_set(s->diag, FK_ERR_NOMEM, "out of memory");
    memset(self + sum->cap, 0, more);
    sum->self = self;
    sum->cap = (uint32_t)cap;
    s->bytes += more;
    return FK_OK;
}

static enum fk_err add_run(void *arg, const struct store_run *run)
{
    struct query_sums *s = arg;
    uint32_t last = 0;
    if (s->select->by_id && run->series != s->only)
        return FK_OK;
    struct query_sum *sum = sum_of(s, run->trie);
    if (!sum)
        return too_much(s, "services");
    for (size_t i = 0; i < run->n; i++)
        last = run->nodes[i] > last ? run->nodes[i] : last;
    enum fk_err err = reserve(s, sum, last + 1);
    for (size_t i = 0; i < run->n && !err; i++) {
        int64_t *to = &sum->self[run->nodes[i]];
        *to = tree_sum(*to, run->values[i]);
    }
    return err;
}

static enum fk_err add_span(void *arg, const struct store_span_item *item)
{
    struct query_sums *s = arg;
    if (!query_takes_span(s->select, item->span, item->trace))
        return FK_OK;
    const struct store_run run = {
        item->trie, item->series, &item->node, &item->value, 1};
    return add_run(s, &run);
}

static enum fk_err add_range(struct query_sums *s, int64_t t0, int64_t t1)
{
    const struct query *q = s->query;
    if (s->select->by_span)
        return query_forgive(q, q->store->ops->spans(query_tenant(q, s->tenant),
                                    &s->select->selector, t0, t1, &q->budget,
                                    add_span, s, s->diag));
    return query_forgive(
        q, q->store->ops->merge(query_tenant(q, s->tenant),
               &s->select->selector, t0, t1, &q->budget, add_run, s, s->diag));
}

static enum fk_err add_ids(struct query_sums *s)
{
    const struct query_select *select = s->select;
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; i < select->num_ids && !err; i++) {
        int64_t at = select->ids[i].time_ms;
        s->only = select->ids[i].series;
        if (at >= select->t0 && at < select->t1)
            err = add_range(s, at, at + 1);
    }
    return err;
}

static enum fk_err add_tenant(struct query_sums *s)
{
    const struct query_select *select = s->select;
    if (select->by_id)
        return add_ids(s);
    enum fk_err err = add_range(s, select->t0, select->t1);
    if (!err && !select->plain && query_gauge_is(&select->type))
        err = query_gauge_average(s);
    return err;
}

enum fk_err query_sums_init(struct query_sums *s, const struct query *q,
    const struct query_select *select, struct fk_diag *diag)
{
    *s = (struct query_sums){.query = q, .select = select, .diag = diag};
    s->sum = calloc(QUERY_MAX_TRIES, sizeof *s->sum);
    if (!s->sum)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    enum fk_err err = FK_OK;
    for (; s->tenant < query_tenants(q) && !err; s->tenant++)
        err = add_tenant(s);
    if (err == FK_ERR_LIMIT)
        fk_diag_set(diag, err,
            "the query takes too long or reads too much; narrow the time "
            "range or the label selector");
    return err;
}

void query_sums_fini(struct query_sums *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->sum[i].self);
    free(s->sum);
}

/* How much of the call site a stack has matched, one step a frame: the depth
 * so far, or NO_MATCH. */
enum { NO_MATCH = UINT32_MAX };

static uint32_t match_frame(
    struct query_trie *t, uint32_t frame, struct fk_slice want, uint32_t depth)
{
    struct fk_slice name;
    if (query_trie_name(t, frame, &name) || !fk_slice_eq(name, want))
        return NO_MATCH;
    return depth + 1;
}

static enum fk_err keep_call_site(
    struct query_trie *t, int64_t *self, const struct query_select *select)
{
    uint32_t whole = select->call_site_depth;
    uint32_t *matched = malloc(((size_t)t->trie.count + 1) * sizeof *matched);
    if (!matched)
        return FK_ERR_NOMEM;
    matched[0] = 0;
    for (uint32_t i = 1; i < t->trie.count; i++) {
        uint32_t depth = matched[t->trie.parent[i]];
        if (depth < whole)
            depth = match_frame(
                t, t->trie.frame[i], select->call_site[depth], depth);
        matched[i] = depth;
        if (depth != whole)
            self[i] = 0;
    }
    free(matched);
    return FK_OK;
}

enum fk_err query_sums_trie(
    struct query_sums *s, size_t i, struct query_trie *out)
{
    const struct query *q = s->query;
    struct query_sum *sum = &s->sum[i];
    *out = (struct query_trie){
        .query = q, .tenant = query_tenant(q, sum->tenant), .id = sum->trie};
    enum fk_err err =
        q->store->ops->trie_hold(out->tenant, out->id, &out->trie);
    if (err)
        return err;
    err = reserve(s, sum, out->trie.count);
    out->self = sum->self;
    if (!err && s->select->call_site_depth)
        err = keep_call_site(out, sum->self, s->select);
    if (err)
        query_trie_release(out);
    return err;
}

void query_trie_release(struct query_trie *t)
{
    t->query->store->ops->trie_release(t->tenant, &t->trie);
}

enum fk_err query_trie_name(void *arg, uint32_t frame, struct fk_slice *name)
{
    struct query_trie *t = arg;
    struct store_frame f;
    enum fk_err err = t->query->store->ops->frame(t->tenant, t->id, frame, &f);
    if (!err)
        *name = f.name.len ? f.name : FK_SLICE("unknown");
    return err;
}
