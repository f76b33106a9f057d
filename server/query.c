#include "server/query.h"

#include "server/query_sums.h"

#include <string.h>

static int64_t clamp(int64_t ms)
{
    return ms > QUERY_MAX_MS    ? QUERY_MAX_MS
           : ms < -QUERY_MAX_MS ? -QUERY_MAX_MS
                                : ms;
}

enum fk_err query_forgive(const struct query *q, enum fk_err err)
{
    if ((err != FK_ERR_CORRUPT && err != FK_ERR_PARTIAL) || !q->incomplete)
        return err;
    if (*q->incomplete != FK_ERR_CORRUPT)
        *q->incomplete = err;
    return FK_OK;
}

/* A range that lies wholly too far back becomes an empty one. */
static enum fk_err keep_limits(const struct query_limits *l, int64_t *start_ms,
    int64_t *end_ms, struct fk_diag *diag)
{
    int64_t oldest = l->now_ms - l->lookback_ms;
    if (l->length_ms && *end_ms - *start_ms > l->length_ms)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the query time range exceeds the limit (max_query_length, "
            "actual: %llds, limit: %llds)",
            (long long)(*end_ms - *start_ms) / 1000,
            (long long)l->length_ms / 1000);
    if (l->lookback_ms && *start_ms < oldest) {
        *start_ms = oldest;
        *end_ms = *end_ms < oldest ? oldest : *end_ms;
    }
    return FK_OK;
}

enum fk_err query_range_check(const struct query_limits *l, int64_t *start_ms,
    int64_t *end_ms, bool open, struct fk_diag *diag)
{
    if (!open && (!*start_ms || !*end_ms))
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "missing time range in the query");
    if (*start_ms > *end_ms)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "query start time is after end time");
    *start_ms = clamp(*start_ms);
    *end_ms = clamp(*end_ms);
    bool unlimited = !l || (open && !*start_ms && !*end_ms);
    return unlimited ? FK_OK : keep_limits(l, start_ms, end_ms, diag);
}

enum fk_err query_nodes_check(
    const struct query_limits *l, int64_t max_nodes, struct fk_diag *diag)
{
    long long most = l && l->nodes_max ? l->nodes_max : QUERY_MAX_NODES;
    if (max_nodes < 0)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "max flamegraph nodes limit must be set (max allowed %lld)", most);
    if (max_nodes > most)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "max flamegraph nodes limit %lld is greater than allowed %lld",
            (long long)max_nodes, most);
    return FK_OK;
}

enum fk_err query_select_parse(struct query_select *out,
    struct fk_slice type_id, struct fk_slice selector, struct fk_arena *arena,
    struct fk_diag *diag)
{
    *out = (struct query_select){0};
    enum fk_err err = profile_type_parse(type_id, &out->type, diag);
    if (!err)
        err = selector_parse(selector, arena, &out->selector, diag);
    if (!err)
        err = selector_add_eq(
            &out->selector, FK_SLICE("__profile_type__"), out->type.id);
    return err;
}

bool query_takes_span(
    const struct query_select *select, uint64_t span, const uint8_t *trace)
{
    for (uint32_t i = 0; i < select->num_spans; i++)
        if (select->spans[i] == span)
            return true;
    for (uint32_t i = 0; i < select->num_traces; i++)
        if (!memcmp(select->traces[i], trace, QUERY_TRACE_BYTES))
            return true;
    return false;
}

static enum fk_err add_trie(
    struct query_sums *sums, size_t i, int side, struct tree *t)
{
    struct query_trie trie;
    enum fk_err err = query_sums_trie(sums, i, &trie);
    if (err)
        return err;
    struct tree_source source = {trie.trie.count, trie.trie.parent,
        trie.trie.frame, trie.self, query_trie_name, &trie};
    err = tree_add(t, &source, side);
    query_trie_release(&trie);
    return err;
}

enum fk_err query_tree(const struct query *q, const struct query_select *select,
    int side, struct tree *t, struct fk_diag *diag)
{
    struct query_sums sums;
    t->given_up = q->budget.cancelled;
    t->given_up_arg = q->budget.cancelled_arg;
    enum fk_err err = query_sums_init(&sums, q, select, diag);
    for (size_t i = 0; i < sums.count && !err; i++) {
        err = add_trie(&sums, i, side, t);
        if (err == FK_ERR_LIMIT)
            fk_diag_set(diag, err,
                "the flame graph has more than %u nodes; narrow the time "
                "range or the label selector",
                TREE_MAX_NODES);
    }
    query_sums_fini(&sums);
    return err;
}
