/*
 * The sum of a selection, trie by trie: the value of every node, dense.
 * Between query.c and query_pprof.c.
 */
#ifndef SERVER_QUERY_SUMS_H
#define SERVER_QUERY_SUMS_H

#include "server/query.h"

#define QUERY_MAX_TRIES     4096
#define QUERY_MAX_SUM_BYTES ((size_t)256 << 20)

struct query_sum {
    uint32_t tenant, trie; /* query_tenant(q, tenant) */
    int64_t *self;         /* by node; `cap` of them */
    uint32_t cap;
};

struct query_sums {
    const struct query *query;
    const struct query_select *select;
    struct query_sum *sum;
    size_t count, bytes;
    uint32_t tenant; /* the one whose data is being added */
    uint32_t only;   /* series to add, if select->by_id */
    struct fk_diag *diag;
};

/* Runs the merge. _fini always. */
FK_MUST_USE enum fk_err query_sums_init(struct query_sums *s,
    const struct query *q, const struct query_select *select,
    struct fk_diag *diag);
void query_sums_fini(struct query_sums *s);

/* A sum beside its trie, stacks outside of the call site already at 0. */
struct query_trie {
    const struct query *query;
    struct store_tenant *tenant;
    uint32_t id;
    struct store_trie trie;
    const int64_t *self; /* trie.count of them */
};

FK_MUST_USE enum fk_err query_sums_trie(
    struct query_sums *s, size_t i, struct query_trie *out);
void query_trie_release(struct query_trie *t);
/* Never empty; `arg` is the struct query_trie. */
enum fk_err query_trie_name(void *arg, uint32_t frame, struct fk_slice *name);

#endif
