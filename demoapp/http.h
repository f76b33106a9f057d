/*
 * The web server: libmicrohttpd, which only http.c knows. One event thread a
 * listening socket reads requests; what costs time runs on two pools of
 * workers (w-cpu, w-io), so that sleepers never hold up work and work never
 * holds up the event thread. A full pool is answered 503 with Retry-After.
 *
 * Limits: HTTP_BODY_MAX bytes of body, `max_connections` connections (others
 * wait to be accepted), and deadlines that no slow sender survives.
 */
#ifndef FK_DEMOAPP_HTTP_H
#define FK_DEMOAPP_HTTP_H

#include "common/err.h"
#include "demoapp/listen.h"

#include <stddef.h>
#include <stdint.h>

enum { HTTP_BODY_MAX = 4096 };

struct app;
struct http;

struct http_config {
    struct app *app;
    unsigned max_connections;
    unsigned io_workers;
    size_t queue_limit;     /* requests waiting for each pool */
    int64_t header_timeout; /* ns for a request's head and body */
    int64_t idle_timeout;   /* ns between requests */
};

void http_config_init(struct http_config *config, struct app *app);
/* Takes the sockets over. */
FK_MUST_USE enum fk_err http_start(const struct http_config *config,
    const struct listen *sockets, struct http **out, struct fk_diag *diag);
/* Refuses new connections at once, answers what is in flight, then ends. */
void http_stop(struct http *h);

#endif
