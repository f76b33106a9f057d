/*
 * What operators and their probes ask: is it up, what is it, what did it
 * lose.
 */
#include "common/clock.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

enum { MAX_CONFIG = 1 << 20 };

/* Ready: it serves, and can write. */
static void get_ready(struct request *r)
{
    struct store *store = r->server->store;
    bool ready = atomic_load(&r->server->ready) &&
                 store->ops->health(store, NULL) == FK_OK;

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
    agents_print(&r->server->agents, fk_mono_ns(), &r->reply.body);
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

static void yaml(struct request *r)
{
    r->reply.status = 200;
    r->reply.content_type = "text/plain; charset=utf-8";
}

/* Names of files are told, what is in them is not. */
static void get_config(struct request *r)
{
    struct server_options now = r->server->options;

    now.live = *server_live(r->server);
    yaml(r);
    options_print(&now, &r->reply.body);
}

static void get_config_default(struct request *r)
{
    struct server_options defaults;

    options_init(&defaults);
    yaml(r);
    options_print(&defaults, &r->reply.body);
}

static struct fk_slice next_line(struct fk_slice *rest)
{
    struct fk_slice line = {0};

    fk_slice_split(rest, '\n', &line);
    return line;
}

/* The lines that are not as they come; both lists have the same names. */
static void get_config_diff(struct request *r)
{
    struct server_options now = r->server->options, defaults;
    struct fk_buf a, b;

    now.live = *server_live(r->server);
    options_init(&defaults);
    fk_buf_init(&a, MAX_CONFIG);
    fk_buf_init(&b, MAX_CONFIG);
    options_print(&now, &a);
    options_print(&defaults, &b);
    struct fk_slice x = fk_buf_slice(&a), y = fk_buf_slice(&b);
    yaml(r);
    while (x.len) {
        struct fk_slice line = next_line(&x);
        if (!fk_slice_eq(line, next_line(&y)))
            fk_buf_printf(
                &r->reply.body, FK_SLICE_FMT "\n", FK_SLICE_ARG(line));
    }
    if (r->reply.body.len == 0)
        fk_buf_adds(&r->reply.body, "{}\n");
    fk_buf_fini(&a);
    fk_buf_fini(&b);
}

/* Servers before 1.0 told the same as an object. */
static void get_config_json(struct request *r)
{
    struct server_options now = r->server->options;
    struct fk_buf text;
    struct fk_json j;

    now.live = *server_live(r->server);
    fk_buf_init(&text, MAX_CONFIG);
    options_print(&now, &text);
    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_json_init(&j, &r->reply.body);
    fk_json_object(&j);
    for (struct fk_slice rest = fk_buf_slice(&text); rest.len;) {
        struct fk_slice value = next_line(&rest), name;
        fk_slice_split(&value, ':', &name);
        if (!name.len)
            continue;
        fk_json_key_slice(&j, name);
        value = fk_slice_trim(value);
        if (value.len > 1 && value.ptr[0] == '"')
            value = fk_slice_sub(value, 1, value.len - 1);
        fk_json_str(&j, value);
    }
    fk_json_end(&j);
    fk_buf_addc(&r->reply.body, '\n');
    fk_buf_fini(&text);
}

const struct route api_ops_routes[] = {
    {"GET", "/ready", get_ready, 0, ROUTE_OPS,
        "200 while the server serves and can write, else 503.", LANE_OPS},
    {"GET", "/health", get_health, 0, ROUTE_OPS,
        "200 if the store can write now.", LANE_OPS},
    {"GET", "/metrics", get_metrics, 0, ROUTE_OPS,
        "Counters in Prometheus's text format.", LANE_OPS},
    {"GET", "/api/v1/status/buildinfo", get_buildinfo, 0, ROUTE_OPS,
        "Version of the server.", LANE_INLINE},
    {"GET", "/api/v1/status/config", get_config, 0, ROUTE_OPS,
        "The options in force, as a configuration file (YAML).", LANE_OPS},
    {"GET", "/api/v1/status/config/default", get_config_default, 0, ROUTE_OPS,
        "The options as they come.", LANE_OPS},
    {"GET", "/api/v1/status/config/diff", get_config_diff, 0, ROUTE_OPS,
        "The options that differ from the defaults.", LANE_OPS},
    {"GET", "/config", get_config_json, 0, ROUTE_OPS,
        "The options in force, as JSON.", LANE_OPS},
    {0},
};
