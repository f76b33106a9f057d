#include "server/rate.h"

#include "common/clock.h"

/* A tenant's first bucket is full. */
static struct rate_bucket *find(
    struct rate *r, const struct store_tenant *tenant, double burst)
{
    struct rate_bucket *b = r->bucket;
    while (b->tenant && b->tenant != tenant)
        if (++b == r->bucket + STORE_MAX_TENANTS)
            return NULL;
    if (!b->tenant)
        *b = (struct rate_bucket){tenant, burst, 0};
    return b;
}

bool rate_take(struct rate *r, const struct store_tenant *tenant,
    uint64_t bytes, double per_s, double burst, int64_t now_ns)
{
    pthread_mutex_lock(&r->lock);
    struct rate_bucket *b = find(r, tenant, burst);
    bool ok = true;
    if (b) {
        double passed_s = (double)(now_ns - b->at_ns) / FK_NS_PER_S;
        b->bytes += passed_s * per_s;
        b->bytes = b->bytes > burst ? burst : b->bytes;
        b->at_ns = now_ns;
        ok = b->bytes >= (double)bytes;
        b->bytes -= ok ? (double)bytes : 0;
    }
    pthread_mutex_unlock(&r->lock);
    return ok;
}
