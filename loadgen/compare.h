/*
 * How two plans differ, as they would be played: their lines (plan_print)
 * side by side, like diff(1), each under the phase that it belongs to.
 */
#ifndef FK_LOADGEN_COMPARE_H
#define FK_LOADGEN_COMPARE_H

#include "loadgen/plan.h"

/* True when they differ. */
bool compare_print(
    const struct plan *old, const struct plan *new, struct fk_buf *out);

#endif
