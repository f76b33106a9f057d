/*
 * POST /ingest (spec/pyroscope-api 3): what Pyroscope's older SDKs send, and
 * what a person sends with curl. The parameters, and which format it is.
 */
#include "common/clock.h"
#include "server/attime.h"
#include "server/multipart.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/upload.h"

#define INGEST_MAX_BODY ((size_t)256 << 20)
#define INGEST_RATE     100 /* when none is told */
#define INGEST_MAX_RATE 1000000

/* ---- parameters -------------------------------------------------------- */

static uint32_t sample_rate(struct fk_slice text)
{
    int64_t rate;

    if (!fk_slice_i64(text, &rate) || rate < 0 || rate > INGEST_MAX_RATE)
        return INGEST_RATE;
    return (uint32_t)rate;
}

/* 0 where `until` is missing or makes no sense. */
static int64_t duration(int64_t from_ns, struct fk_slice until)
{
    int64_t ns;

    if (until.len == 0 ||
        __builtin_sub_overflow(
            attime_parse(until, fk_wall_ns()), from_ns, &ns) ||
        ns < 0)
        return 0;
    return ns;
}

enum fk_err upload_label(
    struct upload *u, struct fk_slice name, struct fk_slice value)
{
    enum fk_err err = fk_labels_set(&u->labels, name, value);

    if (err)
        fk_diag_set(&u->diag, err, "the name has too many labels");
    return err;
}

enum fk_err upload_service(
    struct upload *u, struct fk_slice service, bool keep_app)
{
    const struct fk_slice key = FK_SLICE("service_name");

    if (!fk_labels_has(&u->labels, key))
        return upload_label(u, key, service);
    if (!keep_app || fk_labels_has(&u->labels, FK_SLICE("app_name")))
        return FK_OK;
    return upload_label(u, FK_SLICE("app_name"), service);
}

/* Labels that every profile of /ingest has besides those of its name. */
static enum fk_err base_labels(struct upload *u)
{
    u->labels = u->name.labels;
    enum fk_err err = upload_label(u, FK_SLICE("__delta__"), FK_SLICE("false"));
    return err ? err : upload_label(u, FK_SLICE("pyroscope_spy"), u->spy);
}

/* Without a length and without chunks there is no body, whatever follows. */
static bool body_announced(const struct request *r)
{
    return request_header(r, "Content-Length").ptr ||
           request_header(r, "Transfer-Encoding").ptr;
}

static enum fk_err read_parameters(struct upload *u)
{
    const struct fk_query *q = &u->request->query;
    struct fk_slice name = fk_query_get(q, "name");

    u->status = 411;
    u->in.reason = REJECTED_MALFORMED;
    if (!body_announced(u->request))
        return fk_diag_set(&u->diag, FK_ERR_FORMAT,
            "the request has no body: send Content-Length, or "
            "Transfer-Encoding: chunked");
    u->status = 400;
    u->in.reason = REJECTED_LABELS;
    u->from_ns = attime_parse(fk_query_get(q, "from"), fk_wall_ns());
    u->duration_ns = duration(u->from_ns, fk_query_get(q, "until"));
    u->sample_rate = sample_rate(fk_query_get(q, "sampleRate"));
    u->spy = fk_query_get(q, "spyName");
    if (u->spy.len == 0)
        u->spy = FK_SLICE("unknown");
    if (name.len == 0)
        return fk_diag_set(&u->diag, FK_ERR_ARG,
            "name: service name is required, as in ?name=app.cpu{env=test}");
    enum fk_err err = ingest_name_parse(name, &u->name, &u->diag);
    if (err == FK_OK)
        err = base_labels(u);
    if (err == FK_OK)
        u->status = 422;
    return err;
}

/* The first rule that fits (spec/pyroscope-api 3.3). */
static upload_fn format_of(const struct request *r)
{
    static const struct {
        const char *format, *content_type;
        upload_fn fn;
    } rules[] = {
        {"trie", "binary/octet-stream+trie", upload_trie},
        {"tree", "binary/octet-stream+tree", upload_tree},
        {"lines", NULL, upload_lines},
        {"jfr", NULL, upload_jfr},
        {"pprof", NULL, upload_pprof},
        {"speedscope", NULL, upload_speedscope},
    };
    struct fk_slice format = fk_query_get(&r->query, "format");
    struct fk_slice type = request_header(r, "Content-Type");

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (fk_slice_eqz(format, rules[i].format) ||
            (rules[i].content_type &&
                fk_slice_eqz(type, rules[i].content_type)))
            return rules[i].fn;
    return multipart_is(type) ? upload_form : upload_groups;
}

/* ---- the route --------------------------------------------------------- */

static void answer(struct request *r, enum fk_err err, const char *why)
{
    if (err == FK_OK) {
        r->reply.status = 200;
    } else if (err == FK_ERR_FULL || err == FK_ERR_LIMIT) {
        reply_header(r, "Retry-After", "1");
        reply_error(r, 429, "%s", why);
    } else if (err == FK_ERR_FORMAT) {
        reply_error(r, 422, "%s", why);
    } else {
        reply_error(
            r, 503, "the profile was not stored, send it again: %s", why);
    }
}

static void post_ingest(struct request *r)
{
    struct upload u = {.request = r};

    ingest_init(&u.in, r);
    enum fk_err err = read_parameters(&u);
    if (err == FK_OK) {
        u.in.reason = REJECTED_MALFORMED;
        err = format_of(r)(&u);
    }
    if (err == FK_OK) {
        ingest_submit(&u.in, answer);
    } else {
        metrics_reject(&r->server->metrics, u.in.reason, r->body.len);
        reply_error(
            r, err == FK_ERR_UNAVAILABLE ? 503 : u.status, "%s", u.diag.text);
    }
    ingest_fini(&u.in);
}

const struct route api_ingest_routes[] = {
    {"POST", "/ingest", post_ingest, INGEST_MAX_BODY, ROUTE_PLAIN,
        "Store a profile: pprof, JFR, speedscope, or stacks as text or trees.",
        LANE_INGEST},
    {"POST", "/pyroscope/ingest", post_ingest, INGEST_MAX_BODY, ROUTE_PLAIN,
        "The same as /ingest.", LANE_INGEST},
    {0},
};
