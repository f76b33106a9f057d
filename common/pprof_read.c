/*
 * Each step of fk_pprof_read walks the top level of the profile for one kind
 * of message: count, size the arrays exactly, strings, types, mappings,
 * functions, locations, samples. Skipping a message costs a few instructions,
 * so the walks are cheap beside decoding the samples; and no step depends on
 * the order in which a writer put the messages. The first violation ends it.
 */
#include "common/pprof.h"

#include "common/ids.h"
#include "common/pb.h"
#include "common/pprof_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct fk_slice body;
    struct fk_pprof_limits limits;
    struct fk_arena *arena;
    struct fk_diag *diag;
    enum fk_err err;
    struct fk_pprof p;
    struct fk_ids mappings, locations, functions;
    /* First counted over all samples and locations, then, while the arrays
     * are filled, where the next element goes. */
    size_t num_refs, num_values, num_labels, num_lines;
    uint32_t *refs;
    int64_t *values;
    struct fk_pprof_label *labels;
    struct fk_pprof_line *lines;
};

typedef void visit_fn(struct reader *r, struct fk_slice message);

/* Did the walk over a message end well? Otherwise say where it broke. */
static bool ended(struct reader *r, const struct fk_pb *pb)
{
    if (!pb->err)
        return !r->err;
    const char *at = (const char *)pb->start + pb->err_offset;
    if (!r->err)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT,
            "the profile is not valid protobuf at byte %td", at - r->body.ptr);
    return false;
}

/* Visit every message with this field number inside `in`. */
static void each(
    struct reader *r, struct fk_slice in, uint32_t field, visit_fn *visit)
{
    struct fk_pb pb;
    fk_pb_init(&pb, in);
    while (!r->err && fk_pb_next(&pb)) {
        if (pb.field != field) {
            fk_pb_skip(&pb);
            continue;
        }
        struct fk_slice inner = fk_pb_bytes(&pb);
        if (!pb.err)
            visit(r, inner);
    }
    ended(r, &pb);
}

/* Messages of nothing but integers: v[k] = field k, for 0 < k < n. */
static bool read_integers(
    struct reader *r, struct fk_slice message, uint64_t *v, uint32_t n)
{
    struct fk_pb pb;
    memset(v, 0, n * sizeof *v);
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field < n)
            v[pb.field] = fk_pb_u64(&pb);
        else
            fk_pb_skip(&pb);
    }
    return ended(r, &pb);
}

static void add_id(struct reader *r, struct fk_ids *ids, const char *what,
    uint64_t id, uint32_t index)
{
    if (r->err)
        return;
    if (id == 0)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT, "%s id is 0", what);
    else if (fk_ids_add(ids, id, index))
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT,
            "%s id %" PRIu64 " is used twice", what, id);
}

static uint32_t find_id(
    struct reader *r, const struct fk_ids *ids, const char *what, uint64_t id)
{
    uint32_t index = fk_ids_find(ids, id);
    if (index == FK_IDS_NONE && !r->err)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT,
            "%s id %" PRIu64 " is referred to but not in the profile", what,
            id);
    return index;
}

/* Values of a repeated integer at hand: a varint ends with a byte < 0x80. */
static size_t count_repeated(struct fk_pb *pb)
{
    if (pb->wire != FK_PB_BYTES) {
        fk_pb_u64(pb);
        return 1;
    }
    struct fk_slice packed = fk_pb_bytes(pb);
    size_t n = 0;
    for (size_t i = 0; i < packed.len; i++)
        n += (unsigned char)packed.ptr[i] < 0x80;
    return n;
}

static void count_sample(struct reader *r, struct fk_slice message)
{
    struct fk_pb pb;
    size_t values = 0, labels = 0;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        switch (pb.field) {
        case SAMPLE_LOCATION_ID:
            r->num_refs += count_repeated(&pb);
            break;
        case SAMPLE_VALUE:
            values += count_repeated(&pb);
            break;
        case SAMPLE_LABEL:
            labels++;
            fk_pb_skip(&pb);
            break;
        default:
            fk_pb_skip(&pb);
        }
    }
    if (!ended(r, &pb))
        return;
    if (values != r->p.num_types)
        r->err =
            fk_diag_set(r->diag, FK_ERR_FORMAT, "sample value length mismatch");
    else if (labels > r->limits.max_sample_labels)
        r->err = fk_diag_set(r->diag, FK_ERR_LIMIT,
            "the profile exceeds the sample labels limit "
            "(max_profile_stacktrace_sample_labels, actual: %zu, limit: %u)",
            labels, r->limits.max_sample_labels);
    r->num_values += values;
    r->num_labels += labels;
}

static void count_line(struct reader *r, struct fk_slice message)
{
    (void)message;
    r->num_lines++;
}

static void count_location(struct reader *r, struct fk_slice message)
{
    each(r, message, LOCATION_LINE, count_line);
}

static void count_messages(struct reader *r)
{
    uint32_t *const counter[] = {
        [PROFILE_SAMPLE_TYPE] = &r->p.num_types,
        [PROFILE_SAMPLE] = &r->p.num_samples,
        [PROFILE_MAPPING] = &r->p.num_mappings,
        [PROFILE_LOCATION] = &r->p.num_locations,
        [PROFILE_FUNCTION] = &r->p.num_functions,
        [PROFILE_STRING_TABLE] = &r->p.num_strings,
    };
    struct fk_pb pb;
    fk_pb_init(&pb, r->body);
    while (fk_pb_next(&pb)) {
        if (pb.field < sizeof counter / sizeof *counter)
            ++*counter[pb.field];
        fk_pb_skip(&pb);
    }
    if (!ended(r, &pb))
        return;
    if (r->p.num_types == 0)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT, "empty profile");
    else if (r->p.num_types > FK_PPROF_MAX_TYPES)
        r->err = fk_diag_set(r->diag, FK_ERR_LIMIT,
            "the profile has %u sample types, more than %d", r->p.num_types,
            FK_PPROF_MAX_TYPES);
    else if (r->p.num_samples > r->limits.max_samples)
        r->err = fk_diag_set(r->diag, FK_ERR_LIMIT,
            "the profile exceeds the samples count limit "
            "(max_profile_stacktrace_samples, actual: %u, limit: %u)",
            r->p.num_samples, r->limits.max_samples);
}

static void make_arrays(struct reader *r)
{
    struct fk_pprof *p = &r->p;
    struct fk_arena *a = r->arena;
    p->types = fk_arena_array(a, p->num_types, sizeof *p->types);
    p->samples = fk_arena_array(a, p->num_samples, sizeof *p->samples);
    p->mappings = fk_arena_array(a, p->num_mappings, sizeof *p->mappings);
    p->locations = fk_arena_array(a, p->num_locations, sizeof *p->locations);
    p->functions = fk_arena_array(a, p->num_functions, sizeof *p->functions);
    p->strings = fk_arena_array(a, p->num_strings, sizeof *p->strings);
    r->refs = fk_arena_array(a, r->num_refs, sizeof *r->refs);
    r->values = fk_arena_array(a, r->num_values, sizeof *r->values);
    r->labels = fk_arena_array(a, r->num_labels, sizeof *r->labels);
    r->lines = fk_arena_array(a, r->num_lines, sizeof *r->lines);
    fk_ids_init(&r->mappings, a, p->num_mappings);
    fk_ids_init(&r->locations, a, p->num_locations);
    fk_ids_init(&r->functions, a, p->num_functions);
    if (a->failed)
        r->err = fk_diag_set(r->diag, FK_ERR_LIMIT,
            "the profile needs more memory than one request may use; send "
            "smaller profiles");
    /* Counted anew while they are filled. */
    r->num_refs = r->num_values = r->num_labels = r->num_lines = 0;
    p->num_types = p->num_samples = p->num_mappings = 0;
    p->num_locations = p->num_functions = p->num_strings = 0;
}

static void refuse_utf8(struct reader *r, struct fk_slice s)
{
    char hex[401] = ""; /* of the first 200 bytes */
    for (size_t i = 0; i < s.len && 2 * i + 2 < sizeof hex; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)s.ptr[i]);
    r->err =
        fk_diag_set(r->diag, FK_ERR_FORMAT, "invalid utf8 string hex: %s", hex);
}

static void read_string(struct reader *r, struct fk_slice s)
{
    if (!fk_slice_utf8(s)) {
        refuse_utf8(r, s);
        return;
    }
    r->p.strings[r->p.num_strings++] =
        fk_slice_tail(s, r->limits.max_symbol_bytes);
}

static void read_strings(struct reader *r)
{
    each(r, r->body, PROFILE_STRING_TABLE, read_string);
    if (!r->err && (r->p.num_strings == 0 || r->p.strings[0].len > 0))
        r->err = fk_diag_set(
            r->diag, FK_ERR_FORMAT, "string 0 should be empty string");
}

static struct fk_slice string_at(
    struct reader *r, uint64_t index, const char *what)
{
    if (index < r->p.num_strings)
        return r->p.strings[index];
    if (!r->err)
        r->err = fk_diag_set(
            r->diag, FK_ERR_FORMAT, "%s string index out of range", what);
    return (struct fk_slice){NULL, 0};
}

static struct fk_pprof_type value_type(
    struct reader *r, struct fk_slice message)
{
    uint64_t v[TYPE_FIELDS];
    if (!read_integers(r, message, v, TYPE_FIELDS))
        return (struct fk_pprof_type){0};
    return (struct fk_pprof_type){
        string_at(r, v[TYPE_TYPE], "sample type type"),
        string_at(r, v[TYPE_UNIT], "sample type unit"),
    };
}

static void read_type(struct reader *r, struct fk_slice message)
{
    struct fk_pprof_type type = value_type(r, message);
    if (!r->limits.old_dotnet && fk_slice_find(type.type, '-') >= 0)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT, "sample type contains -");
    r->p.types[r->p.num_types++] = type;
}

static void read_head(struct reader *r)
{
    struct fk_pb pb;
    struct fk_slice period_type = {NULL, 0};
    uint64_t default_type = 0;
    fk_pb_init(&pb, r->body);
    while (!r->err && fk_pb_next(&pb)) {
        switch (pb.field) {
        case PROFILE_TIME_NANOS:
            r->p.time_ns = fk_pb_i64(&pb);
            break;
        case PROFILE_DURATION_NANOS:
            r->p.duration_ns = fk_pb_i64(&pb);
            break;
        case PROFILE_PERIOD_TYPE:
            period_type = fk_pb_bytes(&pb);
            break;
        case PROFILE_PERIOD:
            r->p.period = fk_pb_i64(&pb);
            break;
        case PROFILE_DEFAULT_SAMPLE_TYPE:
            default_type = fk_pb_u64(&pb);
            break;
        default:
            fk_pb_skip(&pb);
        }
    }
    if (!ended(r, &pb))
        return;
    r->p.period_type = value_type(r, period_type);
    r->p.default_type = string_at(r, default_type, "default sample type");
}

/* Some writers number their only mapping 0: nothing can refer to it. */
static void read_mapping(struct reader *r, struct fk_slice message)
{
    uint64_t v[MAPPING_FIELDS];
    uint32_t index = r->p.num_mappings++;
    if (!read_integers(r, message, v, MAPPING_FIELDS))
        return;
    r->p.mappings[index] = (struct fk_pprof_mapping){
        .start = v[MAPPING_START],
        .limit = v[MAPPING_LIMIT],
        .offset = v[MAPPING_OFFSET],
        .file = string_at(r, v[MAPPING_FILE], "mapping file name"),
        .build_id = string_at(r, v[MAPPING_BUILD_ID], "mapping build id"),
        .has_functions = v[MAPPING_HAS_FUNCTIONS] != 0,
    };
    if (v[MAPPING_ID])
        add_id(r, &r->mappings, "mapping", v[MAPPING_ID], index);
}

static void read_function(struct reader *r, struct fk_slice message)
{
    uint64_t v[FUNCTION_FIELDS];
    uint32_t index = r->p.num_functions++;
    if (!read_integers(r, message, v, FUNCTION_FIELDS))
        return;
    r->p.functions[index] = (struct fk_pprof_function){
        .name = string_at(r, v[FUNCTION_NAME], "function name"),
        .system_name =
            string_at(r, v[FUNCTION_SYSTEM_NAME], "function system name"),
        .file = string_at(r, v[FUNCTION_FILE], "function file name"),
        .start_line = (int64_t)v[FUNCTION_START_LINE],
    };
    if (r->limits.old_dotnet && !v[FUNCTION_ID])
        v[FUNCTION_ID] = r->p.num_functions;
    add_id(r, &r->functions, "function", v[FUNCTION_ID], index);
}

static void read_line(struct reader *r, struct fk_slice message)
{
    uint64_t v[LINE_FIELDS];
    struct fk_pprof_line *line = &r->lines[r->num_lines++];
    if (!read_integers(r, message, v, LINE_FIELDS))
        return;
    if (r->limits.old_dotnet && !v[LINE_FUNCTION])
        v[LINE_FUNCTION] = r->p.num_locations;
    line->function = find_id(r, &r->functions, "function", v[LINE_FUNCTION]);
    line->line = (int64_t)v[LINE_LINE];
}

static void read_location(struct reader *r, struct fk_slice message)
{
    uint64_t v[LOCATION_INTEGERS];
    uint32_t index = r->p.num_locations++;
    struct fk_pprof_location *l = &r->p.locations[index];
    if (!read_integers(r, message, v, LOCATION_INTEGERS))
        return;
    size_t first_line = r->num_lines;
    each(r, message, LOCATION_LINE, read_line);
    *l = (struct fk_pprof_location){
        .address = v[LOCATION_ADDRESS],
        .mapping = FK_PPROF_NONE,
        .lines = r->lines + first_line,
        .num_lines = (uint32_t)(r->num_lines - first_line),
    };
    if (v[LOCATION_MAPPING])
        l->mapping = find_id(r, &r->mappings, "mapping", v[LOCATION_MAPPING]);
    add_id(r, &r->locations, "location", v[LOCATION_ID], index);
}

static void read_refs(struct reader *r, struct fk_pb *pb)
{
    struct fk_slice packed = {0};
    uint64_t id;
    while (!r->err && fk_pb_repeated(pb, &packed, &id))
        r->refs[r->num_refs++] = find_id(r, &r->locations, "location", id);
}

static void read_values(struct reader *r, struct fk_pb *pb)
{
    struct fk_slice packed = {0};
    uint64_t v;
    while (fk_pb_repeated(pb, &packed, &v))
        r->values[r->num_values++] = (int64_t)v;
}

static void read_label(struct reader *r, struct fk_slice message)
{
    uint64_t v[LABEL_FIELDS];
    struct fk_pprof_label *label = &r->labels[r->num_labels++];
    if (!read_integers(r, message, v, LABEL_FIELDS))
        return;
    label->key = string_at(r, v[LABEL_KEY], "sample label");
    label->str = string_at(r, v[LABEL_STR], "sample label");
    label->num = (int64_t)v[LABEL_NUM];
    string_at(r, v[LABEL_NUM_UNIT], "sample label");
}

static void read_sample(struct reader *r, struct fk_slice message)
{
    struct fk_pb pb;
    struct fk_pprof_sample *s = &r->p.samples[r->p.num_samples++];
    const uint32_t *refs = r->refs + r->num_refs;
    s->values = r->values + r->num_values;
    s->labels = r->labels + r->num_labels;
    fk_pb_init(&pb, message);
    while (!r->err && fk_pb_next(&pb)) {
        switch (pb.field) {
        case SAMPLE_LOCATION_ID:
            read_refs(r, &pb);
            break;
        case SAMPLE_VALUE:
            read_values(r, &pb);
            break;
        case SAMPLE_LABEL:
            read_label(r, fk_pb_bytes(&pb));
            break;
        default:
            fk_pb_skip(&pb);
        }
    }
    if (!ended(r, &pb))
        return;
    /* The leaf comes first: of too deep a stack the end, its root, stays. */
    size_t depth = (size_t)(r->refs + r->num_refs - refs);
    size_t cut = depth > r->limits.max_depth ? depth - r->limits.max_depth : 0;
    s->locations = refs + cut;
    s->num_locations = (uint32_t)(depth - cut);
    s->num_labels = (uint32_t)(r->labels + r->num_labels - s->labels);
}

static struct fk_pprof_limits with_defaults(const struct fk_pprof_limits *given)
{
    struct fk_pprof_limits l = given ? *given : (struct fk_pprof_limits){0};
    l.max_samples = l.max_samples ? l.max_samples : 16000;
    l.max_sample_labels = l.max_sample_labels ? l.max_sample_labels : 100;
    l.max_depth = l.max_depth ? l.max_depth : 1000;
    l.max_symbol_bytes = l.max_symbol_bytes ? l.max_symbol_bytes : 65535;
    return l;
}

static void fill(struct reader *r)
{
    static const struct {
        uint32_t field;
        visit_fn *visit;
    } steps[] = {
        {PROFILE_SAMPLE_TYPE, read_type},
        {PROFILE_MAPPING, read_mapping},
        {PROFILE_FUNCTION, read_function},
        {PROFILE_LOCATION, read_location},
        {PROFILE_SAMPLE, read_sample},
    };

    read_strings(r);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !r->err; i++)
        each(r, r->body, steps[i].field, steps[i].visit);
    if (!r->err)
        read_head(r);
}

enum fk_err fk_pprof_read(struct fk_slice body,
    const struct fk_pprof_limits *limits, struct fk_arena *arena,
    struct fk_pprof *out, struct fk_diag *diag)
{
    struct reader r = {.body = body, .arena = arena, .diag = diag};
    r.limits = with_defaults(limits);
    if (body.len > UINT32_MAX)
        return fk_diag_set(diag, FK_ERR_LIMIT, "the profile exceeds 4 GiB");
    count_messages(&r);
    each(&r, body, PROFILE_SAMPLE, count_sample);
    each(&r, body, PROFILE_LOCATION, count_location);
    if (!r.err)
        make_arrays(&r);
    if (!r.err)
        fill(&r);
    fk_ids_fini(&r.mappings);
    fk_ids_fini(&r.locations);
    fk_ids_fini(&r.functions);
    if (!r.err)
        *out = r.p;
    return r.err;
}
