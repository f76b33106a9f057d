/*
 * Did the run do what its plan demands? The plan's own thresholds, and one
 * that every plan has: at most 5 % of the requests may fail.
 */
#ifndef FK_LOADGEN_THRESHOLD_H
#define FK_LOADGEN_THRESHOLD_H

#include "loadgen/run.h"

enum { THRESHOLD_MAX_ROWS = PLAN_MAX_THRESHOLDS + 1 };

struct threshold_row {
    const char *text; /* as written */
    char measured[32];
    bool held;
};

/* Returns the number of rows. What was never played does not hold. */
int threshold_judge(
    const struct run *r, struct threshold_row rows[THRESHOLD_MAX_ROWS]);

#endif
