/*
 * One CPU-time timer a thread: after each sampling period of the thread's own
 * CPU time the kernel signals that very thread. Because CPU timers are looked
 * at only on the scheduler's tick, the signal carries how many more periods
 * went by (the overrun), and nothing is lost.
 *
 * The sample of each period falls on a random moment of it, so that work which
 * comes round with the period is not met at the same point every time. Where
 * a period is no longer than a tick, the ticks decide, and only the first
 * moment is random.
 *
 * Threads: all of it with the registry locked, except fk_cputimer_stop,
 * which takes the lock itself, and what says "handler".
 */
#ifndef FK_AGENT_CPUTIMER_H
#define FK_AGENT_CPUTIMER_H

#include <signal.h>

#include "agent/registry.h"

/* Choose a signal nobody uses (`wanted`, or SIGPROF, or a real-time one) and
 * install the handler. -EBUSY when there is none. */
int fk_cputimer_start(unsigned rate, int wanted);
/* Timers for new threads, blocked ones looked at again, gauges set. */
void fk_cputimer_update(void);
/* Moves to another signal when the host took ours. */
void fk_cputimer_keep_signal(void);
/* A timer for this thread, at once. */
void fk_cputimer_welcome(struct fk_thread *thread);
/* Stop or start the timers of all threads, keeping them. */
void fk_cputimer_arm(bool on);
/* Which threads burn CPU without ever being signalled? Once an interval. */
void fk_cputimer_audit(void);
/* A thread has ended: give its timer back. */
void fk_cputimer_release(struct fk_thread *thread);
/* Delete all timers; restore the signal without a late one killing the host. */
void fk_cputimer_stop(void);
/* In a forked child: timers were not inherited, nothing to delete; the signal
 * gets the action that the host wants for it. */
void fk_cputimer_forget(void);
int fk_cputimer_signal(void); /* 0 when stopped */

/* As sigaction of the host, when it is about the signal that we use: its wish
 * is kept (agent/chain.h) and our handler stays. False: it is not. Any thread,
 * async-signal-safe. */
bool fk_cputimer_action(
    int signal, const struct sigaction *wish, struct sigaction *old);

/* handler: a sample of that weight was taken, set the next; or none. Safe for
 * timers that are being deleted: the kernel does not use their numbers again.
 */
void fk_cputimer_next(struct fk_thread *self, uint64_t weight);
void fk_cputimer_quiet(struct fk_thread *self);

/* On the thread itself, its timer given back: the CPU time since it was armed
 * that its samples do not account for, which may be less than nothing. False:
 * it had no timer. */
bool fk_cputimer_rest(
    const struct fk_thread *self, int64_t *rest_ns, int64_t *period_ns);

#endif
