/*
 * The endpoint table: which path is answered by which function on which kind of
 * thread. Finding is pure; running counts the request and names the endpoint
 * to the profiler for as long as the handler runs.
 */
#ifndef FK_DEMOAPP_ENDPOINTS_H
#define FK_DEMOAPP_ENDPOINTS_H

#include "demoapp/call.h"

enum lane {
    LANE_INLINE, /* on the HTTP thread: must be instant */
    LANE_CPU,    /* on w-cpu, one worker a core */
    LANE_IO,     /* on w-io, many workers that mostly sleep */
};

typedef void handler_fn(struct call *c);

struct endpoint {
    const char *path;
    enum call_method method; /* GET also answers HEAD */
    enum lane lane;
    handler_fn *handler;
    const char *text_name; /* what follows the path, NULL = nothing may */
    const char *about;     /* one sentence, for GET / */
};

/* A parameter of an endpoint's query: ?NAME=NUMBER. */
struct endpoint_number {
    const char *path, *name;
    int64_t least, most, usual;
};

/* They end with a row whose path is NULL. */
extern const struct endpoint endpoints_table[];
extern const struct endpoint_number endpoints_numbers[];

/* Sets c->endpoint and c->text. On a mistake answers it (400, 404, 405, 414)
 * and returns false. `path` is as it came, still percent-coded. */
bool endpoints_find(struct call *c, struct fk_slice path);
/* A parameter of the query, for a call that was found. One that the endpoint
 * does not know means nothing; a number that is none, is out of bounds or is
 * there twice is answered (400), and this returns false. */
bool endpoints_take(
    struct call *c, struct fk_slice name, struct fk_slice value);
void endpoints_run(struct call *c);

#endif
