/*
 * What the agent says about itself with each upload: one header line of
 * running totals, which Flamekit's server shows on /metrics and other servers
 * ignore. The totals of CPU samples add up at all times:
 *   taken = delivered + lost_table + lost_profile + lost_queue + waiting
 * Agent thread only.
 */
#ifndef FK_AGENT_STATUS_H
#define FK_AGENT_STATUS_H

#include <stddef.h>
#include <stdint.h>

#define FK_STATUS_HEADER "X-Flamekit-Agent: "
#define FK_STATUS_BYTES  1024

/* A new life of the agent: its totals start at 0. */
void fk_status_begin(void);
/* `going`: the weight of the upload that the line travels with, which has
 * arrived when the line has. Always NUL-terminated; a service name that does
 * not fit into a header is cut, and what is no text in it becomes '_'. */
void fk_status_write(
    char *line, size_t room, const char *service, uint64_t going);

#endif
