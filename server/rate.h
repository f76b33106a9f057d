/*
 * How much each tenant may send: a bucket of bytes that fills at a steady
 * rate. All zeros is a valid start. Any thread.
 */
#ifndef SERVER_RATE_H
#define SERVER_RATE_H

#include "server/store.h"

#include <pthread.h>

struct rate {
    pthread_mutex_t lock; /* guards what follows */

    struct rate_bucket {
        const struct store_tenant *tenant;
        double bytes;  /* that may be sent now */
        int64_t at_ns; /* monotonic, when that was so */
    } bucket[STORE_MAX_TENANTS];
};

/* Takes the bytes, if they are there. */
bool rate_take(struct rate *r, const struct store_tenant *tenant,
    uint64_t bytes, double per_s, double burst, int64_t now_ns);

#endif
