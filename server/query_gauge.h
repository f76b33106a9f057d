/*
 * Values that are a level and not a flow, such as bytes in use: over time
 * they are averaged, not added; over the instances of a service they are
 * added. A service's sum is divided by the number of moments it was measured
 * at: in each ten minutes, as many as the most diligent of its series has.
 */
#ifndef SERVER_QUERY_GAUGE_H
#define SERVER_QUERY_GAUGE_H

#include "server/query_sums.h"

#define QUERY_GAUGE_MAX_CELLS (1u << 21) /* ten minutes of a series */

bool query_gauge_is(const struct profile_type *type);
/* Turn the sums of s->tenant into averages over the range of the query. */
FK_MUST_USE enum fk_err query_gauge_average(struct query_sums *s);

#endif
