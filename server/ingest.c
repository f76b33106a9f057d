#include "server/ingest.h"

#include "common/clock.h"
#include "common/gzip.h"
#include "server/ingest_labels.h"
#include "server/server.h"

#include <string.h>
#include <time.h>

void ingest_init(struct ingest *in, struct request *r)
{
    *in = (struct ingest){.request = r};
    batch_init(&in->batch, &r->arena);
}

void ingest_fini(struct ingest *in)
{
    batch_fini(&in->batch);
}

enum fk_err ingest_inflate(struct request *r, struct fk_slice bytes,
    size_t limit, struct fk_slice *out, struct fk_diag *diag)
{
    struct fk_buf plain;
    enum fk_err err = FK_OK;

    *out = bytes;
    if (bytes.len > limit && !fk_gzip_is(bytes))
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the body has %zu bytes; limit %zu", bytes.len, limit);
    if (!fk_gzip_is(bytes))
        return FK_OK;
    fk_buf_init(&plain, limit);
    err = fk_gzip_read(bytes, &plain, diag);
    if (err == FK_ERR_LIMIT)
        fk_diag_set(
            diag, err, "the body inflates to more than %zu bytes", limit);
    if (err == FK_OK) {
        *out = fk_arena_dup(&r->arena, fk_buf_slice(&plain));
        if (plain.len > 0 && !out->ptr)
            err = fk_diag_set(
                diag, FK_ERR_LIMIT, "the request needs too much memory");
    }
    fk_buf_fini(&plain);
    return err;
}

/* The default relabel rules of Pyroscope (spec/pyroscope-api 4, end). */
static enum fk_err relabel(struct fk_labels *l)
{
    const struct fk_slice delta = FK_SLICE("godeltaprof_");
    const struct fk_slice key = FK_SLICE("__name__");
    struct fk_slice name = fk_labels_get(l, key);
    struct fk_slice other = {0};
    enum fk_err err = FK_OK;

    fk_labels_del(l, FK_SLICE("__session_id__"));
    if (fk_slice_starts(name, delta)) {
        other = fk_slice_sub(name, delta.len, name.len);
        err = fk_labels_set(l, FK_SLICE("__delta__"), FK_SLICE("false"));
    } else if (fk_slice_eqz(name, "wall") &&
               fk_slice_eqz(fk_labels_get(l, FK_SLICE("__type__")), "cpu")) {
        other = FK_SLICE("process_cpu");
    }
    if (other.len > 0 && err == FK_OK)
        err = fk_labels_set(l, key, other);
    if (other.len > 0 && err == FK_OK)
        err = fk_labels_set(l, FK_SLICE("__name_replaced__"), name);
    return err;
}

/* A label with an empty value equals none, so it must not make a series. */
static void drop_empty(struct fk_labels *l)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < l->count; i++)
        if (l->pair[i].value.len > 0)
            l->pair[kept++] = l->pair[i];
    l->count = kept;
}

enum fk_err ingest_labels_ready(
    struct ingest *in, struct fk_labels *l, struct fk_diag *diag)
{
    const struct fk_slice service = FK_SLICE("service_name");
    enum fk_err err;

    in->reason = REJECTED_LABELS;
    err =
        ingest_labels_check(l, &server_live(in->request->server)->limits, diag);
    if (err)
        return err;
    drop_empty(l);
    err = relabel(l);
    if (err == FK_OK && !fk_labels_has(l, service))
        err = fk_labels_set(l, service, FK_SLICE("unknown_service"));
    if (err)
        fk_diag_set(diag, err, "profile series '%s' has too many labels",
            ingest_labels_text(l).text);
    return err;
}

static const char *when(int64_t ms, char text[32])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    if (!gmtime_r(&s, &tm) || !strftime(text, 32, "%FT%TZ", &tm))
        memcpy(text, "?", 2);
    return text;
}

enum fk_err ingest_time(struct ingest *in, const struct ingest_source *source,
    int64_t time_ns, int64_t *time_ms, struct fk_diag *diag)
{
    const struct limits *l = &server_live(in->request->server)->limits;
    int64_t back_ms = l->older_than_ns / FK_NS_PER_MS;
    int64_t ahead_ms = l->newer_than_ns / FK_NS_PER_MS;
    int64_t now_ms = fk_wall_ns() / FK_NS_PER_MS;
    char at[32], from[32], until[32];

    *time_ms = (time_ns ? time_ns : source->fallback_ns) / FK_NS_PER_MS;
    in->reason = *time_ms > now_ms ? REJECTED_TOO_NEW : REJECTED_TOO_OLD;
    if (*time_ms <= 0 || *time_ms > STORE_MAX_TIME_MS)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "profile with labels '%s' is dated before 1970 or after 2106: "
            "times are nanoseconds since 1970",
            ingest_labels_text(source->labels).text);
    if (time_ns == 0 || back_ms == 0)
        return FK_OK;
    if (*time_ms > now_ms - back_ms &&
        (ahead_ms == 0 || *time_ms < now_ms + ahead_ms))
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "profile with labels '%s' is outside of ingestion window (profile "
        "timestamp: %s, the ingestion window starts at %s and ends at %s)",
        ingest_labels_text(source->labels).text, when(*time_ms, at),
        when(now_ms - back_ms, from),
        ahead_ms ? when(now_ms + ahead_ms, until) : "any time");
}

enum fk_err ingest_full(struct ingest *in, struct fk_diag *diag)
{
    if (in->batch.err == FK_ERR_NOMEM)
        return fk_diag_set(
            diag, FK_ERR_UNAVAILABLE, "the server is out of memory");
    if (in->batch.err == FK_ERR_FORMAT)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the values of a stack add up to more than 64 bits hold");
    return fk_diag_set(diag, FK_ERR_LIMIT,
        "the request makes too much at once: up to %d profiles (sets of "
        "sample labels times sample types) and %u frames and stacks; use "
        "labels with fewer values, or send less at a time",
        BATCH_MAX_PROFILES, BATCH_MAX_STACKS);
}

/* ---- to the store ------------------------------------------------------ */

struct submission {
    struct request *request;
    ingest_answer_fn answer;
    uint64_t profiles, bytes;
};

static enum metrics_reason reason_of(enum fk_err err)
{
    if (err == FK_ERR_FULL)
        return REJECTED_QUEUE_FULL;
    return err == FK_ERR_LIMIT ? REJECTED_SERIES : REJECTED_STORE;
}

static void settle(struct submission *s, enum fk_err err,
    enum metrics_reason reason, const char *why)
{
    struct metrics *m = &s->request->server->metrics;

    if (err == FK_OK)
        metrics_add(m, METRIC_PROFILES_STORED, s->profiles);
    else
        metrics_reject(m, reason, s->bytes);
    s->answer(s->request, err, why);
}

static void on_durable(void *arg, enum fk_err err, const char *why)
{
    struct submission *s = arg;
    struct request *r = s->request;

    /* Too many profiles of one series in one second: sent again they would
     * be refused again, so the client is told not to. */
    if (err == FK_ERR_LIMIT)
        settle(s, FK_ERR_FORMAT, REJECTED_SECOND, why);
    else
        settle(s, err, reason_of(err), why);
    request_resume(r);
}

/* Bytes once inflated, as Pyroscope counts them. */
static enum fk_err take_rate(const struct ingest *in, struct fk_diag *diag)
{
    const double mb = 1 << 20;
    struct request *r = in->request;
    const struct limits *l = &server_live(r->server)->limits;
    uint64_t bytes = in->bytes ? in->bytes : r->body.len;

    if (l->rate_mb == 0 ||
        rate_take(&r->server->rate, r->tenant, bytes, (double)l->rate_mb * mb,
            (double)l->burst_mb * mb, fk_mono_ns()))
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_FULL,
        "push rate limit (%.1f MiB) exceeded while adding %.1f MiB",
        (double)l->rate_mb, (double)bytes / mb);
}

void ingest_submit(struct ingest *in, ingest_answer_fn answer)
{
    struct request *r = in->request;
    struct metrics *m = &r->server->metrics;
    const struct store_batch batch = batch_view(&in->batch);
    struct submission *s = fk_arena_alloc(&r->arena, sizeof(*s));
    struct fk_diag diag = {{0}};

    metrics_add(m, METRIC_PROFILES_RECEIVED, in->received);
    metrics_add(m, METRIC_STACKS_TRUNCATED, in->batch.truncated);
    if (batch.num_profiles == 0) {
        metrics_add(m, METRIC_PROFILES_EMPTY, in->received);
        answer(r, FK_OK, "");
        return;
    }
    if (!s) {
        answer(r, FK_ERR_NOMEM, "the server is out of memory");
        return;
    }
    *s = (struct submission){r, answer, batch.num_profiles, r->body.len};
    enum fk_err err = take_rate(in, &diag);
    if (err) {
        settle(s, err, REJECTED_RATE, diag.text);
        return;
    }
    request_defer(r);
    err =
        r->server->store->ops->append(r->tenant, &batch, on_durable, s, &diag);
    if (err == FK_OK)
        return;
    settle(s, err, reason_of(err), diag.text);
    request_resume(r);
}
