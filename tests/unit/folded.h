/*
 * For tests of call trees: a trie read from folded stacks, one "a;b;c 12"
 * a line, and a tree written as folded stacks in pre-order.
 */
#ifndef TESTS_UNIT_FOLDED_H
#define TESTS_UNIT_FOLDED_H

#include "common/buf.h"
#include "server/tree.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { FOLDED_MAX = 4096 };

struct folded {
    uint32_t count, parent[FOLDED_MAX], frame[FOLDED_MAX];
    int64_t self[FOLDED_MAX];
    struct fk_slice name[FOLDED_MAX]; /* by frame; views into the text */
    uint32_t num_frames;
};

static inline uint32_t folded_frame(struct folded *f, struct fk_slice name)
{
    uint32_t i = 0;
    while (i < f->num_frames && !fk_slice_eq(f->name[i], name))
        i++;
    CHECK(i < FOLDED_MAX);
    f->name[i] = name;
    if (i == f->num_frames)
        f->num_frames++;
    return i;
}

static inline uint32_t folded_child(
    struct folded *f, uint32_t parent, struct fk_slice name)
{
    uint32_t frame = folded_frame(f, name), i = 1;
    while (i < f->count && (f->parent[i] != parent || f->frame[i] != frame))
        i++;
    if (i < f->count)
        return i;
    CHECK(i < FOLDED_MAX);
    f->parent[i] = parent;
    f->frame[i] = frame;
    f->self[i] = 0;
    return f->count++;
}

static inline void folded_read(struct folded *f, const char *text)
{
    struct fk_slice rest = fk_slice_of(text), line;
    memset(f, 0, sizeof *f);
    f->count = 1;
    while (rest.len && fk_slice_split(&rest, '\n', &line)) {
        ptrdiff_t blank = fk_slice_rfind(line, ' ');
        CHECK(blank > 0);
        struct fk_slice stack = fk_slice_sub(line, 0, (size_t)blank), part;
        uint32_t node = 0;
        int64_t value;
        CHECK(fk_slice_i64(
            fk_slice_sub(line, (size_t)blank + 1, line.len), &value));
        while (stack.len && fk_slice_split(&stack, ';', &part))
            node = folded_child(f, node, part);
        f->self[node] += value;
    }
}

static inline enum fk_err folded_name(
    void *arg, uint32_t frame, struct fk_slice *name)
{
    *name = ((struct folded *)arg)->name[frame];
    return FK_OK;
}

/* Add to one side of a tree. */
static inline void folded_add(struct folded *f, struct tree *t, int side)
{
    struct tree_source source = {
        f->count, f->parent, f->frame, f->self, folded_name, f};
    CHECK(tree_add(t, &source, side) == FK_OK);
}

static inline void folded_path(
    const struct tree *t, uint32_t node, struct fk_buf *out)
{
    uint32_t path[FOLDED_MAX], depth = 0;
    for (uint32_t i = node; i; i = t->node[i].parent)
        path[depth++] = i;
    while (depth--) {
        fk_buf_add_slice(out, t->names.text[t->node[path[depth]].name]);
        if (depth)
            fk_buf_addc(out, ';');
    }
}

static inline void folded_write(
    const struct tree *t, int side, struct fk_buf *out)
{
    uint32_t *stack = malloc(t->count * sizeof *stack), depth = 0;
    stack[depth++] = 0;
    while (depth) {
        uint32_t i = stack[--depth];
        const struct tree_node *n = &t->node[i];
        if (i && n->self[side]) {
            folded_path(t, i, out);
            fk_buf_printf(out, " %lld\n", (long long)n->self[side]);
        }
        for (uint32_t k = n->count; k-- > 0;)
            stack[depth++] = n->first + k;
    }
    free(stack);
}

#endif
