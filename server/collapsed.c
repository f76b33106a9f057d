#include "server/collapsed.h"

#include <stdlib.h>

static void add_name(struct fk_buf *out, struct fk_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        fk_buf_addc(out, c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c);
    }
}

static uint32_t depth_of(const struct tree *t, uint32_t node)
{
    uint32_t depth = 0;

    for (; node; node = t->node[node].parent)
        depth++;
    return depth;
}

/* `path` has room for the deepest stack. */
static void add_line(
    const struct tree *t, uint32_t node, uint32_t *path, struct fk_buf *out)
{
    uint32_t depth = 0;

    for (uint32_t i = node; i; i = t->node[i].parent)
        path[depth++] = i;
    while (depth-- > 0) {
        add_name(out, t->names.text[t->node[path[depth]].name]);
        fk_buf_addc(out, depth ? ';' : ' ');
    }
    fk_buf_printf(out, "%lld\n", (long long)t->node[node].self[TREE_LEFT]);
}

enum fk_err collapsed_write(const struct tree *t, struct fk_buf *out)
{
    /* Nodes are numbered level by level, so none is deeper than the last. */
    uint32_t deepest = depth_of(t, t->count - 1);
    uint32_t *path = malloc(((size_t)deepest + 1) * sizeof *path);

    if (!path)
        return FK_ERR_NOMEM;
    for (uint32_t i = 1; i < t->count && !out->err; i++)
        if (t->node[i].self[TREE_LEFT])
            add_line(t, i, path, out);
    free(path);
    return out->err;
}
