/*
 * push.v1.PusherService/Push (spec/pyroscope-api 4): what our agent and
 * Grafana's newer SDKs and collectors send. Stored as a whole or not at all.
 */
#include "common/clock.h"
#include "common/hash.h"
#include "common/pb.h"
#include "server/connect.h"
#include "server/ingest.h"
#include "server/ingest_labels.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"

#define PUSH_MAX_BODY ((size_t)64 << 20)

struct push {
    struct request *request;
    struct ingest in;
    struct fk_diag diag;
    struct fk_labels labels; /* of the series at hand */
    size_t series;           /* its index */
};

static enum fk_err add_label(
    struct push *p, struct fk_slice name, struct fk_slice value)
{
    p->in.reason = REJECTED_LABELS;
    return ingest_labels_add(&p->labels, (struct fk_label){name, value},
        &server_live(p->request->server)->limits, &p->diag);
}

static enum fk_err add_sample(
    struct push *p, struct fk_slice id, struct fk_slice profile)
{
    const struct ingest_source source = {.labels = &p->labels,
        .fallback_ns = fk_wall_ns(),
        /* The same for ever, for it is stored; 0 means no id. */
        .dedup = id.len ? fk_hash_bytes(0, id.ptr, id.len) | 1 : 0};
    struct fk_diag why = {{0}};
    enum fk_err err = ingest_add_pprof(&p->in, &source, profile, NULL, &why);

    if (err)
        fk_diag_set(&p->diag, err,
            "push series with index %zu and id %.*s failed: %s", p->series,
            (int)(id.len < 40 ? id.len : 40), id.ptr ? id.ptr : "", why.text);
    return err;
}

/* ---- protobuf ---------------------------------------------------------- */

static enum fk_err malformed(struct push *p, const struct fk_pb *pb)
{
    p->in.reason = REJECTED_MALFORMED;
    return fk_diag_set(&p->diag, FK_ERR_FORMAT,
        "series %zu of the PushRequest is not well-formed protobuf (byte %zu "
        "of a message)",
        p->series, pb->err_offset);
}

static enum fk_err read_label(struct push *p, struct fk_slice message)
{
    struct fk_slice name = {0}, value = {0};
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            name = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            value = fk_pb_bytes(&pb);
        else
            fk_pb_skip(&pb);
    }
    return pb.err ? malformed(p, &pb) : add_label(p, name, value);
}

static enum fk_err read_sample(struct push *p, struct fk_slice message)
{
    struct fk_slice profile = {0}, id = {0};
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            profile = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            id = fk_pb_bytes(&pb);
        else
            fk_pb_skip(&pb);
    }
    return pb.err ? malformed(p, &pb) : add_sample(p, id, profile);
}

/* Every message of `field` in a series goes to fn. */
static enum fk_err each(struct push *p, struct fk_slice series, uint32_t field,
    enum fk_err (*fn)(struct push *, struct fk_slice))
{
    struct fk_pb pb;
    enum fk_err err = FK_OK;

    fk_pb_init(&pb, series);
    while (err == FK_OK && fk_pb_next(&pb)) {
        if (pb.field != field) {
            fk_pb_skip(&pb);
            continue;
        }
        struct fk_slice message = fk_pb_bytes(&pb);
        if (!pb.err)
            err = fn(p, message);
    }
    return pb.err ? malformed(p, &pb) : err;
}

static enum fk_err read_proto(struct push *p, struct fk_slice body)
{
    struct fk_pb pb;
    enum fk_err err = FK_OK;

    fk_pb_init(&pb, body);
    while (err == FK_OK && fk_pb_next(&pb)) {
        if (pb.field != 1) {
            fk_pb_skip(&pb);
            continue;
        }
        struct fk_slice series = fk_pb_bytes(&pb);
        if (pb.err)
            break;
        p->labels.count = 0;
        /* Labels may stand behind the samples. */
        err = each(p, series, 1, read_label);
        if (err == FK_OK)
            err = each(p, series, 2, read_sample);
        p->series++;
    }
    return pb.err ? malformed(p, &pb) : err;
}

/* ---- JSON -------------------------------------------------------------- */

static enum fk_err read_json_series(
    struct push *p, struct request_json *j, const struct json_t *series)
{
    size_t labels = request_json_count(j, series, "labels");
    size_t samples = request_json_count(j, series, "samples");
    enum fk_err err = FK_OK;

    p->labels.count = 0;
    for (size_t i = 0; i < labels && !j->err && !err; i++) {
        const struct json_t *l = request_json_object_at(j, series, "labels", i);
        struct fk_slice name = request_json_str(j, l, "name");
        struct fk_slice value = request_json_str(j, l, "value");
        if (!j->err)
            err = add_label(p, name, value);
    }
    for (size_t i = 0; i < samples && !j->err && !err; i++) {
        const struct json_t *s =
            request_json_object_at(j, series, "samples", i);
        struct fk_slice id = request_json_str(j, s, "ID");
        struct fk_slice profile =
            request_json_bytes(j, s, "raw_profile", &p->request->arena);
        if (!j->err)
            err = add_sample(p, id, profile);
    }
    return err;
}

static enum fk_err read_json(struct push *p, struct request_json *j)
{
    enum fk_err err = FK_OK;
    size_t n = request_json_count(j, j->root, "series");

    for (; p->series < n && !j->err && !err; p->series++)
        err = read_json_series(
            p, j, request_json_object_at(j, j->root, "series", p->series));
    if (err || !j->err)
        return err;
    p->in.reason = REJECTED_MALFORMED;
    p->diag = j->diag;
    return j->err;
}

/* ---- the route --------------------------------------------------------- */

static void answer(struct request *r, enum fk_err err, const char *why,
    const struct connect *codec)
{
    if (err == FK_OK) {
        agents_report(
            &r->server->agents, request_header(r, AGENTS_HEADER), fk_mono_ns());
        connect_reply(r, codec);
    } else if (err == FK_ERR_FULL || err == FK_ERR_LIMIT) {
        reply_header(r, "Retry-After", "1");
        reply_connect_error(r, "resource_exhausted", "%s", why);
    } else if (err == FK_ERR_FORMAT) {
        reply_connect_error(r, "invalid_argument", "%s", why);
    } else {
        reply_connect_error(r, "unavailable",
            "the profiles were not stored, send them again: %s", why);
    }
}

static void answer_proto(struct request *r, enum fk_err err, const char *why)
{
    answer(r, err, why, &(const struct connect){.json = false});
}

static void answer_json(struct request *r, enum fk_err err, const char *why)
{
    answer(r, err, why, &(const struct connect){.json = true});
    if (err == FK_OK)
        fk_buf_adds(&r->reply.body, "{}");
}

static void post_push(struct request *r)
{
    struct connect c;
    struct request_json j = {0};
    struct push p = {.request = r};

    if (!connect_open(r, PUSH_MAX_BODY, &c)) {
        metrics_reject(&r->server->metrics, REJECTED_MALFORMED, r->body.len);
        return;
    }
    ingest_init(&p.in, r);
    p.in.reason = REJECTED_MALFORMED;
    enum fk_err err = FK_OK;
    if (!c.json)
        err = read_proto(&p, c.message);
    else if (request_json_open(&j, c.message) == FK_OK)
        err = read_json(&p, &j);
    else
        err = fk_diag_set(&p.diag, j.err, "%s", j.diag.text);
    if (err == FK_OK && p.in.received == 0)
        err = fk_diag_set(&p.diag, FK_ERR_FORMAT, "no profiles received");
    if (err == FK_OK) {
        ingest_submit(&p.in, c.json ? answer_json : answer_proto);
    } else {
        metrics_reject(&r->server->metrics, p.in.reason, r->body.len);
        reply_connect_error(r,
            err == FK_ERR_UNAVAILABLE ? "unavailable" : "invalid_argument",
            "%s", p.diag.text);
    }
    ingest_fini(&p.in);
    request_json_close(&j);
}

const struct route api_push_routes[] = {
    {"POST", "/push.v1.PusherService/Push", post_push, PUSH_MAX_BODY,
        ROUTE_CONNECT, "Store profiles (pprof) of one or more series.",
        LANE_INGEST},
    {0},
};
