/*
 * What the kit's own parts tell the server and each other
 * (docs/kit-protocol.md): who is there, what was looked at, what load ran.
 */
#include "common/clock.h"
#include "server/documents.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/uuid.h"

#include <unistd.h>

#define ACTIVITY FK_SLICE("activity")
#define RUNS     FK_SLICE("run")

enum { MAX_BODY = 64 << 10, MAX_TEXT = 16 << 10 };

static int64_t now_ms(void)
{
    return fk_wall_ns() / FK_NS_PER_MS;
}

static void get_hello(struct request *r)
{
    struct fk_json j;

    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_json_init(&j, &r->reply.body);
    fk_json_object(&j);
    fk_json_key(&j, "kit");
    fk_json_strz(&j, "flamekit");
    fk_json_key(&j, "component");
    fk_json_strz(&j, "server");
    fk_json_key(&j, "version");
    fk_json_strz(&j, FK_VERSION);
    fk_json_key(&j, "run");
    fk_json_strz(&j, r->server->options.run);
    fk_json_key(&j, "pid");
    fk_json_i64(&j, getpid());
    fk_json_key(&j, "startedAt");
    fk_json_i64(&j, r->server->started_ms);
    fk_json_key(&j, "now");
    fk_json_i64(&j, now_ms());
    fk_json_end(&j);
    fk_buf_addc(&r->reply.body, '\n');
}

/* Copies the fields we know; strangers' other fields are dropped. */
static void print_activity(
    struct request_json *j, int64_t at_ms, struct fk_buf *out)
{
    static const char *const texts[] = {"view", "query", "focus"};
    static const char *const times[] = {"from", "until"};
    struct fk_buf detail;
    struct fk_json w;

    fk_json_init(&w, out);
    fk_json_object(&w);
    fk_json_key(&w, "timestamp");
    fk_json_i64(&w, at_ms);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fk_json_key(&w, texts[i]);
        fk_json_str(&w, request_json_str(j, j->root, texts[i]));
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        fk_json_key(&w, times[i]);
        fk_json_i64(&w, request_json_i64(j, j->root, times[i]));
    }
    fk_buf_init(&detail, MAX_TEXT);
    if (request_json_object(j, j->root, "detail"))
        request_json_dump(j, j->root, "detail", &detail);
    else
        fk_buf_adds(&detail, "{}");
    fk_json_key(&w, "detail");
    fk_json_raw(&w, fk_buf_slice(&detail));
    fk_json_end(&w);
    if (detail.err)
        out->err = detail.err;
    fk_buf_fini(&detail);
}

static const char *activity_fault(struct fk_slice view)
{
    static const char *const views[] = {"flamegraph", "table", "range",
        "profile", "search", "diff", "zoom", "filter"};

    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        if (fk_slice_eqz(view, views[i]))
            return NULL;
    return "view must be flamegraph, table, range, profile, search, diff, "
           "zoom or filter";
}

static void post_activity(struct request *r)
{
    int64_t at_ms = now_ms();
    struct request_json j;
    struct fk_buf body;
    uint8_t uuid[16];
    char id[37];

    fk_buf_init(&body, STORE_DOC_MAX_BYTES);
    if (request_json_open(&j, r->body) == FK_OK)
        print_activity(&j, at_ms, &body);
    const char *fault =
        j.err ? j.diag.text
              : activity_fault(request_json_str(&j, j.root, "view"));
    if (!fault && body.err)
        fault = "the activity is larger than 16 KiB";
    uuid_make(uuid);
    uuid_print(uuid, id);
    const struct store_doc doc = {
        ACTIVITY, fk_slice_of(id), at_ms, at_ms + 1, fk_buf_slice(&body)};
    if (fault)
        reply_error(r, j.err ? reply_status_of(j.err) : 400, "%s", fault);
    else
        documents_put(r, &doc);
    fk_buf_fini(&body);
    request_json_close(&j);
}

static void get_activity(struct request *r)
{
    documents_list(r, ACTIVITY, NULL);
}

/* When the run began: the earliest of its phases, or now. */
static int64_t run_began(struct request_json *j)
{
    int64_t began = 0;
    size_t n = request_json_count(j, j->root, "phases");

    for (size_t i = 0; i < n && j->err == FK_OK; i++) {
        int64_t from = request_json_i64(
            j, request_json_object_at(j, j->root, "phases", i), "from");
        if (from > 0 && (began == 0 || from < began))
            began = from;
    }
    return began ? began : now_ms();
}

static void post_run(struct request *r)
{
    struct request_json j;
    struct fk_slice id = {0};
    int64_t began_ms = 0;

    if (request_json_open(&j, r->body) == FK_OK) {
        id = request_json_str(&j, j.root, "id");
        began_ms = run_began(&j);
    }
    const struct store_doc doc = {
        RUNS, id, began_ms, 0, fk_slice_trim(r->body)};
    if (j.err)
        reply_error(r, reply_status_of(j.err), "%s", j.diag.text);
    else if (id.len == 0 || id.len > 256)
        reply_error(r, 400, "a load run needs an id of up to 256 bytes");
    else
        documents_put(r, &doc);
    request_json_close(&j);
}

static void get_runs(struct request *r)
{
    documents_list(r, RUNS, NULL);
}

const struct route api_kit_routes[] = {
    {"GET", "/api/kit/hello", get_hello, 0, ROUTE_KIT,
        "Who this is: component, version, run, process.", LANE_INLINE},
    {"GET", "/api/kit/activity", get_activity, 0, ROUTE_KIT,
        "What was looked at on the page between from and until.", LANE_QUERY},
    {"POST", "/api/kit/activity", post_activity, MAX_BODY, ROUTE_KIT,
        "The page tells what is looked at.", LANE_QUERY},
    {"GET", "/api/kit/runs", get_runs, 0, ROUTE_KIT, "Load runs, newest last.",
        LANE_QUERY},
    {"POST", "/api/kit/runs", post_run, MAX_BODY, ROUTE_KIT,
        "Loadgen tells a run's start and end.", LANE_QUERY},
    {0},
};
