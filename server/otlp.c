#include "server/otlp.h"

#include "server/otlp_dictionary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_DURATION_NS INT64_C(10000000000)

enum { REQUEST_RESOURCES = 1 };

enum { RESOURCE_RESOURCE = 1, RESOURCE_SCOPES = 2, RESOURCE_ATTRIBUTES = 1 };

enum { SCOPE_SCOPE = 1, SCOPE_PROFILES = 2, SCOPE_ATTRIBUTES = 3 };

enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLES = 2,
    PROFILE_TIME = 3,
    PROFILE_DURATION = 4,
    PROFILE_PERIOD_TYPE = 5,
    PROFILE_PERIOD = 6,
};

enum {
    SAMPLE_STACK = 1,
    SAMPLE_ATTRIBUTES = 2,
    SAMPLE_LINK = 3,
    SAMPLE_VALUES = 4,
    SAMPLE_TIMES = 5,
};

/* A sample and the service that it names, which may be none. */
struct sample {
    struct fk_slice service;
    size_t room; /* for labels: of all attributes and one link */
    struct fk_pprof_sample sample;
};

struct reader {
    struct otlp_dictionary d;
    otlp_fn fn;
    void *arg;
    struct fk_labels resource, scope; /* the second with those of the first */
    struct fk_slice executable;
    size_t samples_seen;
    /* The profile at hand. */
    struct fk_pprof p;
    size_t profile; /* its number, for messages */
    struct sample *samples;
    uint32_t num_samples;
    int64_t factor; /* of values */
};

static enum fk_err refuse(struct reader *r, enum fk_err err, const char *what)
{
    if (!r->d.err)
        r->d.err =
            fk_diag_set(r->d.diag, err, "profile %zu: %s", r->profile, what);
    return r->d.err;
}

/* ---- samples ----------------------------------------------------------- */

static size_t count_timestamps(struct fk_pb *pb)
{
    if (pb->wire == FK_PB_BYTES)
        return fk_pb_bytes(pb).len / 8;
    fk_pb_fixed64(pb);
    return 1;
}

static void add_label(struct reader *r, struct sample *s, struct fk_slice key,
    struct fk_slice value)
{
    if (key.len == 0 || value.len == 0)
        return;
    if (fk_slice_eqz(key, "service.name")) {
        s->service = value;
        return;
    }
    struct fk_pprof_label *labels =
        (struct fk_pprof_label *)(uintptr_t)s->sample.labels;
    if (s->sample.num_labels >= s->room)
        refuse(r, FK_ERR_LIMIT, "a sample has more than 100 attributes");
    else
        labels[s->sample.num_labels++] =
            (struct fk_pprof_label){.key = key, .str = value};
}

static void add_attributes(struct reader *r, struct sample *s, struct fk_pb *pb)
{
    struct fk_slice packed = {0};
    uint64_t v;

    while (!r->d.err && fk_pb_repeated(pb, &packed, &v)) {
        if (v == 0)
            continue;
        if (v >= r->d.num_attributes) {
            refuse(r, FK_ERR_FORMAT,
                "a sample refers past the end of dictionary.attribute_table");
            return;
        }
        add_label(r, s, r->d.attributes[v].key, r->d.attributes[v].value);
    }
}

static void add_link(struct reader *r, struct sample *s, uint64_t index)
{
    if (index == 0)
        return;
    if (index >= r->d.num_links) {
        refuse(r, FK_ERR_FORMAT,
            "a sample refers past the end of dictionary.link_table");
        return;
    }
    add_label(r, s, FK_SLICE("trace_id"), r->d.links[index].trace_id);
    add_label(r, s, FK_SLICE("span_id"), r->d.links[index].span_id);
}

static void set_stack(struct reader *r, struct sample *s, uint64_t index)
{
    if (index >= r->d.num_stacks) {
        if (index > 0)
            refuse(r, FK_ERR_FORMAT,
                "a sample refers past the end of dictionary.stack_table");
        return;
    }
    s->sample.locations = r->d.stacks[index].locations;
    s->sample.num_locations = r->d.stacks[index].depth;
}

static void add_values(struct reader *r, struct fk_pb *pb, int64_t *sum)
{
    struct fk_slice packed = {0};
    uint64_t v;

    while (fk_pb_repeated(pb, &packed, &v))
        if (__builtin_add_overflow(*sum, (int64_t)v, sum))
            refuse(r, FK_ERR_FORMAT, "a sample's values do not fit 64 bits");
}

/* Attributes of one sample, and room for its labels. */
static size_t count_attributes(struct fk_slice message)
{
    struct fk_pb pb;
    size_t n = 0;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        struct fk_slice packed = {0};
        uint64_t v;
        if (pb.field == SAMPLE_ATTRIBUTES)
            while (fk_pb_repeated(&pb, &packed, &v))
                n++;
        else
            fk_pb_skip(&pb);
    }
    return n;
}

static void read_sample(void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;
    struct sample *s = &r->samples[r->num_samples++];
    size_t attributes = count_attributes(message), times = 0;
    int64_t *value = fk_arena_alloc(r->d.arena, sizeof(*value));
    uint64_t link = 0; /* given twice, the last one counts */
    bool valued = false;
    struct fk_pb pb;

    if (attributes > OTLP_MAX_ATTRIBUTES) {
        refuse(r, FK_ERR_LIMIT, "a sample has more than 100 attributes");
        return;
    }
    s->sample.values = value;
    s->room = attributes + 2;
    s->sample.labels =
        fk_arena_array(r->d.arena, s->room, sizeof(*s->sample.labels));
    if (!value || !s->sample.labels) {
        refuse(r, FK_ERR_LIMIT, "its samples need too much memory");
        return;
    }
    fk_pb_init(&pb, message);
    while (!r->d.err && fk_pb_next(&pb)) {
        if (pb.field == SAMPLE_STACK) {
            set_stack(r, s, fk_pb_u64(&pb));
        } else if (pb.field == SAMPLE_ATTRIBUTES) {
            add_attributes(r, s, &pb);
        } else if (pb.field == SAMPLE_LINK) {
            link = fk_pb_u64(&pb);
        } else if (pb.field == SAMPLE_VALUES) {
            valued = true;
            add_values(r, &pb, value);
        } else if (pb.field == SAMPLE_TIMES) {
            times += count_timestamps(&pb);
        } else {
            fk_pb_skip(&pb);
        }
    }
    if (otlp_ended(&r->d, &pb, "profile.samples", index))
        add_link(r, s, link);
    if (!valued)
        *value = (int64_t)times;
    if (__builtin_mul_overflow(*value, r->factor, value))
        refuse(r, FK_ERR_FORMAT, "a sample's value does not fit 64 bits");
}

/* ---- a profile --------------------------------------------------------- */

static struct fk_pprof_type value_type(
    struct reader *r, struct fk_slice message)
{
    uint64_t v[3] = {0};
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field < 3)
            v[pb.field] = fk_pb_u64(&pb);
        else
            fk_pb_skip(&pb);
    }
    otlp_ended(&r->d, &pb, "the type of profile", r->profile);
    return (struct fk_pprof_type){otlp_string(&r->d, v[1], "a sample type"),
        otlp_string(&r->d, v[2], "the unit of a sample type")};
}

static void read_head(struct reader *r, struct fk_slice message)
{
    struct fk_pprof *p = &r->p;
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (!r->d.err && fk_pb_next(&pb)) {
        if (pb.field == PROFILE_SAMPLE_TYPE) {
            p->types[0] = value_type(r, fk_pb_bytes(&pb));
        } else if (pb.field == PROFILE_PERIOD_TYPE) {
            p->period_type = value_type(r, fk_pb_bytes(&pb));
        } else if (pb.field == PROFILE_TIME) {
            p->time_ns = (int64_t)fk_pb_fixed64(&pb);
        } else if (pb.field == PROFILE_DURATION) {
            p->duration_ns = fk_pb_i64(&pb);
        } else if (pb.field == PROFILE_PERIOD) {
            p->period = fk_pb_i64(&pb);
        } else {
            if (pb.field == PROFILE_SAMPLES)
                p->num_samples++;
            fk_pb_skip(&pb);
        }
    }
    otlp_ended(&r->d, &pb, "profile", r->profile);
    if (p->duration_ns <= 0)
        p->duration_ns = DEFAULT_DURATION_NS;
}

static bool type_is(
    const struct fk_pprof_type *t, const char *type, const char *unit)
{
    return fk_slice_eqz(t->type, type) && fk_slice_eqz(t->unit, unit);
}

/* What the samples of a CPU profiler mean; sets __name__. */
static enum fk_err classify(struct reader *r, struct fk_labels *labels)
{
    struct fk_pprof *p = &r->p;
    struct fk_slice name = p->period_type.type;

    r->factor = 1;
    if (type_is(&p->types[0], "samples", "count") &&
        type_is(&p->period_type, "cpu", "nanoseconds")) {
        name = FK_SLICE("process_cpu");
        p->types[0] = p->period_type;
        r->factor = p->period > 0 ? p->period : 1;
    } else if (type_is(&p->types[0], "off_cpu", "nanoseconds")) {
        name = FK_SLICE("off_cpu");
    }
    if (name.len == 0)
        name = p->types[0].type;
    return fk_labels_set(labels, FK_SLICE("__name__"), name);
}

static int by_service(const void *left, const void *right)
{
    const struct sample *a = left, *b = right;

    return fk_slice_cmp(a->service, b->service);
}

/* Those of one service, which stand side by side. */
static enum fk_err emit(
    struct reader *r, const struct fk_labels *labels, struct fk_slice service)
{
    struct fk_labels own = *labels;

    if (service.len > 0 &&
        fk_labels_set(&own, FK_SLICE("service_name"), service) != FK_OK)
        return refuse(r, FK_ERR_LIMIT, "it has too many labels");
    return r->d.err = r->fn(r->arg, &r->p, &own);
}

static enum fk_err emit_services(struct reader *r, struct fk_labels *labels)
{
    struct fk_pprof_sample *all =
        fk_arena_array(r->d.arena, r->num_samples + 1, sizeof(*all));

    if (!all)
        return refuse(r, FK_ERR_LIMIT, "its samples need too much memory");
    if (r->num_samples > 1)
        qsort(r->samples, r->num_samples, sizeof(*r->samples), by_service);
    for (uint32_t i = 0; i < r->num_samples; i++)
        all[i] = r->samples[i].sample;
    for (uint32_t i = 0, n; i < r->num_samples && !r->d.err; i += n) {
        for (n = 1; i + n < r->num_samples && fk_slice_eq(r->samples[i].service,
                                                  r->samples[i + n].service);)
            n++;
        r->p.samples = all + i;
        r->p.num_samples = n;
        emit(r, labels, r->samples[i].service);
    }
    return r->d.err;
}

static void read_profile(void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;
    struct fk_labels labels = r->scope;
    struct fk_pprof_type type = {{0}, {0}};

    (void)index;
    r->p = (struct fk_pprof){.types = &type,
        .num_types = 1,
        .mappings = r->d.mappings,
        .num_mappings = r->d.num_mappings,
        .locations = r->d.locations,
        .num_locations = r->d.num_locations,
        .functions = r->d.functions,
        .num_functions = r->d.num_functions};
    read_head(r, message);
    r->samples_seen += r->p.num_samples;
    if (r->p.num_samples > OTLP_MAX_SAMPLES ||
        r->samples_seen > OTLP_MAX_REQUEST_SAMPLES)
        refuse(r, FK_ERR_LIMIT,
            "more than 16,000 samples in a profile, or 262,144 in a request; "
            "export more often");
    if (!r->d.err && classify(r, &labels) != FK_OK)
        refuse(r, FK_ERR_LIMIT, "it has too many labels");
    if (r->d.err)
        return;
    r->samples = fk_arena_array(
        r->d.arena, (size_t)r->p.num_samples + 1, sizeof(*r->samples));
    r->num_samples = 0;
    if (!r->samples)
        refuse(r, FK_ERR_LIMIT, "its samples need too much memory");
    otlp_each(&r->d, message, PROFILE_SAMPLES, read_sample, r);
    if (!r->d.err)
        emit_services(r, &labels);
    r->profile++;
}

/* ---- resources and scopes ---------------------------------------------- */

struct attributes {
    struct reader *r;
    struct fk_labels *labels;
};

static void read_attribute(void *arg, struct fk_slice message, size_t index)
{
    struct attributes *a = arg;
    struct reader *r = a->r;
    struct otlp_attribute one = otlp_key_value(&r->d, message);
    struct fk_slice key = one.key;

    (void)index;
    if (fk_slice_eqz(key, "process.executable.name"))
        r->executable = one.value;
    if (fk_slice_eqz(key, "service.name"))
        key = FK_SLICE("service_name");
    if (key.len > 0 && one.value.len > 0 &&
        fk_labels_set(a->labels, key, one.value) != FK_OK)
        refuse(
            r, FK_ERR_LIMIT, "its resource and scope have over 128 attributes");
}

/* A Resource or InstrumentationScope. */
static void read_resource(void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;
    struct attributes a = {r, &r->resource};

    (void)index;
    otlp_each(&r->d, message, RESOURCE_ATTRIBUTES, read_attribute, &a);
}

static void read_scope(void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;
    struct attributes a = {r, &r->scope};

    (void)index;
    otlp_each(&r->d, message, SCOPE_ATTRIBUTES, read_attribute, &a);
}

/* "unknown_service", with the program's name where that is known. */
static void name_service(struct reader *r)
{
    const struct fk_slice key = FK_SLICE("service_name");
    struct fk_slice name = FK_SLICE("unknown_service");

    if (fk_labels_has(&r->scope, key))
        return;
    if (r->executable.len > 0) {
        struct fk_buf text;
        fk_buf_init(&text, (size_t)1 << 20);
        fk_buf_printf(&text, "unknown_service:" FK_SLICE_FMT,
            FK_SLICE_ARG(r->executable));
        name = fk_arena_dup(r->d.arena, fk_buf_slice(&text));
        fk_buf_fini(&text);
    }
    if (!name.ptr || fk_labels_set(&r->scope, key, name) != FK_OK)
        refuse(
            r, FK_ERR_LIMIT, "its resource and scope have over 128 attributes");
}

static void read_scope_profiles(
    void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;

    (void)index;
    r->scope = r->resource;
    otlp_each(&r->d, message, SCOPE_SCOPE, read_scope, r);
    name_service(r);
    otlp_each(&r->d, message, SCOPE_PROFILES, read_profile, r);
}

static void read_resource_profiles(
    void *arg, struct fk_slice message, size_t index)
{
    struct reader *r = arg;

    (void)index;
    r->resource.count = 0;
    r->executable = (struct fk_slice){0};
    if (fk_labels_set(&r->resource, FK_SLICE("__delta__"), FK_SLICE("false")) ||
        fk_labels_set(&r->resource, FK_SLICE("__otel__"), FK_SLICE("true")))
        refuse(r, FK_ERR_LIMIT, "it has too many labels");
    otlp_each(&r->d, message, RESOURCE_RESOURCE, read_resource, r);
    otlp_each(&r->d, message, RESOURCE_SCOPES, read_scope_profiles, r);
}

enum fk_err otlp_read(struct fk_slice body, struct fk_arena *arena, otlp_fn fn,
    void *arg, struct fk_diag *diag)
{
    struct reader *r = fk_arena_alloc(arena, sizeof(*r));

    if (!r)
        return fk_diag_set(
            diag, FK_ERR_LIMIT, "the request needs too much memory");
    r->d.arena = arena;
    r->d.diag = diag;
    r->fn = fn;
    r->arg = arg;
    if (otlp_dictionary_read(&r->d, body) == FK_OK)
        otlp_each(&r->d, body, REQUEST_RESOURCES, read_resource_profiles, r);
    return r->d.err;
}
