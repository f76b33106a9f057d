/*
 * From a selection to a call tree or a pprof: what every read of profiles
 * does, whichever route asked. Values of the matching profiles are summed in
 * one array a trie, as long as the trie; names are looked up afterwards, for
 * the nodes that have a value.
 *
 * Limits: the budget (time, bytes; the caller may give up), 256 MiB of sums.
 * FK_ERR_LIMIT comes with a sentence that says to narrow the range.
 */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

#include "common/buf.h"
#include "server/profile_id.h"
#include "server/profile_type.h"
#include "server/store.h"
#include "server/tree.h"

#define QUERY_MAX_NS    (30 * 1000000000ll)
#define QUERY_MAX_BYTES ((uint64_t)4 << 30) /* decoded */
/* Times are clamped to so many ms around 1970, which is until 2096: nothing
 * that is computed from them can overflow. */
#define QUERY_MAX_MS 4000000000000ll

/* What FK_ERR_LIMIT says where nothing more exact was said. */
#define QUERY_TOO_MUCH                                                         \
    "the query asks for more work than one may take; narrow the time range, "  \
    "or use plain labels instead of regular expressions"

#define QUERY_TRACE_BYTES 16
#define QUERY_MAX_NODES   (1 << 20)

/* What the operator allows; 0 = no limit. */
struct query_limits {
    int64_t length_ms, lookback_ms;
    int64_t now_ms; /* for lookback */
    int64_t nodes_default, nodes_max;
};

/* Whose data, and what it may cost. */
struct query {
    struct store *store;
    struct store_tenant *tenant;
    /* Tenants whose data is added to that of the first. */
    struct store_tenant *const *more;
    uint32_t num_more;
    struct store_budget budget;
    struct query_limits limits;
    /* Set when something is left out: FK_ERR_CORRUPT, stored profiles failed
     * their check; FK_ERR_PARTIAL, they are too old for what was asked. NULL:
     * that is an error. */
    enum fk_err *incomplete;
};

static inline uint32_t query_tenants(const struct query *q)
{
    return 1 + q->num_more;
}

static inline struct store_tenant *query_tenant(
    const struct query *q, uint32_t i)
{
    return i ? q->more[i - 1] : q->tenant;
}

/* The result of a visit of the store, where what is damaged is left out. */
FK_MUST_USE enum fk_err query_forgive(const struct query *q, enum fk_err err);

struct query_select {
    struct profile_type type;
    struct selector selector; /* the type included */
    int64_t t0, t1;           /* ms, [t0, t1) */
    /* Only stacks that begin with these functions, root first. */
    const struct fk_slice *call_site;
    uint32_t call_site_depth;
    bool plain; /* levels over time are added up too, not averaged */
    /* Only these stored profiles, if by_id. */
    const struct profile_id *ids;
    uint32_t num_ids;
    bool by_id;
    /* Only what belongs to one of these spans, or one of these traces, if
     * by_span. */
    const uint64_t *spans;
    const uint8_t (*traces)[QUERY_TRACE_BYTES];
    uint32_t num_spans, num_traces;
    bool by_span;
};

/* Refuse what is backwards, too long or (unless `open`) has an end that is
 * 0; cut what is too long ago. `l` may be NULL. */
FK_MUST_USE enum fk_err query_range_check(const struct query_limits *l,
    int64_t *start_ms, int64_t *end_ms, bool open, struct fk_diag *diag);
/* 0 = not given, which is allowed. */
FK_MUST_USE enum fk_err query_nodes_check(
    const struct query_limits *l, int64_t max_nodes, struct fk_diag *diag);

/* The type's ID and a selector, which must not be empty; both are copied
 * into the arena or views of it. */
FK_MUST_USE enum fk_err query_select_parse(struct query_select *out,
    struct fk_slice type_id, struct fk_slice selector, struct fk_arena *arena,
    struct fk_diag *diag);

/* Is it one of those that were asked for? */
bool query_takes_span(
    const struct query_select *select, uint64_t span, const uint8_t *trace);

/* Add to one side of a tree that is not finished yet. */
FK_MUST_USE enum fk_err query_tree(const struct query *q,
    const struct query_select *select, int side, struct tree *t,
    struct fk_diag *diag);

/* Plain (not gzip-ed) pprof bytes. max_nodes > 0: a pruned profile of
 * function names only. */
FK_MUST_USE enum fk_err query_pprof(const struct query *q,
    const struct query_select *select, int64_t max_nodes, struct fk_buf *out,
    struct fk_diag *diag);

#endif
