/*
 * The stack of the calling thread, taken by itself and not by a signal: what
 * allocations and waits are told by.
 *
 * Threads: any host thread. Nothing is allocated and no lock is taken; the
 * first call on a thread looks into /proc/self/maps. errno may change.
 */
#ifndef FK_AGENT_CAPTURE_H
#define FK_AGENT_CAPTURE_H

#include "agent/stacktab.h"

#define FK_CAPTURE_MAX 256 /* frames: a small stack has to have room */

struct fk_capture_config {
    struct fk_stacktab *guard; /* keeps code maps alive while unwinding */
    uint32_t max_depth;
    bool tell_threads;
};

struct fk_capture {
    struct fk_trace trace;
    uintptr_t pcs[FK_CAPTURE_MAX];
};

void fk_capture_init(const struct fk_capture_config *config);
/* `caller`: return address of the interposed function; the stack begins
 * there, without our own frames. */
void fk_capture_take(struct fk_capture *c, const void *caller);

#endif
