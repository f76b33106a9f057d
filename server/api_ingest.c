/*
 * POST /ingest (spec/pyroscope-api 3): what Pyroscope's older SDKs send, and
 * what a person sends with curl. pprof, raw or in a form, and folded text.
 */
#include "common/clock.h"
#include "server/attime.h"
#include "server/ingest.h"
#include "server/ingest_labels.h"
#include "server/ingest_metric.h"
#include "server/multipart.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"

#define INGEST_MAX_BODY   ((size_t)256 << 20)
#define INGEST_MAX_TEXT   ((size_t)32 << 20) /* folded, once inflated */
#define INGEST_RATE       100                /* when none is told */
#define INGEST_MAX_RATE   1000000
#define INGEST_MAX_CONFIG ((size_t)64 << 10)

struct upload {
    struct request *request;
    struct ingest in;
    struct fk_diag diag;
    struct ingest_name name;
    struct fk_slice spy;
    int64_t from_ns;
    uint32_t sample_rate;
    struct fk_labels labels;
    struct request_json *config; /* of a form, or NULL */
    int status;                  /* of an error: 422 unless set */
};

typedef enum fk_err (*format_fn)(struct upload *u);

/* ---- parameters -------------------------------------------------------- */

static uint32_t sample_rate(struct fk_slice text)
{
    int64_t rate;

    if (!fk_slice_i64(text, &rate) || rate < 0 || rate > INGEST_MAX_RATE)
        return INGEST_RATE;
    return (uint32_t)rate;
}

static enum fk_err set(
    struct upload *u, struct fk_slice name, struct fk_slice value)
{
    enum fk_err err = fk_labels_set(&u->labels, name, value);

    if (err)
        fk_diag_set(&u->diag, err, "the name has too many labels");
    return err;
}

/* Labels that every profile of /ingest has besides those of its name. */
static enum fk_err base_labels(struct upload *u)
{
    u->labels = u->name.labels;
    enum fk_err err = set(u, FK_SLICE("__delta__"), FK_SLICE("false"));
    return err ? err : set(u, FK_SLICE("pyroscope_spy"), u->spy);
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

/* ---- formats ----------------------------------------------------------- */

static enum fk_err fix_pprof(
    void *arg, struct fk_pprof *p, struct fk_labels *labels)
{
    const int64_t year_ns = 366 * 24 * 3600 * FK_NS_PER_S;
    struct upload *u = arg;
    struct fk_arena *arena = &u->request->arena;
    enum fk_err err = ingest_repair(p, u->spy, arena);

    if (p->time_ns < year_ns) /* a clock that was never set */
        p->time_ns = u->from_ns;
    if (err)
        return err;
    return fk_labels_set(
        labels, FK_SLICE("__name__"), ingest_metric(p, u->config, arena));
}

static enum fk_err add_pprof(struct upload *u, struct fk_slice bytes)
{
    const struct ingest_fix fix = {fix_pprof, u};
    const struct ingest_source source = {
        .labels = &u->labels, .fallback_ns = u->from_ns};
    const struct fk_slice service = FK_SLICE("service_name");
    enum fk_err err = FK_OK;

    if (!fk_labels_has(&u->labels, service))
        err = set(u, service, u->name.app);
    if (err == FK_OK)
        err = ingest_add_pprof(&u->in, &source, bytes, &fix, &u->diag);
    if (err)
        fk_diag_set(&u->diag, err, "the profile could not be read (%s)",
            fk_err_name(err));
    return err;
}

static enum fk_err raw_pprof(struct upload *u)
{
    return add_pprof(u, u->request->body);
}

static enum fk_err form_config(
    struct upload *u, const struct multipart *form, struct request_json *j)
{
    const struct multipart_part *part =
        multipart_file(form, "sample_type_config");

    if (!part || part->body.len == 0)
        return FK_OK;
    if (part->body.len > INGEST_MAX_CONFIG)
        return fk_diag_set(&u->diag, FK_ERR_LIMIT,
            "sample_type_config is larger than %zu bytes", INGEST_MAX_CONFIG);
    u->config = j;
    if (request_json_open(j, part->body) == FK_OK)
        return FK_OK;
    return fk_diag_set(
        &u->diag, j->err, "sample_type_config: %s", j->diag.text);
}

static enum fk_err form_pprof(struct upload *u)
{
    struct request_json config = {0};
    struct multipart form;
    struct request *r = u->request;
    enum fk_err err = multipart_read(
        request_header(r, "Content-Type"), r->body, &form, &u->diag);

    if (err)
        return err;
    const struct multipart_part *prev = multipart_file(&form, "prev_profile");
    const struct multipart_part *profile = multipart_file(&form, "profile");
    if (prev && prev->body.len > 0) {
        u->in.reason = REJECTED_UNSUPPORTED;
        return fk_diag_set(&u->diag, FK_ERR_FORMAT,
            "prev_profile is not supported any more; update pyroscope-go to "
            "a version that sends differences itself");
    }
    if (!profile || profile->body.len == 0)
        return FK_OK;
    err = form_config(u, &form, &config);
    if (err == FK_OK)
        err = add_pprof(u, profile->body);
    request_json_close(&config);
    return err;
}

static enum fk_err add_text(struct upload *u, enum folded_kind lines)
{
    const struct ingest_source source = {.labels = &u->labels,
        .fallback_ns = u->from_ns,
        .sample_rate = u->sample_rate};
    const struct fk_slice service_name = FK_SLICE("service_name");
    const struct ingest_kind *kind;
    struct fk_slice service, text;
    enum fk_err err = ingest_kind_of(u->name.app, &kind, &service, &u->diag);

    if (err) {
        u->status = 400;
        return err;
    }
    /* Spans are not kept apart from whole profiles. */
    if (fk_labels_get(&u->labels, FK_SLICE("profile_id")).len > 0)
        return FK_OK;
    err = set(u, FK_SLICE("__name__"), fk_slice_of(kind->metric));
    if (err == FK_OK && !fk_labels_has(&u->labels, service_name))
        err = set(u, service_name, service);
    else if (err == FK_OK && !fk_labels_has(&u->labels, FK_SLICE("app_name")))
        err = set(u, FK_SLICE("app_name"), service);
    if (err == FK_OK)
        err = ingest_inflate(
            u->request, u->request->body, INGEST_MAX_TEXT, &text, &u->diag);
    if (err == FK_OK)
        err = ingest_add_folded(&u->in, &source, kind, lines, text, &u->diag);
    return err;
}

static enum fk_err groups(struct upload *u)
{
    return add_text(u, FOLDED_GROUPS);
}

static enum fk_err lines(struct upload *u)
{
    return add_text(u, FOLDED_LINES);
}

static enum fk_err unsupported(struct upload *u)
{
    u->in.reason = REJECTED_UNSUPPORTED;
    return fk_diag_set(&u->diag, FK_ERR_FORMAT,
        "this server does not read trie, tree, jfr or speedscope yet; send "
        "pprof (format=pprof, or a form) or folded text (format=groups or "
        "lines)");
}

/* The first rule that fits (spec/pyroscope-api 3.3). */
static format_fn format_of(const struct request *r)
{
    static const struct {
        const char *format, *content_type;
        format_fn fn;
    } rules[] = {
        {"trie", "binary/octet-stream+trie", unsupported},
        {"tree", "binary/octet-stream+tree", unsupported},
        {"lines", NULL, lines},
        {"jfr", NULL, unsupported},
        {"pprof", NULL, raw_pprof},
        {"speedscope", NULL, unsupported},
    };
    struct fk_slice format = fk_query_get(&r->query, "format");
    struct fk_slice type = request_header(r, "Content-Type");

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (fk_slice_eqz(format, rules[i].format) ||
            (rules[i].content_type &&
                fk_slice_eqz(type, rules[i].content_type)))
            return rules[i].fn;
    return multipart_is(type) ? form_pprof : groups;
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
        "Store a profile: pprof, or stacks as folded text.", LANE_INGEST},
    {"POST", "/pyroscope/ingest", post_ingest, INGEST_MAX_BODY, ROUTE_PLAIN,
        "The same as /ingest.", LANE_INGEST},
    {0},
};
