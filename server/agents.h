/*
 * What agents say about themselves: each push of ours carries a header line
 * of running totals (agent/status.h), kept here for the page /metrics, added
 * up by service. Totals that an agent states replace what it stated before,
 * so a line that comes twice or not at all does no harm.
 *
 * Any thread. Lines come from strangers: one that is not understood is
 * ignored and counted. At most AGENTS_SERVICES services with
 * AGENTS_INSTANCES agents each; the one not heard of for the longest time
 * makes room, and its counts stay in the sum of its service.
 */
#ifndef SERVER_AGENTS_H
#define SERVER_AGENTS_H

#include "common/buf.h"

#include <pthread.h>

#define AGENTS_HEADER "X-Flamekit-Agent"

enum {
    AGENTS_SERVICES = 64,
    AGENTS_INSTANCES = 32,
    AGENTS_NUMBERS = 24, /* rows of the table in agents.c */
    AGENTS_NAME = 201,
    AGENTS_ID = 37,
};

struct agents_instance {
    char id[AGENTS_ID];
    int64_t heard_ns; /* monotonic; 0: free */
    uint64_t number[AGENTS_NUMBERS];
};

struct agents_service {
    char name[AGENTS_NAME];
    int64_t heard_ns;
    uint64_t past[AGENTS_NUMBERS]; /* of instances that made room */
    struct agents_instance instance[AGENTS_INSTANCES];
};

struct agents {
    pthread_mutex_t lock;
    struct agents_service service[AGENTS_SERVICES];
    uint64_t ignored; /* lines */
};

#define AGENTS_INITIALIZER                                                     \
    {                                                                          \
        .lock = PTHREAD_MUTEX_INITIALIZER                                      \
    }

/* The line of a push that is stored; NULL ptr: it had none. */
void agents_report(struct agents *a, struct fk_slice line, int64_t now_ns);
void agents_print(struct agents *a, int64_t now_ns, struct fk_buf *out);

#endif
