/*
 * What a thread has coming when it ends. The kernel looks at CPU timers on
 * its ticks only, so a thread that lives two milliseconds may end before any
 * of its periods was seen. The CPU time that no sample accounts for is summed
 * up over all threads that end, and whole periods of it go to where threads
 * that began with the same function were seen last; to that function itself
 * when none was seen yet. So the total is right, and the missing part is
 * shared out as the visible part is.
 *
 * Threads: the ending one itself, with the registry locked and its timer
 * given back. Nothing is allocated.
 * Limits: 64 such functions are remembered, by stacks of up to 128 frames.
 */
#ifndef FK_AGENT_REST_H
#define FK_AGENT_REST_H

#include "agent/registry.h"

/* Told by pthread_create of the hooks, before the thread registers itself. */
struct fk_rest_begin {
    const void *function; /* NULL: nobody told */
    const void *caller;   /* where the C library called into the hook */
};

extern _Thread_local struct fk_rest_begin fk_rest_begin;

/* `caller`: return address of the function that takes the thread off. */
void fk_rest_settle(struct fk_thread *self, const void *caller);

#endif
