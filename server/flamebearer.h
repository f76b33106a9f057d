/*
 * A finished call tree as levels of numbers, the form that every flame graph
 * client of Pyroscope draws (spec/pyroscope-api 9.1, 9.2): four numbers a
 * node, x offset delta, total, self, name; for a comparison the first three
 * once for each side. Names are numbered from the last child to the first,
 * depth first.
 *
 * Names are borrowed from the tree, which must outlive the encoding.
 */
#ifndef SERVER_FLAMEBEARER_H
#define SERVER_FLAMEBEARER_H

#include "server/tree.h"

struct flamebearer {
    const struct fk_slice *tree_names;
    uint32_t *name; /* numbers in tree_names; [0] is "total" */
    uint32_t num_names;
    int64_t *values;
    uint32_t width;      /* numbers a node: 4 or 7 */
    uint32_t *level_end; /* in nodes; level i starts where i-1 ends */
    uint32_t num_levels;
    int64_t ticks[TREE_SIDES]; /* total of each side */
    int64_t total;             /* of both */
    int64_t max_self;
};

/* sides: 1 or 2. FK_ERR_FORMAT when a value is negative. _fini always. */
FK_MUST_USE enum fk_err flamebearer_init(struct flamebearer *f,
    const struct tree *t, int sides, struct fk_diag *diag);
void flamebearer_fini(struct flamebearer *f);

static inline struct fk_slice flamebearer_name(
    const struct flamebearer *f, uint32_t i)
{
    return f->tree_names[f->name[i]];
}

/* The numbers of one level. */
static inline const int64_t *flamebearer_level(
    const struct flamebearer *f, uint32_t level, size_t *n)
{
    size_t from = level ? f->level_end[level - 1] : 0;
    *n = (f->level_end[level] - from) * f->width;
    return f->values + from * f->width;
}

#endif
