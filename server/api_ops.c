/*
 * What operators and their probes ask: is it up, what is it, what did it
 * lose.
 */
#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

static void get_ready(struct request *r)
{
    bool ready = atomic_load(&r->server->ready);

    r->reply.status = ready ? 200 : 503;
    r->reply.content_type = "text/plain; charset=utf-8";
    fk_buf_adds(&r->reply.body, ready ? "ready\n" : "not ready\n");
}

static void get_health(struct request *r)
{
    struct fk_diag diag = {{0}};
    struct store *store = r->server->store;

    if (store->ops->health(store, &diag) != FK_OK) {
        reply_error(r, 503, "the store cannot write: %s", diag.text);
        return;
    }
    r->reply.status = 200;
    r->reply.content_type = "text/plain; charset=utf-8";
    fk_buf_adds(&r->reply.body, "healthy\n");
}

static void get_metrics(struct request *r)
{
    struct store_stats stats = {0};

    r->server->store->ops->stats(r->server->store, &stats);
    r->reply.status = 200;
    r->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_print(&r->server->metrics, &stats, &r->reply.body);
}

static void get_buildinfo(struct request *r)
{
    struct fk_json j;

    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_json_init(&j, &r->reply.body);
    fk_json_object(&j);
    fk_json_key(&j, "status");
    fk_json_strz(&j, "success");
    fk_json_key(&j, "data");
    fk_json_object(&j);
    fk_json_key(&j, "version");
    fk_json_strz(&j, FK_VERSION);
    /* Names that Pyroscope's clients expect; a reproducible build has no
     * date and no user. */
    static const char *const empty[] = {
        "revision", "branch", "buildUser", "buildDate", "goVersion"};
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        fk_json_key(&j, empty[i]);
        fk_json_strz(&j, "");
    }
    fk_json_end(&j);
    fk_json_end(&j);
    fk_buf_addc(&r->reply.body, '\n');
}

const struct route api_ops_routes[] = {
    {"GET", "/ready", get_ready, 0, ROUTE_OPS,
        "200 once the server serves, 503 before and while it stops.",
        LANE_INLINE},
    {"GET", "/health", get_health, 0, ROUTE_OPS,
        "200 if the store can write now.", LANE_QUERY},
    {"GET", "/metrics", get_metrics, 0, ROUTE_OPS,
        "Counters in Prometheus's text format.", LANE_QUERY},
    {"GET", "/api/v1/status/buildinfo", get_buildinfo, 0, ROUTE_OPS,
        "Version of the server.", LANE_INLINE},
    {0},
};
