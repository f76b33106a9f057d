/*
 * What makes a thread one of the agent's own: its allocations and waits are
 * nobody's business, and where the agent is a guest by preload it also has a
 * table of open files to itself, so that a host which counts on the lowest
 * free number, or closes what it does not know, never meets one of ours.
 */
#ifndef FK_AGENT_OWN_H
#define FK_AGENT_OWN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* True on this thread: what it allocates and waits for is not looked at. One
 * of ours, or somebody else's inside a sampler. */
extern _Thread_local bool fk_own_busy;

/* Start one, with all signals blocked: they are the host's. 0 or -errno. */
int fk_own_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *));
/* First thing on each thread of the agent. */
void fk_own_thread(void);
/* Take a lock within that time; false when it stayed taken. */
bool fk_own_lock_within(pthread_mutex_t *lock, int64_t ns);
/* Before the first of them starts: give them files of their own. Standard
 * error stays theirs as well when `keep_stderr`. */
void fk_own_files(bool keep_stderr);

#endif
