/*
 * A file that somebody looks at without sending it to be kept as profiles:
 * pprof, folded text, perf script, speedscope, or a flame graph as JSON,
 * told apart by the name's ending or by its first bytes. It holds one
 * profile or more, each with a type, and each becomes a call tree.
 *
 * Lives in the arena of its request. One thread. Limits: 64 MiB inflated.
 */
#ifndef SERVER_ADHOC_H
#define SERVER_ADHOC_H

#include "common/pprof.h"
#include "server/flamebearer_read.h"
#include "server/profile_type.h"
#include "server/speedscope.h"
#include "server/tree.h"

#define ADHOC_MAX_BYTES ((size_t)64 << 20)
#define ADHOC_MAX_TYPES 64

enum adhoc_format {
    ADHOC_PPROF,
    ADHOC_COLLAPSED,
    ADHOC_PERF_SCRIPT,
    ADHOC_FLAMEBEARER,
    ADHOC_SPEEDSCOPE,
};

struct adhoc {
    enum adhoc_format format;
    struct fk_arena *arena;
    struct fk_slice bytes; /* inflated */
    struct fk_pprof pprof;
    struct flamebearer_doc doc;
    struct speedscope speedscope;
    struct profile_type type[ADHOC_MAX_TYPES]; /* only sample type and unit */
    uint32_t num_types, default_type;
};

/* close always. */
FK_MUST_USE enum fk_err adhoc_open(struct adhoc *a, struct fk_slice name,
    struct fk_slice bytes, struct fk_arena *arena, struct fk_diag *diag);
void adhoc_close(struct adhoc *a);
/* The type of this name, or without one the default. FK_ERR_NOT_FOUND. */
FK_MUST_USE enum fk_err adhoc_find(const struct adhoc *a, struct fk_slice name,
    uint32_t *type, struct fk_diag *diag);
/* Adds to a tree that is not finished. */
FK_MUST_USE enum fk_err adhoc_tree(struct adhoc *a, uint32_t type, int side,
    struct tree *t, struct fk_diag *diag);

#endif
