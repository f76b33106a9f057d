/*
 * One interval: the stack table, drained into a profile, wrapped in a push
 * message and compressed. Consecutive intervals tile the timeline: each one
 * starts where the one before ended. Agent thread only.
 */
#ifndef FK_AGENT_COLLECT_H
#define FK_AGENT_COLLECT_H

#include "agent/config.h"
#include "agent/queue.h"
#include "agent/stacktab.h"

struct fk_collect {
    const flamekit_config *config;
    struct fk_stacktab *table;
    int64_t start_mono_ns, start_wall_ns; /* of the interval at hand */
    uint64_t dropped_weight;              /* total that fitted nowhere */
};

void fk_collect_init(struct fk_collect *c, const flamekit_config *config,
    struct fk_stacktab *table);
void fk_collect_begin(struct fk_collect *c); /* the timeline starts now */
/* False: nothing was sampled, or it could not be packed (then counted in
 * dropped_weight). The caller owns payload->bytes. */
bool fk_collect_take(struct fk_collect *c, struct fk_payload *payload);

#endif
