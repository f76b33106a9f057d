/*
 * Looking at all threads from outside: where each one waits, and since when.
 * What they did is put into the wall-clock table. Cheap for threads that keep
 * still: a CPU clock that has not moved is all there is to read.
 *
 * One caller at a time; any thread of the agent.
 */
#ifndef FK_AGENT_LOOKS_H
#define FK_AGENT_LOOKS_H

#include "agent/config.h"
#include "agent/stacktab.h"

#include <stdbool.h>

/* `config` and `table` must outlive all calls. 0 or -ENOMEM. */
int fk_looks_init(const flamekit_config *config, struct fk_stacktab *table);
/* At all threads, or at those that are due. */
void fk_looks_round(bool due_or_not);
/* All time until now goes into the table. */
void fk_looks_settle(void);
/* Begin afresh: time until now is nobody's. */
void fk_looks_forget(void);

#endif
