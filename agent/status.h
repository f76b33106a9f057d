/*
 * What the agent says about itself with each upload: one header line of
 * running totals, which Flamekit's server shows on /metrics and other servers
 * ignore. The totals of CPU samples add up at all times:
 *   taken = delivered + lost_table + lost_profile + lost_queue + waiting
 * and so do the nanoseconds of the wall clock, with wall_ before the names.
 * Agent thread only.
 */
#ifndef FK_AGENT_STATUS_H
#define FK_AGENT_STATUS_H

#include "agent/queue.h"

#define FK_STATUS_HEADER "X-Flamekit-Agent: "
#define FK_STATUS_BYTES  2048 /* all numbers at their longest */

/* A new life of the agent: its totals start at 0. */
void fk_status_begin(void);
/* `going`: the upload that the line travels with, which has arrived when the
 * line has. Always NUL-terminated; a service name that does not fit into a
 * header is cut, and what is no text in it becomes '_'. */
void fk_status_write(char *line, size_t room, const char *service,
    const struct fk_payload *going);

#endif
