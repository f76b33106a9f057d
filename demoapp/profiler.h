/*
 * The only file that knows the agent: this service profiles itself and sends
 * what it finds to the profiling server. Without a server everything here
 * does nothing. Thread-safe after profiler_start.
 */
#ifndef FK_DEMOAPP_PROFILER_H
#define FK_DEMOAPP_PROFILER_H

#include "common/err.h"
#include "common/opt.h"

struct profiler_scope {
    const void *outer;
};

/* `tags` are key=value; later ones replace earlier ones of the same key, and
 * env=workshop, version=1.0.0 are there from the start. A wrong tag is
 * FK_ERR_ARG; an agent that cannot start is logged and not an error: the
 * service must run. */
FK_MUST_USE enum fk_err profiler_start(const char *service, const char *server,
    const struct fk_opt_list *tags, struct fk_diag *diag);
void profiler_stop(void); /* sends what is left */

/* This thread works for `endpoint` until the scope is left. The text must
 * live as long as the scope. */
struct profiler_scope profiler_enter(const char *endpoint);
void profiler_leave(struct profiler_scope scope);

/* Send now, and wait until the server has taken it. */
FK_MUST_USE enum fk_err profiler_flush(
    unsigned timeout_ms, struct fk_diag *diag);

#endif
