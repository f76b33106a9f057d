#include "server/request_query.h"

#include "common/clock.h"
#include "server/server.h"

void request_query(
    struct request *r, struct query *out, enum fk_err *incomplete)
{
    const struct limits *l = &server_live(r->server)->limits;
    *incomplete = FK_OK;
    *out = (struct query){.store = r->server->store,
        .tenant = r->tenant,
        .more = r->more_tenants,
        .num_more = r->num_more_tenants,
        .budget = {fk_mono_ns() + QUERY_MAX_NS, QUERY_MAX_BYTES,
            request_cancelled, r},
        .limits = {l->query_length_ns / FK_NS_PER_MS,
            l->query_lookback_ns / FK_NS_PER_MS, fk_wall_ns() / FK_NS_PER_MS,
            l->nodes_default, l->nodes_max},
        .incomplete = incomplete};
}

void request_query_note(struct request *r, enum fk_err incomplete)
{
    if (incomplete == FK_OK)
        return;
    metrics_add(&r->server->metrics, METRIC_QUERIES_INCOMPLETE, 1);
    reply_header(r, "X-Flamekit-Incomplete",
        incomplete == FK_ERR_PARTIAL
            ? "of its oldest days only sums of whole services are kept"
            : "some stored profiles failed their check and were left out");
}
