#include "server/flamebearer.h"

#include <stdlib.h>
#include <string.h>

/* Depth first, last child first: the order in which names are numbered. */
static bool number_names(
    struct flamebearer *f, const struct tree *t, uint32_t *index)
{
    uint32_t *stack = malloc(t->count * sizeof *stack), depth = 0;
    if (!stack)
        return false;
    memset(index, 0xff, t->names.count * sizeof *index);
    stack[depth++] = 0;
    while (depth) {
        const struct tree_node *n = &t->node[stack[--depth]];
        if (index[n->name] == TREE_NONE) {
            index[n->name] = f->num_names;
            f->name[f->num_names++] = n->name;
        }
        for (uint32_t k = 0; k < n->count; k++)
            stack[depth++] = n->first + k;
    }
    free(stack);
    return true;
}

/* Nodes come level by level, so a level is a range that ends where the
 * children of the level before end. */
static void find_levels(struct flamebearer *f, const struct tree *t)
{
    uint32_t from = 0, end = 1;
    while (from < end) {
        uint32_t next = end;
        for (uint32_t i = from; i < end; i++)
            next += t->node[i].count;
        f->level_end[f->num_levels++] = end;
        from = end;
        end = next;
    }
}

/* x of every node: the root at 0, the first child behind its parent's own
 * part, each further one behind its sibling. */
static void place(struct flamebearer *f, const struct tree *t, int sides,
    int64_t (*x)[TREE_SIDES])
{
    memset(x, 0, sizeof *x);
    for (uint32_t i = 0; i < t->count; i++) {
        const struct tree_node *n = &t->node[i];
        for (int s = 0; s < sides; s++) {
            int64_t at = tree_sum(x[i][s], n->self[s]);
            for (uint32_t c = n->first; c < n->first + n->count; c++) {
                x[c][s] = at;
                at = tree_sum(at, t->node[c].total[s]);
            }
            if (n->self[s] > f->max_self)
                f->max_self = n->self[s];
        }
    }
}

static void write_levels(struct flamebearer *f, const struct tree *t, int sides,
    int64_t (*x)[TREE_SIDES], const uint32_t *index)
{
    int64_t *out = f->values, prev[TREE_SIDES] = {0};
    uint32_t level = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct tree_node *n = &t->node[i];
        if (i == f->level_end[level]) {
            level++;
            memset(prev, 0, sizeof prev);
        }
        for (int s = 0; s < sides; s++) {
            *out++ = x[i][s] - prev[s];
            *out++ = n->total[s];
            *out++ = n->self[s];
            prev[s] = tree_sum(x[i][s], n->total[s]);
        }
        *out++ = index[n->name];
    }
}

static bool negative(const struct tree *t, int sides)
{
    for (uint32_t i = 0; i < t->count; i++)
        for (int s = 0; s < sides; s++)
            if (t->node[i].self[s] < 0)
                return true;
    return false;
}

enum fk_err flamebearer_init(struct flamebearer *f, const struct tree *t,
    int sides, struct fk_diag *diag)
{
    memset(f, 0, sizeof *f);
    if (negative(t, sides))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the profile has negative values, which have no width");
    size_t n = t->count;
    f->tree_names = t->names.text;
    f->width = sides == 1 ? 4 : 7;
    f->name = malloc(t->names.count * sizeof *f->name);
    f->values = malloc(n * f->width * sizeof *f->values);
    f->level_end = malloc(n * sizeof *f->level_end);
    int64_t(*x)[TREE_SIDES] = malloc(n * sizeof *x);
    uint32_t *index = malloc(t->names.count * sizeof *index);
    bool ok = f->name && f->values && f->level_end && x && index &&
              number_names(f, t, index);
    if (ok) {
        find_levels(f, t);
        place(f, t, sides, x);
        write_levels(f, t, sides, x, index);
    }
    for (int s = 0; s < sides; s++) {
        f->ticks[s] = t->node[0].total[s];
        f->total = tree_sum(f->total, f->ticks[s]);
    }
    free(x);
    free(index);
    return ok ? FK_OK : FK_ERR_NOMEM;
}

void flamebearer_fini(struct flamebearer *f)
{
    free(f->name);
    free(f->values);
    free(f->level_end);
}
