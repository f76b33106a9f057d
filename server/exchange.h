/*
 * One request and its answer, from the request line to the last byte sent,
 * as far as no HTTP library is concerned: http.c tells it what arrives and
 * sends what comes out.
 *
 *   exchange_new      the request line is there
 *   exchange_head     all headers are there; may already set the reply
 *   exchange_receive  some bytes of the body
 *   exchange_start    the body is complete: runs the route, here or on a
 *                     worker, who calls front.wake when the reply is ready
 *   exchange_finish   the answer is sent, or the client has gone
 *
 * Threads: the connection's HTTP thread owns the exchange, except between
 * exchange_start and front.wake, when the worker and whoever resumes a
 * deferred reply do.
 */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include "server/reaper.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/workers.h"

#include <stdatomic.h>

struct exchange;

/* What all requests share. */
struct front {
    struct server *server;
    struct reaper *reaper;
    struct workers *lane[LANE_INLINE];
    _Atomic uint64_t body_bytes; /* of all bodies in memory */
    _Atomic uint64_t running;    /* exchanges started and not woken */
    _Atomic bool draining, aborting;
    void (*wake)(struct exchange *x);
};

struct exchange {
    struct request request;
    struct front *front;
    const char *uri;  /* path and query, in the arena */
    void *connection; /* http.c's; NULL until the head is complete */
    int fd;
    struct reaper_entry *deadline;
    struct route_match match;
    struct fk_buf body;
    uint64_t received;
    size_t sent; /* bytes of the answer's body */
    int64_t began_ns;
    /* Who still works on it: the worker, and the owner of a deferred reply.
     * The last one wakes the connection. */
    _Atomic int pending;
    _Atomic bool left; /* the client has, while a query ran for it */
    bool faulty;       /* where its body ends is not known */
    bool started, ready;
};

#define EXCHANGE_MAX_HEADERS 100
/* A phase of a connection may take this long, and longer while it moves. */
#define EXCHANGE_GRACE_NS (30 * 1000000000ll)

/* NULL when there is no memory. */
struct exchange *exchange_new(struct front *f, const char *uri);
/* x->connection, fd, deadline and the request's headers are set. Whatever is
 * wrong becomes the reply at once. */
void exchange_head(struct exchange *x, const char *method, const char *version);
/* Is it better to answer before the body? */
bool exchange_answers_early(const struct exchange *x);
/* False: the client sends without end; drop the connection. */
bool exchange_receive(struct exchange *x, const char *bytes, size_t len);
/* True: the reply is there. False: the connection must sleep (`sleep` is
 * called first) until front.wake. */
bool exchange_start(struct exchange *x, void (*sleep)(struct exchange *x));
/* What the workers of a lane do with an exchange. */
void exchange_work(void *exchange);
/* Counts, logs and frees it. */
void exchange_finish(struct exchange *x, bool sent);

#endif
