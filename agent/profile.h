/*
 * One interval's traces -> one pprof profile: addresses get names, mappings
 * and build ids; frames of the agent itself are taken off. Agent thread only.
 *
 *   fk_profile_init(&p, ...); fk_stacktab_drain(..., fk_profile_add, &p, ...);
 *   fk_profile_finish(&p, ...); use p.writer.body; fk_profile_fini(&p);
 *
 * Limits: FK_PROFILE_BYTES of finished profile, FK_PROFILE_PCS different
 * addresses; past them a trace is left out and its weight goes to `lost`.
 */
#ifndef FK_AGENT_PROFILE_H
#define FK_AGENT_PROFILE_H

#include "agent/config.h"
#include "agent/kind.h"
#include "agent/objects.h"
#include "agent/stacktab.h"
#include "common/map.h"
#include "common/pprof.h"

#define FK_PROFILE_BYTES    (32u << 20)
#define FK_PROFILE_PCS      (256u << 10)
#define FK_PROFILE_MAPPINGS 1024

struct fk_profile {
    const flamekit_config *config;
    const struct fk_kind *kind;
    struct fk_pprof_writer writer;
    struct fk_arena text;
    struct fk_map pcs; /* address -> index of its first in frames */
    struct fk_pprof_frame *frames;
    uint32_t num_frames, cap_frames;
    struct fk_pprof_frame *stack; /* of the sample at hand */
    const struct fk_object *mapped[FK_PROFILE_MAPPINGS];
    uint32_t mapping[FK_PROFILE_MAPPINGS], num_mapped;
    int64_t period;        /* in the kind's unit */
    uint64_t weight, lost; /* in the profile; left out */
};

void fk_profile_init(struct fk_profile *p, const flamekit_config *config,
    const struct fk_kind *kind, int64_t period);
void fk_profile_fini(struct fk_profile *p);
/* A fk_trace_fn; `profile` is the struct fk_profile. The first value of the
 * sample is the weight, the second, if there is one, weight periods. */
void fk_profile_add(
    void *profile, const struct fk_trace *trace, uint64_t weight);
/* All values of the kind. False: it did not fit. */
bool fk_profile_put(
    struct fk_profile *p, const struct fk_trace *trace, const int64_t *values);
FK_MUST_USE enum fk_err fk_profile_finish(
    struct fk_profile *p, int64_t time_ns, int64_t duration_ns);

#endif
