/*
 * Waiting for locks: which stacks wait, how often and how long. The waiter is
 * shown, not the holder. Waits are sampled by their length, one a
 * lock_sample_ns of waiting on a thread; each stands for as many as its
 * length says it must.
 *
 * The interposers (agent/preload/locks.c) try the lock first, so one that is
 * free costs no clock. Threads: any. errno is kept.
 */
#ifndef FK_AGENT_LOCKS_H
#define FK_AGENT_LOCKS_H

#include "agent/profile.h"

#include <stdatomic.h>

/* Is there an interposer in this process? It says so itself. */
extern bool fk_locks_hooked;
extern _Atomic bool fk_locks_on;

int fk_locks_start(uint64_t mean_ns); /* -ENOMEM */
void fk_locks_stop(void);
/* Drains into a mutex profile; a fk_source. Agent thread only. */
enum fk_err fk_locks_drain(void *unused, struct fk_profile *p, uint64_t *lost);

/* Around a wait; `caller`: return address of the interposed function. */
int64_t fk_locks_begin(void);
void fk_locks_end(int64_t begin_ns, const void *caller);

void fk_locks_fork_prepare(void);
void fk_locks_fork_done(void);

#endif
