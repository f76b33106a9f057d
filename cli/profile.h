/*
 * A flame graph fetched from /pyroscope/render, and the questions an
 * exercise asks of it. Nodes are in pre-order of levels; a node's parent is
 * known, so that recursion is counted once a stack.
 */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "common/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PROFILE_CPU     "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
#define PROFILE_SAMPLES "process_cpu:samples:count:cpu:nanoseconds"
#define PROFILE_WALL    "wall:wall:nanoseconds:wall:nanoseconds"
#define PROFILE_WALL_NS 20e6 /* between two looks at a thread */

#define PROFILE_MAX_NODES 200000

struct profile_query {
    const char *type;
    const char *selector; /* {service_name="..."} */
    int64_t from_ms, until_ms;
};

struct profile_node {
    uint32_t name, parent; /* parent of the root is itself */
    int64_t total, self;
};

struct profile {
    json_t *json; /* owns the names */
    const char **names;
    uint32_t num_names;
    struct profile_node *nodes; /* 0 is the root, "total" */
    uint32_t num_nodes;
};

/* FK_ERR_UNAVAILABLE: no server; FK_ERR_FORMAT: an answer that is no flame
 * graph. No data is not an error: the root's total is 0. */
FK_MUST_USE enum fk_err profile_fetch(const char *server,
    const struct profile_query *query, struct profile *out,
    struct fk_diag *diag);
/* From the JSON of a render answer; takes the reference. */
FK_MUST_USE enum fk_err profile_from_json(
    json_t *render, struct profile *out, struct fk_diag *diag);
void profile_fini(struct profile *p);

int64_t profile_total(const struct profile *p);
/* Values of all stacks that contain the function, each counted once. */
int64_t profile_total_of(const struct profile *p, const char *function);
int64_t profile_self_of(const struct profile *p, const char *function);
/* Values of stacks that contain the functions in this order, next to each
 * other. */
int64_t profile_path(
    const struct profile *p, const char *const *path, size_t n);
/* Self values of frames that have no function name: 0x1f, lib+0x1f. */
int64_t profile_unresolved(const struct profile *p);
/* The function with the largest self value; only in stacks that contain
 * `under` when that is not NULL. NULL when there is none. */
const char *profile_top_self(const struct profile *p, const char *under);
/* Shortest number of frames from the root to the function, 1 = outermost;
 * 0 = not there. */
unsigned profile_depth(const struct profile *p, const char *function);
bool profile_name_unresolved(const char *name);

#endif
