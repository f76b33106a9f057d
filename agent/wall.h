/*
 * Wall-clock profiling that wakes nobody up. A thread of its own looks at
 * every other one at short intervals: at its CPU clock first, and only when
 * that has moved at where it is blocked, by what the kernel tells and a copy
 * of its stack. No signal is ever sent, so no call of the host is interrupted.
 * Time on the CPU comes from the CPU timers' handler (handler.c).
 *
 * It must not cost more than FK_WALL_BUDGET of one core: when it does, threads
 * that keep still are looked at less often, then the interval grows. Both
 * leave the sums as they are (watch.h).
 *
 * What a sandbox refuses is left out: without stack copies waiting is seen by
 * its innermost function, without /proc as "[waiting]". Told once, and in
 * fk_counters.wall_limits.
 *
 * Threads: all of it on the agent thread, except fk_wall_enable (any) and
 * fk_wall_fork_child. The thread is called flamekit-wall and is in no profile.
 */
#ifndef FK_AGENT_WALL_H
#define FK_AGENT_WALL_H

#include "agent/config.h"
#include "agent/stacktab.h"

#define FK_WALL_BUDGET 0.005

/* Off: all time until now is in the table when it returns. */
void fk_wall_enable(bool on);
bool fk_wall_enabled(void);

/* `config` and `table` must outlive it. Does nothing when it runs. 0 or
 * -errno. */
int fk_wall_start(const flamekit_config *config, struct fk_stacktab *table);
void fk_wall_stop(void);
/* Put all time until now into the table: before it is drained. */
void fk_wall_settle(void);
/* The thread is not there any more. */
void fk_wall_fork_child(void);

#endif
