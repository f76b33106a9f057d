/*
 * The application: what it was started with, and what all requests share.
 * Everything but `requests` and the cache, which guard themselves, is
 * constant once the server answers.
 */
#ifndef FK_DEMOAPP_APP_H
#define FK_DEMOAPP_APP_H

#include "demoapp/cache.h"

#include <stdatomic.h>
#include <stdint.h>

enum { APP_CACHE_ENTRIES = 1000, APP_MAX_ENDPOINTS = 16 };

struct app {
    const char *service; /* name in profiles */
    const char *server;  /* base URL of the profiling server, "" = none */
    const char *run;     /* run id, "" = none */
    int64_t started_ms;  /* since 1970 */
    struct cache *cache;
    /* Answered requests by row of the endpoint table. */
    _Atomic uint64_t requests[APP_MAX_ENDPOINTS];
};

#endif
