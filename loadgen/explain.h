/*
 * What a plan will do, before it is played: when each phase begins, how many
 * requests it sends, and about how many CPU samples the demo app will leave
 * at 100 a second.
 */
#ifndef FK_LOADGEN_EXPLAIN_H
#define FK_LOADGEN_EXPLAIN_H

#include "loadgen/plan.h"

void explain_print(const struct plan *p, struct fk_buf *out);

#endif
