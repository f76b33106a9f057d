/*
 * A fixed set of threads that take items from one bounded queue, so that
 * neither a long query nor a disk ever holds an HTTP thread. A full queue
 * refuses at once: the caller answers "busy" instead of waiting.
 */
#ifndef SERVER_WORKERS_H
#define SERVER_WORKERS_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

struct workers;

struct workers_options {
    const char *name; /* of the threads, up to 15 bytes */
    unsigned threads;
    size_t queue_max; /* items waiting */
    void (*run)(void *item);
};

FK_MUST_USE enum fk_err workers_start(
    const struct workers_options *options, struct workers **out);
/* False when the queue is full or stopping. Any thread. */
bool workers_push(struct workers *w, void *item);
/* Runs what is queued, then ends the threads. NULL is allowed. */
void workers_stop(struct workers *w);

#endif
