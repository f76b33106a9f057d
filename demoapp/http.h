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
#include "demoapp/sockets.h"

#include <stddef.h>
#include <stdint.h>

enum { HTTP_BODY_MAX = 4096 };

struct app;
struct demo_http;

struct demo_http_config {
    struct app *app;
    unsigned max_connections;
    unsigned io_workers;
    size_t queue_limit;     /* requests waiting for each pool */
    int64_t header_timeout; /* ns for a request's head and body */
    int64_t idle_timeout;   /* ns between requests */
};

void demo_http_config_init(struct demo_http_config *config, struct app *app);
/* Takes the sockets over. */
FK_MUST_USE enum fk_err demo_http_start(const struct demo_http_config *config,
    const struct sockets *sockets, struct demo_http **out,
    struct fk_diag *diag);
/* Refuses new connections at once, answers what is in flight, then ends. */
void demo_http_stop(struct demo_http *h);

#endif
