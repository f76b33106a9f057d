/*
 * OTLP profiles over HTTP (spec/pyroscope-api 7): what an OpenTelemetry
 * collector or eBPF profiler sends, as protobuf or JSON, gzip-ed or not. Both
 * paths are the same; gRPC itself needs HTTP/2, which the server does not
 * speak.
 */
#include "common/clock.h"
#include "server/ingest.h"
#include "server/otlp.h"
#include "server/routes.h"
#include "server/server.h"

#define MAX_BODY  ((size_t)64 << 20) /* as sent, and once inflated */
#define MAX_JSON  ((size_t)16 << 20)
#define MAX_PROTO ((size_t)64 << 20)

struct export
{
    struct ingest in;
    struct fk_diag diag;
    int64_t now_ns;
};

static enum fk_err add_profile(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels)
{
    struct export *e = arg;
    const struct ingest_source source = {
        .labels = labels, .fallback_ns = e->now_ns};

    return ingest_add_decoded(&e->in, &source, p, &e->diag);
}

/* The body as protobuf, in the arena or as it came. */
static enum fk_err as_proto(
    struct export *e, struct request *r, bool json, struct fk_slice *out)
{
    struct fk_buf proto;
    struct fk_slice plain;
    enum fk_err err = ingest_inflate(
        r, r->body, json ? MAX_JSON : MAX_BODY, &plain, &e->diag);

    *out = plain;
    if (err || !json)
        return err;
    fk_buf_init(&proto, MAX_PROTO);
    err = otlp_json_to_proto(plain, &r->arena, &proto, &e->diag);
    if (err == FK_OK) {
        *out = fk_arena_dup(&r->arena, fk_buf_slice(&proto));
        if (proto.len > 0 && !out->ptr)
            err = fk_diag_set(
                &e->diag, FK_ERR_LIMIT, "the request needs too much memory");
    }
    fk_buf_fini(&proto);
    return err;
}

/* 0: neither; the rest of a Content-Type, such as a charset, is refused as
 * Pyroscope does. */
static bool content_type(const struct request *r, bool *json)
{
    struct fk_slice type = request_header(r, "Content-Type");

    *json = fk_slice_eqz(type, "application/json");
    return *json || fk_slice_eqz(type, "application/x-protobuf") ||
           fk_slice_eqz(type, "application/protobuf");
}

static bool coding_known(const struct request *r)
{
    struct fk_slice coding = request_header(r, "Content-Encoding");

    return coding.len == 0 || fk_slice_eqz(coding, "gzip") ||
           fk_slice_eqz(coding, "identity");
}

static void answer(struct request *r, enum fk_err err, const char *why)
{
    if (err == FK_OK) {
        r->reply.status = 200;
        r->reply.content_type = "application/x-protobuf";
    } else if (err == FK_ERR_FULL || err == FK_ERR_LIMIT) {
        reply_header(r, "Retry-After", "1");
        reply_error(r, 429, "%s", why);
    } else if (err == FK_ERR_FORMAT) {
        reply_error(r, 400, "%s", why);
    } else {
        reply_error(
            r, 503, "the profiles were not stored, send them again: %s", why);
    }
}

static void post_otlp(struct request *r)
{
    struct export *e = fk_arena_alloc(&r->arena, sizeof(*e));
    struct fk_slice proto;
    bool json;

    if (!content_type(r, &json) || !coding_known(r)) {
        metrics_reject(&r->server->metrics, REJECTED_UNSUPPORTED, r->body.len);
        reply_error(r, 415,
            "Content-Type must be application/x-protobuf or "
            "application/json, and Content-Encoding gzip or none");
        return;
    }
    if (!e) {
        reply_error(r, 503, "the server is out of memory");
        return;
    }
    e->now_ns = fk_wall_ns();
    ingest_init(&e->in, r);
    e->in.reason = REJECTED_MALFORMED;
    enum fk_err err = as_proto(e, r, json, &proto);
    if (err == FK_OK)
        err = otlp_read(proto, &r->arena, add_profile, e, &e->diag);
    if (err == FK_OK) {
        ingest_submit(&e->in, answer);
    } else {
        metrics_reject(&r->server->metrics, e->in.reason, r->body.len);
        reply_error(
            r, err == FK_ERR_UNAVAILABLE ? 503 : 400, "%s", e->diag.text);
    }
    ingest_fini(&e->in);
}

const struct route api_otlp_routes[] = {
    {"POST", "/v1development/profiles", post_otlp, MAX_BODY, ROUTE_PLAIN,
        "Store profiles of OpenTelemetry, protobuf or JSON.", LANE_INGEST},
    {"POST",
        "/opentelemetry.proto.collector.profiles.v1development."
        "ProfilesService/Export",
        post_otlp, MAX_BODY, ROUTE_PLAIN,
        "The same as /v1development/profiles; over HTTP, not gRPC.",
        LANE_INGEST},
    {0},
};
