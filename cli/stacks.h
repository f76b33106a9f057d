/*
 * A profile file of any kind (pprof, pprof.gz, folded text) as a tree of
 * calls: what `flamekit top` and `flamekit flame` read.
 *
 * Limits: STACKS_MAX_BYTES of file and of plain profile, STACKS_MAX_NODES
 * calls. Names borrow from `arena`.
 */
#ifndef CLI_STACKS_H
#define CLI_STACKS_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/map.h"

#define STACKS_MAX_BYTES ((size_t)256 << 20)
#define STACKS_MAX_NODES (1u << 20)
#define STACKS_NONE      UINT32_MAX

struct stacks_node {
    struct fk_slice name;
    uint32_t parent, first, next; /* first child, next sibling; or NONE */
    uint32_t depth;
    int64_t self, total;
};

struct stacks {
    struct fk_arena arena;
    struct fk_map children;    /* hash of parent and name -> node */
    struct stacks_node *nodes; /* 0 is the root; parents come first */
    uint32_t num_nodes, cap_nodes, max_depth;
    struct fk_slice type, unit; /* "samples" and "" for folded text */
};

/* `type`: a sample type such as alloc_space, or NULL for the one that the
 * profile wants to be shown by, or, when that is empty, one that is not. */
FK_MUST_USE enum fk_err stacks_read(
    struct stacks *s, const char *path, const char *type, struct fk_diag *diag);
void stacks_fini(struct stacks *s);

/* A value with its unit, for people: 1.25 s, 3.2 MB, 120. */
void stacks_value(
    const struct stacks *s, int64_t value, char *text, size_t size);

struct stacks_row {
    struct fk_slice name;
    int64_t self, total; /* total: each stack counted once */
};

/* One row a function, largest self value first; in s->arena. NULL without
 * memory. */
struct stacks_row *stacks_rows(struct stacks *s, size_t *count);
/* The table of the `max` largest. */
FK_MUST_USE enum fk_err stacks_top(
    struct stacks *s, size_t max, struct fk_buf *out);

#endif
