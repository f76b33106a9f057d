#include "server/dot.h"

#include <stdlib.h>
#include <string.h>

struct function {
    uint32_t name;
    int64_t flat, cum;
};

struct edge {
    uint32_t from, to; /* names */
    int64_t value;
};

/* A function that is above itself is counted once: by its topmost call. */
static bool called_above(const struct tree *t, uint32_t node)
{
    for (uint32_t i = t->node[node].parent; i; i = t->node[i].parent)
        if (t->node[i].name == t->node[node].name)
            return true;
    return false;
}

static void add_functions(const struct tree *t, struct function *by_name)
{
    for (uint32_t i = 0; i < t->names.count; i++)
        by_name[i] = (struct function){.name = i};
    for (uint32_t i = 1; i < t->count; i++) {
        const struct tree_node *n = &t->node[i];
        struct function *f = &by_name[n->name];
        f->flat = tree_sum(f->flat, n->self[TREE_LEFT]);
        if (!called_above(t, i))
            f->cum = tree_sum(f->cum, n->total[TREE_LEFT]);
    }
}

static int heaviest_first(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    if (x->cum != y->cum)
        return x->cum > y->cum ? -1 : 1;
    return (x->name > y->name) - (x->name < y->name);
}

static int by_ends(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

static void add_text(struct fk_buf *out, struct fk_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            fk_buf_addc(out, '\\');
        fk_buf_addc(out, s.ptr[i] == '\n' ? ' ' : s.ptr[i]);
    }
}

static double percent(int64_t part, int64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void write_functions(const struct tree *t, const struct function *list,
    uint32_t count, struct fk_buf *out)
{
    int64_t whole = t->node[0].total[TREE_LEFT];
    for (uint32_t i = 0; i < count; i++) {
        const struct function *f = &list[i];
        fk_buf_printf(out, "N%u [label=\"", i + 1);
        add_text(out, t->names.text[f->name]);
        fk_buf_printf(out, "\\n%lld (%.2f%%)\\nof %lld (%.2f%%)\" shape=box]\n",
            (long long)f->flat, percent(f->flat, whole), (long long)f->cum,
            percent(f->cum, whole));
    }
}

/* `number[name]`: the drawn node, or 0. */
static enum fk_err write_edges(
    const struct tree *t, const uint32_t *number, struct fk_buf *out)
{
    struct edge *e = malloc(t->count * sizeof *e);
    size_t n = 0;
    if (!e)
        return FK_ERR_NOMEM;
    for (uint32_t i = 1; i < t->count; i++) {
        uint32_t from = t->node[i].parent;
        if (from && number[t->node[from].name] && number[t->node[i].name])
            e[n++] = (struct edge){number[t->node[from].name],
                number[t->node[i].name], t->node[i].total[TREE_LEFT]};
    }
    qsort(e, n, sizeof *e, by_ends);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && !by_ends(&e[i], &e[i + 1])) {
            e[i + 1].value = tree_sum(e[i + 1].value, e[i].value);
            continue;
        }
        fk_buf_printf(out, "N%u -> N%u [label=\" %lld\"]\n", e[i].from, e[i].to,
            (long long)e[i].value);
    }
    free(e);
    return FK_OK;
}

static void write_head(
    const struct tree *t, const struct profile_type *type, struct fk_buf *out)
{
    fk_buf_adds(out, "digraph \"unnamed\" {\n"
                     "node [style=filled fillcolor=\"#f8f8f8\"]\n"
                     "subgraph cluster_L { \"Type: ");
    add_text(out, type->sample_type);
    fk_buf_adds(out, "\" [shape=box label=\"Type: ");
    add_text(out, type->sample_type);
    fk_buf_printf(
        out, "\\lTotal: %lld ", (long long)t->node[0].total[TREE_LEFT]);
    add_text(out, type->sample_unit);
    fk_buf_adds(out, "\\l\"] }\n");
}

enum fk_err dot_write(const struct tree *t, const struct profile_type *type,
    uint32_t max_functions, struct fk_buf *out)
{
    if (t->count == 1)
        return FK_OK;
    uint32_t names = t->names.count, count = 0;
    struct function *list = malloc(names * sizeof *list);
    uint32_t *number = calloc(names, sizeof *number);
    enum fk_err err = list && number ? FK_OK : FK_ERR_NOMEM;
    if (!err) {
        add_functions(t, list);
        qsort(list, names, sizeof *list, heaviest_first);
        while (count < names && count < max_functions && list[count].cum) {
            number[list[count].name] = count + 1;
            count++;
        }
        write_head(t, type, out);
        write_functions(t, list, count, out);
        err = write_edges(t, number, out);
        fk_buf_adds(out, "}\n");
    }
    free(list);
    free(number);
    return err ? err : out->err;
}
