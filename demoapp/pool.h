/*
 * A pool of named worker threads with a bounded queue. Work that does not fit
 * is refused, never waited for: whoever submits must stay responsive. An idle
 * worker waits inside wait_for_work, the name to look for (and to filter out)
 * in a wall-clock profile. Thread-safe.
 */
#ifndef FK_DEMOAPP_POOL_H
#define FK_DEMOAPP_POOL_H

#include "common/err.h"

#include <stddef.h>

struct pool;

typedef void pool_job_fn(void *arg);

/* `name` (at most 15 bytes) is what ps, top and profiles call the threads. */
FK_MUST_USE enum fk_err pool_start(const char *name, unsigned num_threads,
    size_t queue_limit, struct pool **out, struct fk_diag *diag);
/* Does what is queued, then ends the threads and frees the pool. */
void pool_stop(struct pool *p);
/* FK_ERR_FULL when the queue is full. */
FK_MUST_USE enum fk_err pool_submit(struct pool *p, pool_job_fn *fn, void *arg);

#endif
