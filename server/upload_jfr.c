/*
 * /ingest of JFR: the recording alone, or a form with the parts "jfr" and
 * "labels", each compressed or not. Every kind of event becomes a profile.
 */
#include "common/clock.h"
#include "server/jfr.h"
#include "server/jfr_labels.h"
#include "server/multipart.h"
#include "server/upload.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_LABELS ((size_t)16 << 20)

static const struct kind {
    const char *metric;
    const char *type[2], *unit[2]; /* the second may be NULL */
    const char *period_type, *period_unit;
    bool timed; /* a count is a period of the sampler */
} kinds[JFR_KINDS] = {
    [JFR_CPU] = {"process_cpu", {"cpu", NULL}, {"nanoseconds", NULL}, "cpu",
        "nanoseconds", true},
    [JFR_WALL] = {"wall", {"wall", NULL}, {"nanoseconds", NULL}, "wall",
        "nanoseconds", true},
    [JFR_IN_TLAB] = {"memory",
        {"alloc_in_new_tlab_objects", "alloc_in_new_tlab_bytes"},
        {"count", "bytes"}, "space", "bytes", false},
    [JFR_OUTSIDE_TLAB] = {"memory",
        {"alloc_outside_tlab_objects", "alloc_outside_tlab_bytes"},
        {"count", "bytes"}, "space", "bytes", false},
    [JFR_ALLOCATION] = {"memory",
        {"alloc_sample_objects", "alloc_sample_bytes"}, {"count", "bytes"},
        "space", "bytes", false},
    [JFR_LOCK] = {"mutex", {"contentions", "delay"}, {"count", "nanoseconds"},
        "mutex", "count", false},
    [JFR_PARK] = {"block", {"contentions", "delay"}, {"count", "nanoseconds"},
        "block", "count", false},
    [JFR_LIVE] = {"memory", {"live", NULL}, {"count", NULL}, "objects", "count",
        false},
    [JFR_MALLOC] = {"memory", {"malloc_objects", "malloc_bytes"},
        {"count", "bytes"}, "", "", false},
};

struct conversion {
    struct upload *u;
    struct jfr jfr;
    struct jfr_labels labels;
};

static enum fk_err memory_full(struct upload *u)
{
    u->in.reason = REJECTED_LIMIT;
    return fk_diag_set(
        &u->diag, FK_ERR_LIMIT, "the request needs too much memory");
}

/* The labels of the context, and the span's. */
static enum fk_err set_labels(struct conversion *c, const struct jfr_tags *tags,
    struct fk_pprof_sample *out)
{
    struct fk_arena *arena = &c->u->request->arena;
    struct jfr_context context = jfr_labels_context(&c->labels, tags->context);
    struct fk_slice name = jfr_labels_string(&c->labels, tags->span_name);
    char text[17];

    out->labels = context.labels;
    out->num_labels = context.count;
    if (tags->span == 0)
        return FK_OK;
    struct fk_pprof_label *labels =
        fk_arena_array(arena, (size_t)context.count + 2, sizeof(*labels));
    snprintf(text, sizeof(text), "%016" PRIx64, tags->span);
    struct fk_slice span = fk_arena_dup(arena, fk_slice_of(text));
    if (!labels || !span.ptr)
        return memory_full(c->u);
    for (uint32_t i = 0; i < context.count; i++)
        labels[i] = context.labels[i];
    labels[out->num_labels++] =
        (struct fk_pprof_label){.key = FK_SLICE("profile_id"), .str = span};
    if (name.len > 0)
        labels[out->num_labels++] =
            (struct fk_pprof_label){.key = FK_SLICE("span_name"), .str = name};
    out->labels = labels;
    return FK_OK;
}

/* Counts of the sampler become time; with a rate of 0 they become nothing. */
static enum fk_err set_values(struct conversion *c, const struct kind *k,
    const struct jfr_sample *s, struct fk_pprof_sample *out)
{
    uint32_t rate = c->u->sample_rate;
    int64_t period = rate ? FK_NS_PER_S / rate : 0;
    int64_t *values = fk_arena_array(&c->u->request->arena, 2, sizeof(*values));

    if (!values)
        return memory_full(c->u);
    values[0] = s->value[0];
    values[1] = s->value[1];
    if (k->timed && __builtin_mul_overflow(s->value[0], period, &values[0]))
        return fk_diag_set(&c->u->diag, FK_ERR_FORMAT,
            "JFR: a sample's time does not fit 64 bits");
    out->values = values;
    return FK_OK;
}

static enum fk_err collect(
    struct conversion *c, enum jfr_kind kind, struct fk_pprof *p)
{
    struct fk_pprof_sample *samples = fk_arena_array(&c->u->request->arena,
        (size_t)c->jfr.num_samples + 1, sizeof(*samples));
    enum fk_err err = samples ? FK_OK : memory_full(c->u);

    p->samples = samples;
    for (uint32_t i = 0; i < c->jfr.num_samples && !err; i++) {
        const struct jfr_sample *s = &c->jfr.samples[i];
        struct fk_pprof_sample *out = &samples[p->num_samples];
        if (s->kind != kind)
            continue;
        out->locations = s->locations;
        out->num_locations = s->depth;
        err = set_values(c, &kinds[kind], s, out);
        if (err == FK_OK)
            err = set_labels(c, &s->tags, out);
        p->num_samples++;
    }
    return err;
}

static enum fk_err add_kind(struct conversion *c, enum jfr_kind kind)
{
    const struct kind *k = &kinds[kind];
    struct upload *u = c->u;
    struct fk_pprof_type types[2];
    const struct ingest_source source = {
        .labels = &u->labels, .fallback_ns = u->from_ns};
    struct fk_pprof p = {.types = types,
        .num_types = k->type[1] ? 2 : 1,
        .locations = c->jfr.locations,
        .num_locations = c->jfr.num_locations,
        .functions = c->jfr.functions,
        .num_functions = c->jfr.num_functions,
        .time_ns = u->from_ns,
        .duration_ns = u->duration_ns,
        .period_type = {
            fk_slice_of(k->period_type), fk_slice_of(k->period_unit)}};

    for (uint32_t i = 0; i < p.num_types; i++)
        types[i] = (struct fk_pprof_type){
            fk_slice_of(k->type[i]), fk_slice_of(k->unit[i])};
    enum fk_err err = collect(c, kind, &p);
    if (err || p.num_samples == 0)
        return err;
    err = upload_label(u, FK_SLICE("__name__"), fk_slice_of(k->metric));
    return err ? err : ingest_add_decoded(&u->in, &source, &p, &u->diag);
}

static enum fk_err convert(
    struct upload *u, struct fk_slice jfr, struct fk_slice labels)
{
    struct fk_arena *arena = &u->request->arena;
    struct conversion *c = fk_arena_alloc(arena, sizeof(*c));
    enum fk_err err;

    if (!c)
        return memory_full(u);
    c->u = u;
    err = jfr_open(&c->jfr, jfr, arena, &u->diag);
    if (err == FK_OK)
        err = jfr_labels_open(&c->labels, labels, arena, &u->diag);
    if (err == FK_OK)
        err = upload_service(u, u->name.app, true);
    if (err == FK_OK && c->jfr.event.len > 0)
        err = upload_label(u, FK_SLICE("jfr_event"), c->jfr.event);
    for (int k = 0; k < JFR_KINDS && !err; k++)
        err = add_kind(c, (enum jfr_kind)k);
    jfr_labels_close(&c->labels);
    jfr_close(&c->jfr);
    return err;
}

static enum fk_err read_form(
    struct upload *u, struct fk_slice *jfr, struct fk_slice *labels)
{
    struct multipart form;
    struct request *r = u->request;
    enum fk_err err = multipart_read(
        request_header(r, "Content-Type"), r->body, &form, &u->diag);

    if (err)
        return err;
    const struct multipart_part *part = multipart_file(&form, "jfr");
    if (!part || part->body.len == 0)
        return fk_diag_set(&u->diag, FK_ERR_FORMAT,
            "the form has no file \"jfr\", or it is empty");
    *jfr = part->body;
    part = multipart_file(&form, "labels");
    if (part)
        *labels = part->body;
    return FK_OK;
}

enum fk_err upload_jfr(struct upload *u)
{
    struct request *r = u->request;
    struct fk_slice jfr = r->body, labels = {0};
    enum fk_err err = FK_OK;

    if (multipart_is(request_header(r, "Content-Type")))
        err = read_form(u, &jfr, &labels);
    if (err == FK_OK)
        err = ingest_inflate(r, jfr, UPLOAD_MAX_JFR, &jfr, &u->diag);
    if (err == FK_OK)
        err = ingest_inflate(r, labels, MAX_LABELS, &labels, &u->diag);
    return err ? err : convert(u, jfr, labels);
}
