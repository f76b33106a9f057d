/*
 * The last step of reading a plan, when all its lines are known: names of
 * endpoints and phases become numbers, weights become blocks.
 */
#ifndef FK_LOADGEN_PLAN_RESOLVE_H
#define FK_LOADGEN_PLAN_RESOLVE_H

#include "loadgen/plan_fields.h"

void plan_resolve(struct draft *d, unsigned last_line);

#endif
