/* A selection as a pprof. */
#include "common/clock.h"
#include "common/pprof.h"
#include "server/query.h"
#include "server/query_sums.h"

#include <stdlib.h>

enum {
    MAX_DEPTH = 1024,
    MAX_PPROF_BYTES = 256 << 20,
    NODES_BETWEEN_LOOKS = 1 << 12,
};

struct writer {
    struct fk_pprof_writer pprof;
    struct fk_pprof_frame frame[MAX_DEPTH]; /* leaf first */
};

/* Deeper stacks than MAX_DEPTH keep their leaf side. */
static enum fk_err add_stack(
    struct writer *w, struct query_trie *t, uint32_t node, uint32_t mapping)
{
    size_t depth = 0;
    for (uint32_t i = node; i && depth < MAX_DEPTH; i = t->trie.parent[i]) {
        struct store_frame f;
        enum fk_err err =
            t->query->store->ops->frame(t->tenant, t->id, t->trie.frame[i], &f);
        if (err)
            return err;
        w->frame[depth++] = (struct fk_pprof_frame){
            .name = f.name, .file = f.file, .line = f.line, .mapping = mapping};
    }
    fk_pprof_add_sample(&w->pprof, w->frame, depth, &t->self[node], 1, NULL, 0);
    return w->pprof.body.err;
}

static bool given_up(const struct query *q, uint32_t node)
{
    return node % NODES_BETWEEN_LOOKS == 0 && q->budget.cancelled &&
           q->budget.cancelled(q->budget.cancelled_arg);
}

static enum fk_err add_trie(
    struct writer *w, struct query_trie *t, uint32_t mapping)
{
    enum fk_err err = FK_OK;
    for (uint32_t n = 1; n < t->trie.count && !err; n++) {
        if (given_up(t->query, n))
            err = FK_ERR_CANCELLED;
        else if (t->self[n])
            err = add_stack(w, t, n, mapping);
    }
    return err;
}

static enum fk_err add_all(struct writer *w, const struct query *q,
    const struct query_select *select, uint32_t mapping, struct fk_diag *diag)
{
    struct query_sums sums;
    enum fk_err err = query_sums_init(&sums, q, select, diag);
    for (size_t i = 0; i < sums.count && !err; i++) {
        struct query_trie t;
        err = query_sums_trie(&sums, i, &t);
        if (err)
            break;
        err = add_trie(w, &t, mapping);
        query_trie_release(&t);
    }
    query_sums_fini(&sums);
    return err;
}

static enum fk_err add_pruned(struct writer *w, const struct query *q,
    const struct query_select *select, int64_t max_nodes, struct fk_diag *diag)
{
    struct tree t;
    enum fk_err err = tree_init(&t);
    if (!err)
        err = query_tree(q, select, TREE_LEFT, &t, diag);
    if (!err)
        err = tree_finish(&t);
    if (!err)
        err = tree_prune(&t, max_nodes, 1);
    for (uint32_t n = 1; n < t.count && !err; n++) {
        size_t depth = 0;
        if (!t.node[n].self[TREE_LEFT])
            continue;
        for (uint32_t i = n; i && depth < MAX_DEPTH; i = t.node[i].parent)
            w->frame[depth++] =
                (struct fk_pprof_frame){.name = t.names.text[t.node[i].name]};
        fk_pprof_add_sample(
            &w->pprof, w->frame, depth, &t.node[n].self[TREE_LEFT], 1, NULL, 0);
        err = w->pprof.body.err;
    }
    tree_fini(&t);
    return err;
}

enum fk_err query_pprof(const struct query *q,
    const struct query_select *select, int64_t max_nodes, struct fk_buf *out,
    struct fk_diag *diag)
{
    const struct profile_type *type = &select->type;
    struct writer *w = malloc(sizeof *w);
    if (!w)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    fk_pprof_writer_init(&w->pprof, MAX_PPROF_BYTES);
    fk_pprof_add_type(&w->pprof, type->sample_type, type->sample_unit);
    struct fk_pprof_mapping all = {.has_functions = true};
    uint32_t mapping = fk_pprof_add_mapping(&w->pprof, &all);
    enum fk_err err = max_nodes > 0 ? add_pruned(w, q, select, max_nodes, diag)
                                    : add_all(w, q, select, mapping, diag);
    struct fk_pprof_type period = {type->period_type, type->period_unit};
    if (!err)
        err = fk_pprof_finish(&w->pprof, select->t1 * FK_NS_PER_MS,
            (select->t1 - select->t0) * FK_NS_PER_MS, period,
            profile_type_period(type), type->sample_type);
    if (!err)
        fk_buf_add_slice(out, fk_buf_slice(&w->pprof.body));
    if (err == FK_ERR_LIMIT)
        fk_diag_set(diag, err,
            "the pprof is larger than %d MiB; narrow the time range or the "
            "label selector",
            MAX_PPROF_BYTES >> 20);
    fk_pprof_writer_fini(&w->pprof);
    free(w);
    return err ? err : out->err;
}
