/*
 * A call tree as a Graphviz graph, in the manner of `go tool pprof -dot`:
 * one node a function with its own and its whole value, one edge a pair of
 * caller and callee (spec/pyroscope-api 9.4). Only the heaviest functions are
 * drawn. An empty tree is an empty text.
 */
#ifndef SERVER_DOT_H
#define SERVER_DOT_H

#include "server/profile_type.h"
#include "server/tree.h"

/* What Pyroscope draws: so many functions of a tree pruned to so many nodes. */
#define DOT_FUNCTIONS    100
#define DOT_SOURCE_NODES 512

/* The left side of a finished tree. */
FK_MUST_USE enum fk_err dot_write(const struct tree *t,
    const struct profile_type *type, uint32_t max_functions,
    struct fk_buf *out);

#endif
