/*
 * One run of a plan: what it was, and what came of it. Written by the
 * conductor, read by the summary, the thresholds and the markers.
 */
#ifndef FK_LOADGEN_RUN_H
#define FK_LOADGEN_RUN_H

#include "loadgen/player.h"

struct run_phase {
    bool played, untold;       /* the server did not take its last marker */
    int64_t from_ms, until_ms; /* since 1970 */
    double seconds;            /* of sending */
    double planned;            /* requests; 0 for clients */
    struct tally *tally[PLAN_MAX_MIX];
    struct slots slots; /* its seconds, when they are wanted */
};

struct run {
    const struct plan *plan;
    char id[160];        /* KIT-RUN/PLAN/START */
    const char *kit_run; /* run id of the kit, "" = none */
    const char *target;
    char service[128]; /* of the target in profiles, "" = unknown */
    const char *engine;
    int64_t resolve_ns; /* to find the target by its name */
    bool has_verbs;     /* the target takes faults and flushes */
    uint64_t digest;
    int64_t from_ms, until_ms;
    bool finished, interrupted;
    enum priority priority;    /* that all sending threads had */
    struct priority_cost cost; /* of all of them */
    struct fk_diag stopped;    /* why abort_if ended it, or "" */
    bool told;                 /* the server took something */
    uint64_t posts_failed; /* markers and run files the server did not take */
    struct run_phase phases[PLAN_MAX_PHASES];
};

void run_init(struct run *r, const struct plan *plan, const char *kit_run,
    const char *target);
void run_fini(struct run *r);
/* Sum over a phase, an endpoint (index into the plan) or, with -1, over all
 * of them. Phases with `record = no` count only by themselves. Resets *out. */
void run_sum(const struct run *r, int phase, int endpoint, struct tally *out);
/* The same for one region of a plan that has some. */
void run_sum_region(const struct run *r, uint32_t region, struct tally *out);
/* Requests the plan promised for the same selection; 0 when it did not. */
double run_planned(const struct run *r, int phase, int endpoint);
/* What is posted to /api/kit/runs. */
void run_print(const struct run *r, struct fk_buf *out);

#endif
