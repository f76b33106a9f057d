/*
 * One sentence to the host: through its callback, or as a line on stderr.
 * Never on stdout, never more than one line, never from a signal handler.
 * Any thread; fk_hostlog_set only while the agent does not run.
 */
#ifndef FK_AGENT_HOSTLOG_H
#define FK_AGENT_HOSTLOG_H

#include "agent/flamekit.h"
#include "common/err.h"

void fk_hostlog_set(flamekit_log_fn log, void *arg, int level);
void fk_hostlog(int level, const char *fmt, ...) FK_PRINTF(2, 3);

#endif
