/*
 * What an engine is to engine.c: a table of the calls of engine.h. The
 * structure of an engine begins with struct engine.
 */
#ifndef FK_LOADGEN_ENGINE_CALLS_H
#define FK_LOADGEN_ENGINE_CALLS_H

#include "loadgen/engine.h"

struct engine_calls {
    struct engine *(*open)(const struct engine_config *); /* NULL with errno */
    void (*close)(struct engine *);
    enum fk_err (*start)(struct engine *, const struct engine_request *);
    unsigned (*inflight)(const struct engine *);
    void (*run)(struct engine *, int64_t deadline_ns);
    void (*wake)(struct engine *);
    unsigned (*abort)(struct engine *);
};

struct engine {
    const struct engine_calls *calls;
};

/* Why a connection could not be opened: the peer, or our own limits. */
enum engine_error engine_error_of_connect(int os_errno);

extern const struct engine_calls engine_fast, engine_curl;

#endif
