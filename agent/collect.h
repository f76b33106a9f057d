/*
 * One interval: what the samplers put aside, drained into one profile a kind,
 * wrapped in a push message and compressed. Consecutive intervals of a kind
 * tile the timeline: each one starts where the one before ended. Agent
 * thread only.
 */
#ifndef FK_AGENT_COLLECT_H
#define FK_AGENT_COLLECT_H

#include "agent/outfile.h"
#include "agent/profile.h"
#include "agent/queue.h"

#define FK_SOURCES_MAX 4

/* One kind of profile, and where its samples wait. */
struct fk_source {
    const struct fk_kind *kind;
    int64_t period;
    /* Put what waits into `p`; what fits nowhere is added to *lost.
     * FK_ERR_RETRY: not now, the interval goes on. */
    enum fk_err (*drain)(void *arg, struct fk_profile *p, uint64_t *lost);
    void *arg;
    /* Of collect.c: the start of the interval at hand. */
    int64_t start_mono_ns, start_wall_ns;
};

/* What samples weigh, of the two kinds that are accounted for to the last. */
struct fk_weight {
    uint64_t cpu; /* periods */
    uint64_t wall_ns;
};

struct fk_collect {
    const flamekit_config *config;
    struct fk_source sources[FK_SOURCES_MAX];
    size_t num_sources;
    struct fk_outfile *file;  /* takes the profiles; NULL: a message does */
    struct fk_weight dropped; /* total of what fitted nowhere */
};

void fk_collect_init(struct fk_collect *c, const flamekit_config *config);
void fk_collect_add(struct fk_collect *c, const struct fk_source *source);
/* The usual source: a stack table whose weights are one value or, with a
 * second one, periods. */
void fk_collect_add_table(struct fk_collect *c, const struct fk_kind *kind,
    int64_t period, struct fk_stacktab *table);
void fk_collect_begin(struct fk_collect *c); /* the timeline starts now */
/* False: nothing was sampled, or it could not be packed (then counted in
 * `dropped`). The caller owns payload->bytes. */
bool fk_collect_take(struct fk_collect *c, struct fk_payload *payload);

#endif
