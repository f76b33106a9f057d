/*
 * One CPU-time timer a thread: after each sampling period of the thread's own
 * CPU time the kernel signals that very thread. Because CPU timers are looked
 * at only on the scheduler's tick, the signal carries how many more periods
 * went by (the overrun), and nothing is lost.
 *
 * Threads: all of it with the registry locked, except fk_cputimer_stop,
 * which takes the lock itself.
 */
#ifndef FK_AGENT_CPUTIMER_H
#define FK_AGENT_CPUTIMER_H

#include "agent/registry.h"

/* Choose a signal nobody uses (`wanted`, or SIGPROF, or a real-time one) and
 * install the handler. -EBUSY when there is none. */
int fk_cputimer_start(unsigned rate, int wanted);
/* Timers for new threads, blocked ones looked at again, gauges set. Moves to
 * another signal when the host took ours. */
void fk_cputimer_update(void);
/* Stop or start the timers of all threads, keeping them. */
void fk_cputimer_arm(bool on);
/* Which threads burn CPU without ever being signalled? Once an interval. */
void fk_cputimer_audit(void);
/* A thread has ended: give its timer back. */
void fk_cputimer_release(struct fk_thread *thread);
/* Delete all timers; restore the signal without a late one killing the host. */
void fk_cputimer_stop(void);
/* In a forked child: timers were not inherited, nothing to delete. */
void fk_cputimer_forget(void);
int fk_cputimer_signal(void); /* 0 when stopped */

#endif
