/*
 * The configuration the agent runs with: a checked copy of what the host
 * passed, strings and all, in one allocation each.
 */
#ifndef FK_AGENT_CONFIG_H
#define FK_AGENT_CONFIG_H

#include "agent/flamekit.h"
#include "common/arena.h"
#include "common/err.h"

#define FK_STATIC_TAGS_MAX 24 /* Pyroscope takes 30 labels a series */
#define FK_HEADERS_MAX     32

struct fk_config {
    flamekit_config public; /* strings and arrays point into the arena */
    struct fk_arena arena;
};

void fk_config_defaults(flamekit_config *config);

/* FK_ERR_ARG with a sentence naming the field, FK_ERR_LIMIT for texts that
 * are too long. `out` is then untouched. */
FK_MUST_USE enum fk_err fk_config_copy(
    struct fk_config *out, const flamekit_config *config, struct fk_diag *diag);
void fk_config_fini(struct fk_config *config);

#endif
