/*
 * Totals over time of some stacks only, those of a call site: what is stored
 * for timelines knows no stacks, so that each bucket is a query of its own.
 */
#ifndef SERVER_TIMESERIES_STACKS_H
#define SERVER_TIMESERIES_STACKS_H

#include "server/timeseries.h"

/* Put the totals of select->call_site in the place of all; cells of
 * buckets with data stay, at 0 if need be. FK_ERR_LIMIT: the budget is used up.
 */
FK_MUST_USE enum fk_err timeseries_keep_stacks(struct timeseries *ts,
    const struct query *q, const struct query_select *select);

#endif
