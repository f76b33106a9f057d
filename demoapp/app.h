/*
 * The application: what it was started with, and what all requests share.
 * Constant once the server answers, but for what guards itself: requests,
 * cache, sessions and faults.
 */
#ifndef FK_DEMOAPP_APP_H
#define FK_DEMOAPP_APP_H

#include "demoapp/cache.h"
#include "demoapp/faults.h"
#include "demoapp/memory.h"

#include <stdatomic.h>
#include <stdint.h>

enum { APP_CACHE_ENTRIES = 1000, APP_MAX_ENDPOINTS = 32 };

struct app {
    const char *service; /* name in profiles */
    const char *server;  /* base URL of the profiling server, "" = none */
    const char *run;     /* run id, "" = none */
    int64_t started_ms;  /* since 1970 */
    bool features[NUM_FEATURES];
    struct cache *cache;
    struct sessions *sessions;
    struct faults faults;
    /* Answered requests by row of the endpoint table. */
    _Atomic uint64_t requests[APP_MAX_ENDPOINTS];
};

#endif
