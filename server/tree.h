/*
 * A call tree of function names, made from the tries of one or more apps,
 * with two values a node: a comparison has a left and a right side, anything
 * else uses the left alone.
 *
 * First tree_add for each trie and side, in any order; then tree_finish,
 * which sorts; then tree_prune, which may be left out. Finished nodes are
 * numbered level by level, children in byte order of their names, so every
 * parent is before its children, siblings are neighbours, and each depth is
 * one range: whatever comes later is a loop over an array. Nothing here
 * recurses, stacks may be as deep as they like.
 *
 * Sums saturate. Node 0 is a root called "total". Not thread-safe.
 */
#ifndef SERVER_TREE_H
#define SERVER_TREE_H

#include "common/buf.h"
#include "server/intern.h"

#define TREE_MAX_NODES (8u << 20) /* while merging */
#define TREE_NONE      UINT32_MAX

enum { TREE_LEFT, TREE_RIGHT, TREE_SIDES };

struct tree_node {
    uint32_t parent, name; /* name: number in `names` */
    uint32_t first, count; /* children, once finished */
    int64_t self[TREE_SIDES], total[TREE_SIDES];
};

struct tree {
    struct intern names;
    struct tree_node *node;
    uint32_t count;
    size_t cap;
    struct fk_map children; /* (parent, name) -> node, while adding */
    /* Asked now and then, once set: nobody waits for the tree any more.
     * Whatever goes on then ends with FK_ERR_CANCELLED. */
    bool (*given_up)(void *arg);
    void *given_up_arg;
};

/* One trie with a value for each of its nodes; parent < child. Values at the
 * root, which are of no stack, are left out. */
struct tree_source {
    uint32_t count;
    const uint32_t *parent, *frame;
    const int64_t *self;
    /* The name of a frame; the view is copied. */
    enum fk_err (*name)(void *arg, uint32_t frame, struct fk_slice *name);
    void *arg;
};

FK_MUST_USE enum fk_err tree_init(struct tree *t);
void tree_fini(struct tree *t);
FK_MUST_USE enum fk_err tree_add(
    struct tree *t, const struct tree_source *source, int side);
FK_MUST_USE enum fk_err tree_finish(struct tree *t);

/* Fold what is small into a child "other" of its parent, so that about
 * max_nodes remain (spec/pyroscope-api 9.1, 9.2; a function that is itself
 * called "other" is taken for one of these). With two sides the larger one
 * counts, and the root is one of the nodes, as in Pyroscope. max_nodes < 1:
 * no limit. */
FK_MUST_USE enum fk_err tree_prune(
    struct tree *t, int64_t max_nodes, int sides);

/* Pre-order bytes of the left side (spec/pyroscope-api 9.3). */
FK_MUST_USE enum fk_err tree_write(const struct tree *t, struct fk_buf *out);

int64_t tree_sum(int64_t a, int64_t b); /* saturating */

#endif
