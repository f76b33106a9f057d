/*
 * One thread that plays its share of a phase: request k belongs to player
 * k mod N. While sending nothing is shared and nothing is locked.
 *
 * Order of calls: start, then for each phase play, (live)*, until done is
 * true; then tally; at the end stop.
 */
#ifndef FK_LOADGEN_PLAYER_H
#define FK_LOADGEN_PLAYER_H

#include "loadgen/plan.h"
#include "loadgen/priority.h"
#include "loadgen/slots.h"
#include "loadgen/tally.h"

struct player;

struct player_config {
    const struct plan *plan;
    const struct engine_target *targets; /* one, or one a region */
    unsigned num_targets;
    enum engine_kind engine;
    bool seconds;           /* keep what each second held */
    enum priority priority; /* wanted; less when it is refused */
    unsigned index, count;  /* this one of so many */
};

/* Counts of the phase at hand; `response` is what came in since the last
 * look. */
struct player_live {
    uint64_t sent, ok, late, failed;
    unsigned inflight;
    struct fk_hist response;
};

FK_MUST_USE enum fk_err player_start(const struct player_config *config,
    struct player **out, struct fk_diag *diag);
void player_stop(struct player *p); /* after the phase is done */

/* Begin at start_ns on the monotonic clock; returns at once. */
void player_play(struct player *p, uint32_t phase_index, int64_t start_ns);

/* No new requests. Patient: wait for answers as long as the plan's drain
 * says; else give them up at once. */
enum player_hurry { PLAYER_PATIENT, PLAYER_AT_ONCE };

void player_end_early(struct player *p, enum player_hurry hurry);
bool player_done(struct player *p);
/* Adds to *into. */
void player_live(struct player *p, struct player_live *into);
/* Of the phase that is done; `mix` is an index into its mix. */
const struct tally *player_tally(const struct player *p, uint32_t mix);
/* Of the phase that is done; the caller takes what it holds. */
struct slots *player_slots(struct player *p);
enum priority player_priority(const struct player *p);
/* Adds to *into; of the phases that are done. */
void player_cost(const struct player *p, struct priority_cost *into);

#endif
