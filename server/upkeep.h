/*
 * What a tenant's days need beside writing and adding up: the times of series
 * that are in them, and damaged files out of the way.
 *
 * On the writer's thread, or before it runs.
 */
#ifndef SERVER_UPKEEP_H
#define SERVER_UPKEEP_H

#include "server/catalog.h"
#include "server/days.h"

/* Times of all series, from the day files. A damaged one does not take the
 * others with it: it becomes suspect. */
FK_MUST_USE enum fk_err upkeep_set_ranges(
    struct catalog *catalog, struct days *days, struct fk_diag *diag);
/* Set those suspects aside that are damaged; how many. */
int upkeep_set_aside(struct days *days);

#endif
