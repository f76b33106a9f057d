/*
 * What happened in each second of a phase, for one endpoint of its mix at a
 * time: the difference of two looks at a tally, kept small. Latencies stay
 * histograms (the buckets that are not empty), so that the seconds of several
 * players add up; percentiles are never averaged. Not thread-safe.
 */
#ifndef FK_LOADGEN_SLOTS_H
#define FK_LOADGEN_SLOTS_H

#include "loadgen/plan.h"
#include "loadgen/tally.h"

struct slot_cell {
    uint32_t bucket, count; /* of a fk_hist */
};

struct slot {
    uint32_t second, mix;
    uint64_t sent, ok, late, failed;
    struct slot_cell *cells; /* of the response times */
    uint32_t num_cells;
};

struct slots {
    struct slot *slots;
    size_t num, cap;
    struct tally *before[PLAN_MAX_MIX]; /* at the last look */
};

/* Zeroed storage is empty. */
void slots_fini(struct slots *s);
/* Adds what happened since the last look, if anything did. */
void slots_take(
    struct slots *s, uint32_t second, uint32_t mix, const struct tally *now);
/* Appends what `from` holds, which is empty after it. */
void slots_move(struct slots *into, struct slots *from);
/* By second and mix; equal ones are made one. */
void slots_sort(struct slots *s);
void slots_hist(const struct slot *slot, struct fk_hist *out);

#endif
