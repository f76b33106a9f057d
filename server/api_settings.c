/*
 * settings.v1.SettingsService: small texts under a name, which Grafana's
 * Profiles Drilldown keeps for its users; and two services that tell what
 * this server can do (spec/pyroscope-api 11).
 */
#include "common/clock.h"
#include "common/pb.h"
#include "server/documents.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/service.h"

#include <pthread.h>

#define KIND FK_SLICE("setting")

enum { MAX_BODY = 64 << 10, MAX_NAME = 200 };

struct setting {
    struct fk_slice name, value;
    int64_t modified_ms;
};

static const struct wire_field setting[] = {
    {1, "name", WIRE_STRING, false, NULL, offsetof(struct setting, name), 0,
        NULL},
    {2, "value", WIRE_STRING, false, NULL, offsetof(struct setting, value), 0,
        NULL},
    {3, "modifiedAt", WIRE_INT64, false, NULL,
        offsetof(struct setting, modified_ms), 0, NULL},
    {0},
};

static const struct wire_field nothing[] = {{0}};

static const struct wire_field one_setting[] = {
    {1, "setting", WIRE_MESSAGE, false, setting, 0, 0, NULL},
    {0},
};

static const struct wire_field settings[] = {
    {1, "settings", WIRE_MESSAGE, true, setting, 0, sizeof(struct setting),
        NULL},
    {0},
};

/* Between reading a setting and writing it. */
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

static void add_setting(struct fk_buf *out, const struct setting *s)
{
    size_t mark = fk_pb_begin(out, 1);

    wire_add_str(out, 1, s->name);
    wire_add_str(out, 2, s->value);
    wire_add_i64(out, 3, s->modified_ms);
    fk_pb_end(out, mark);
}

/* Kept as JSON, like every document. */
static enum fk_err read_setting(struct fk_arena *arena, struct fk_slice name,
    struct fk_slice body, struct setting *out)
{
    struct request_json j;

    *out = (struct setting){.name = name};
    if (request_json_open(&j, body) == FK_OK) {
        out->value = fk_arena_dup(arena, request_json_str(&j, j.root, "value"));
        out->modified_ms = request_json_i64(&j, j.root, "modifiedAt");
    }
    enum fk_err err = j.err;
    request_json_close(&j);
    return err;
}

static enum fk_err list_one(void *arg, const struct store_doc *doc)
{
    struct service_call *c = arg;
    struct setting s;

    if (read_setting(&c->request->arena, doc->id, doc->body, &s) == FK_OK)
        add_setting(&c->out, &s);
    return FK_OK;
}

static const struct store_ops *ops(const struct service_call *c)
{
    return c->request->server->store->ops;
}

static enum fk_err get(struct service_call *c)
{
    return ops(c)->doc_list(c->request->tenant, KIND, 0, 0, list_one, c);
}

static enum fk_err check_name(struct service_call *c, struct fk_slice name)
{
    if (name.len > 0 && name.len <= MAX_NAME)
        return FK_OK;
    return fk_diag_set(&c->why, FK_ERR_FORMAT,
        "a setting needs a name of 1 to %d bytes", MAX_NAME);
}

/* Two tabs of a browser: the later change stays. */
static enum fk_err refuse_older(
    struct service_call *c, const struct setting *new)
{
    struct fk_slice body = documents_get(c->request, KIND, new->name);
    struct setting old;

    if (body.len == 0 ||
        read_setting(&c->request->arena, new->name, body, &old) != FK_OK ||
        old.modified_ms <= new->modified_ms)
        return FK_OK;
    return fk_diag_set(&c->why, FK_ERR_EXISTS,
        "the setting was changed later than that (%lld): read it again",
        (long long)old.modified_ms);
}

static enum fk_err put(struct service_call *c, const struct setting *s)
{
    struct fk_buf body;
    struct fk_json j;

    fk_buf_init(&body, STORE_DOC_MAX_BYTES);
    fk_json_init(&j, &body);
    fk_json_object(&j);
    fk_json_key(&j, "value");
    fk_json_str(&j, s->value);
    fk_json_key(&j, "modifiedAt");
    fk_json_i64(&j, s->modified_ms);
    fk_json_end(&j);
    const struct store_doc doc = {
        KIND, s->name, s->modified_ms, 0, fk_buf_slice(&body)};
    enum fk_err err =
        body.err
            ? fk_diag_set(&c->why, FK_ERR_FORMAT,
                  "the setting is larger than %d bytes", STORE_DOC_MAX_BYTES)
            : ops(c)->doc_put(c->request->tenant, &doc, &c->why);
    fk_buf_fini(&body);
    return err;
}

static enum fk_err set(struct service_call *c)
{
    struct setting *s = c->ask;
    enum fk_err err = check_name(c, s->name);

    if (err)
        return err;
    if (s->modified_ms <= 0)
        s->modified_ms = fk_wall_ns() / FK_NS_PER_MS;
    pthread_mutex_lock(&changing);
    err = refuse_older(c, s);
    if (err == FK_OK)
        err = put(c, s);
    pthread_mutex_unlock(&changing);
    if (err == FK_OK)
        add_setting(&c->out, s);
    return err;
}

static enum fk_err delete (struct service_call *c) {
    const struct setting *s = c->ask; enum fk_err err = check_name(c, s->name);

    if (err) return err;
    err = ops(c)->doc_del(c->request->tenant, KIND, s->name);
    return err == FK_ERR_NOT_FOUND ? FK_OK : err;
}

/* ---- version, features ------------------------------------------------- */

static const struct wire_field version[] = {
    {1, "QuerierAPI", WIRE_INT64, false, NULL, 0, 0, NULL},
    {0},
};

static const struct wire_field flag[] = {
    {1, "name", WIRE_STRING, false, NULL, 0, 0, NULL},
    {2, "enabled", WIRE_BOOL, false, NULL, 0, 0, NULL},
    {3, "description", WIRE_STRING, false, NULL, 0, 0, NULL},
    {0},
};

static const struct wire_field flags[] = {
    {1, "feature_flags", WIRE_MESSAGE, true, flag, 0, 0, NULL},
    {0},
};

static enum fk_err get_version(struct service_call *c)
{
    fk_pb_add_i64(&c->out, 1, 1);
    return FK_OK;
}

static enum fk_err get_flags(struct service_call *c)
{
    static const struct {
        const char *name;
        bool enabled;
        const char *what;
    } rows[] = {
        {"v2StorageLayer", true, "ranges are [start, end)"},
        {"utf8LabelNames", true, "label names are taken as they are"},
        {"pyroscopeRuler", false, "recording rules"},
        {"pyroscopeRulerFunctions", false, "recording rules of functions"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t mark = fk_pb_begin(&c->out, 1);
        wire_add_str(&c->out, 1, fk_slice_of(rows[i].name));
        if (rows[i].enabled)
            fk_pb_add_bool(&c->out, 2, true);
        wire_add_str(&c->out, 3, fk_slice_of(rows[i].what));
        fk_pb_end(&c->out, mark);
    }
    return FK_OK;
}

#define SETTINGS "/settings.v1.SettingsService/"
#define VERSION  "/version.v1.Version/Version"
#define FLAGS    "/capabilities.v1.FeatureFlagsService/GetFeatureFlags"

static void serve(struct request *r)
{
    static const struct service_method methods[] = {
        {SETTINGS "Get", nothing, settings, 0, get},
        {SETTINGS "Set", one_setting, one_setting, sizeof(struct setting), set},
        {SETTINGS "Delete", setting, nothing, sizeof(struct setting), delete},
        {VERSION, nothing, version, 0, get_version},
        {FLAGS, nothing, flags, 0, get_flags},
        {NULL, NULL, NULL, 0, NULL},
    };

    service_serve(r, methods);
}

const struct route api_settings_routes[] = {
    {"POST", SETTINGS "Get", serve, MAX_BODY, ROUTE_CONNECT,
        "All settings, which are texts under a name.", LANE_QUERY},
    {"POST", SETTINGS "Set", serve, MAX_BODY, ROUTE_CONNECT,
        "Keep a setting; 409 if it was changed later than modifiedAt.",
        LANE_QUERY},
    {"POST", SETTINGS "Delete", serve, MAX_BODY, ROUTE_CONNECT,
        "Forget a setting.", LANE_QUERY},
    {"POST", VERSION, serve, MAX_BODY, ROUTE_CONNECT,
        "Version of the query interface.", LANE_QUERY},
    {"POST", FLAGS, serve, MAX_BODY, ROUTE_CONNECT, "What this server can do.",
        LANE_QUERY},
    {0},
};
