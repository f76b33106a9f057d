/*
 * A decoded pprof profile becomes profiles of a batch: one for each set of
 * sample labels and each sample type.
 */
#include "common/gzip.h"
#include "server/hex.h"
#include "server/ingest.h"
#include "server/ingest_labels.h"
#include "server/repair_go.h"
#include "server/server.h"
#include "server/uuid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One sample that counts. */
struct cell {
    uint32_t group, stack, sample;
};

struct split {
    struct ingest *in;
    const struct fk_pprof *p;
    struct fk_arena *arena;
    const struct ingest_flat *flat;
    struct cell *cells;
    size_t num_cells;
    struct fk_labels **groups; /* label sets */
    size_t num_groups;
    bool has_bare; /* a sample without labels came, its group is `bare` */
    uint32_t bare;
    struct fk_map group_map;
};

static struct fk_slice address_name(
    struct split *s, const struct fk_pprof_location *l)
{
    struct fk_slice file = FK_SLICE("unknown");
    struct fk_buf text;

    if (l->mapping != FK_PPROF_NONE) {
        struct fk_slice path = s->p->mappings[l->mapping].file;
        ptrdiff_t slash = fk_slice_rfind(path, '/');
        if (path.len > 0)
            file = fk_slice_sub(path, (size_t)(slash + 1), path.len);
    }
    fk_buf_init(&text, file.len + 32);
    fk_buf_printf(
        &text, FK_SLICE_FMT "!0x%" PRIx64, FK_SLICE_ARG(file), l->address);
    struct fk_slice name = fk_arena_dup(s->arena, fk_buf_slice(&text));
    fk_buf_fini(&text);
    return name;
}

static struct store_frame frame_of(
    const struct split *s, const struct fk_pprof_line *line)
{
    const struct fk_pprof_function *f = &s->p->functions[line->function];
    struct store_frame frame = {
        f->name, f->file, line->line ? line->line : f->start_line};

    if (frame.name.len == 0)
        frame.name = f->system_name;
    if (frame.name.len == 0)
        frame.name = FK_SLICE("unknown");
    return frame;
}

static bool flatten(struct split *s)
{
    const struct fk_pprof *p = s->p;
    struct ingest_flat *flat = &s->in->flat;
    size_t total = 0, at = 0;

    s->flat = flat;
    if (flat->of && flat->of == p->locations)
        return true;
    for (uint32_t i = 0; i < p->num_locations; i++)
        total += p->locations[i].num_lines ? p->locations[i].num_lines : 1;
    flat->frames = fk_arena_array(s->arena, total + 1, sizeof(*flat->frames));
    flat->first = fk_arena_array(
        s->arena, (size_t)p->num_locations + 1, sizeof(*flat->first));
    if (!flat->frames || !flat->first)
        return false;
    for (uint32_t i = 0; i < p->num_locations; i++) {
        const struct fk_pprof_location *l = &p->locations[i];
        struct store_frame frame;
        flat->first[i] = (uint32_t)at;
        for (uint32_t k = l->num_lines; k-- > 0;) {
            frame = frame_of(s, &l->lines[k]);
            flat->frames[at++] = batch_frame(&s->in->batch, &frame);
        }
        if (l->num_lines == 0) {
            frame = (struct store_frame){.name = address_name(s, l)};
            flat->frames[at++] = batch_frame(&s->in->batch, &frame);
        }
    }
    flat->first[p->num_locations] = (uint32_t)at;
    flat->of = p->locations;
    return true;
}

/* Root first; what is deeper than a batch keeps is not even built. */
static uint32_t stack_of(struct split *s, const struct fk_pprof_sample *sample)
{
    uint32_t frames[BATCH_MAX_DEPTH + 1];
    size_t depth = 0;

    for (uint32_t i = sample->num_locations; i-- > 0;) {
        uint32_t at = s->flat->first[sample->locations[i]];
        uint32_t end = s->flat->first[sample->locations[i] + 1];
        while (at < end && depth <= BATCH_MAX_DEPTH)
            frames[depth++] = s->flat->frames[at++];
    }
    return batch_stack(&s->in->batch, frames, depth);
}

/* Ids of requests would make a series of every sample. */
static bool stays_with_sample(const struct fk_pprof_label *l)
{
    return l->str.len == 0 || fk_slice_eqz(l->key, "span_id") ||
           fk_slice_eqz(l->key, "trace_id") ||
           fk_slice_eqz(l->key, "profile_id");
}

/* profile_id is what older SDKs call the span. */
static bool span_of(const struct fk_pprof_sample *s, struct store_span *out)
{
    bool found = false;

    *out = (struct store_span){.span = 0};
    for (uint32_t i = 0; i < s->num_labels; i++) {
        const struct fk_pprof_label *l = &s->labels[i];
        uint8_t id[8];
        if (fk_slice_eqz(l->key, "trace_id")) {
            found = hex_read(l->str, out->trace, sizeof(out->trace)) || found;
        } else if ((fk_slice_eqz(l->key, "span_id") ||
                       fk_slice_eqz(l->key, "profile_id")) &&
                   hex_read(l->str, id, sizeof(id))) {
            out->span = 0;
            for (size_t k = 0; k < sizeof(id); k++)
                out->span = out->span << 8 | id[k];
            found = true;
        }
    }
    return found;
}

/* Values of one type that belong to spans; false without memory. */
static bool add_spans(struct split *s, const struct cell *first, size_t n,
    uint32_t type, struct store_profile *out)
{
    struct store_span one, *spans = NULL;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const struct fk_pprof_sample *sample = &s->p->samples[first[i].sample];
        if (!sample->num_labels || !span_of(sample, &one))
            continue;
        if (!spans)
            spans = fk_arena_array(s->arena, n, sizeof(*spans));
        if (!spans)
            return false;
        one.stack = first[i].stack;
        one.value = sample->values[type];
        spans[count++] = one;
    }
    out->spans = spans;
    out->num_spans = count;
    return true;
}

static enum fk_err labels_of(const struct fk_labels *base,
    const struct fk_pprof_sample *sample, const struct limits *limits,
    struct fk_labels *out)
{
    memcpy(out->pair, base->pair, base->count * sizeof(*base->pair));
    out->count = base->count;
    for (uint32_t i = 0; i < sample->num_labels; i++) {
        const struct fk_pprof_label *l = &sample->labels[i];
        if (stays_with_sample(l) || fk_labels_has(base, l->key))
            continue;
        if (l->key.len == 0 || l->key.len > (size_t)limits->label_name_bytes ||
            l->str.len > (size_t)limits->label_value_bytes)
            return FK_ERR_LIMIT;
        enum fk_err err = fk_labels_set(out, l->key, l->str);
        if (err)
            return err;
    }
    return FK_OK;
}

/* The group of these labels, made if new. */
static enum fk_err group_of(
    struct split *s, const struct fk_labels *labels, uint32_t *group)
{
    uint64_t key = fk_labels_hash(labels), hit;
    size_t at = 0;

    while ((hit = fk_map_next(&s->group_map, key, &at)) != FK_MAP_NONE) {
        if (fk_labels_eq(s->groups[hit], labels)) {
            *group = (uint32_t)hit;
            return FK_OK;
        }
    }
    enum fk_err err = fk_map_add(&s->group_map, key, s->num_groups);
    if (err)
        return err;
    struct fk_labels *copy = fk_arena_alloc(s->arena, sizeof(*copy));
    if (!copy)
        return FK_ERR_LIMIT;
    memcpy(copy->pair, labels->pair, labels->count * sizeof(*labels->pair));
    copy->count = labels->count;
    *group = (uint32_t)s->num_groups;
    s->groups[s->num_groups++] = copy;
    return FK_OK;
}

/* Most profiles have samples without labels only: those are looked up once.
 * FK_ERR_ARG: its labels are too many or too long. */
static enum fk_err find_group(struct split *s, const struct fk_labels *base,
    const struct fk_pprof_sample *sample, uint32_t *group)
{
    const struct limits *limits = &server_live(s->in->request->server)->limits;
    struct fk_labels labels;

    *group = s->bare;
    if (!sample->num_labels && s->has_bare)
        return FK_OK;
    if (labels_of(base, sample, limits, &labels) != FK_OK)
        return FK_ERR_ARG;
    enum fk_err err = group_of(s, &labels, group);
    if (!err && !sample->num_labels) {
        s->has_bare = true;
        s->bare = *group;
    }
    return err;
}

static bool counts(const struct fk_pprof *p, const struct fk_pprof_sample *s)
{
    bool any = false;

    for (uint32_t i = 0; i < p->num_types; i++) {
        if (s->values[i] < 0)
            return false;
        any = any || s->values[i] > 0;
    }
    return any;
}

static enum fk_err collect(
    struct split *s, const struct fk_labels *base, struct fk_diag *diag)
{
    for (uint32_t i = 0; i < s->p->num_samples; i++) {
        const struct fk_pprof_sample *sample = &s->p->samples[i];
        struct cell *c = &s->cells[s->num_cells];
        if (!counts(s->p, sample)) {
            metrics_add(
                &s->in->request->server->metrics, METRIC_SAMPLES_DROPPED, 1);
            continue;
        }
        enum fk_err err = find_group(s, base, sample, &c->group);
        if (err == FK_ERR_ARG)
            return fk_diag_set(diag, FK_ERR_LIMIT,
                "profile with labels '%s': sample %u has too many labels, or "
                "one that is too long, to make a series of them",
                ingest_labels_text(base).text, i);
        if (err)
            return ingest_full(s->in, diag);
        c->stack = stack_of(s, sample);
        c->sample = i;
        s->num_cells++;
    }
    return s->in->batch.err ? ingest_full(s->in, diag) : FK_OK;
}

static int by_group(const void *left, const void *right)
{
    const struct cell *a = left, *b = right;

    return (a->group > b->group) - (a->group < b->group);
}

/* Cells [first, first + n) are one group: a profile for each type. */
static enum fk_err emit(struct split *s, const struct cell *first, size_t n,
    const struct store_profile *like, struct fk_diag *diag)
{
    for (uint32_t t = 0; t < s->p->num_types; t++) {
        struct store_value *values =
            fk_arena_array(s->arena, n, sizeof(*values));
        struct store_profile profile = *like;
        if (!values)
            return ingest_full(s->in, diag);
        for (size_t i = 0; i < n; i++)
            values[i] = (struct store_value){
                first[i].stack, s->p->samples[first[i].sample].values[t]};
        profile.values = values;
        profile.num_values = batch_fold(&s->in->batch, values, n);
        if (profile.num_values == 0)
            continue;
        if (!add_spans(s, first, n, t, &profile))
            return ingest_full(s->in, diag);
        memcpy(
            &profile.labels, s->groups[first->group], sizeof(profile.labels));
        enum fk_err err = ingest_labels_private(
            &profile.labels, s->p->types[t], s->p->period_type, s->arena, diag);
        if (err)
            return err;
        uuid_make(profile.id);
        batch_profile(&s->in->batch, &profile);
    }
    return s->in->batch.err ? ingest_full(s->in, diag) : FK_OK;
}

static enum fk_err emit_all(
    struct split *s, const struct store_profile *like, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;

    if (s->num_cells > 1)
        qsort(s->cells, s->num_cells, sizeof(*s->cells), by_group);
    for (size_t i = 0, n; i < s->num_cells && err == FK_OK; i += n) {
        for (n = 1; i + n < s->num_cells &&
                    s->cells[i + n].group == s->cells[i].group;)
            n++;
        err = emit(s, &s->cells[i], n, like, diag);
    }
    return err;
}

static enum fk_err split_and_emit(struct ingest *in, const struct fk_pprof *p,
    const struct fk_labels *base, const struct store_profile *like,
    struct fk_diag *diag)
{
    struct split s = {.in = in, .p = p, .arena = &in->request->arena};
    enum fk_err err;

    s.cells =
        fk_arena_array(s.arena, (size_t)p->num_samples + 1, sizeof(*s.cells));
    s.groups = fk_arena_array(s.arena, BATCH_MAX_PROFILES, sizeof(*s.groups));
    fk_map_init(&s.group_map, BATCH_MAX_PROFILES);
    in->reason = REJECTED_LIMIT;
    if (s.cells && s.groups && flatten(&s)) {
        err = collect(&s, base, diag);
        if (err == FK_OK)
            err = emit_all(&s, like, diag);
    } else {
        err = ingest_full(in, diag);
    }
    fk_map_fini(&s.group_map);
    return err;
}

static enum fk_err check_types(const struct fk_pprof *p, struct fk_diag *diag)
{
    if (p->num_types > INGEST_MAX_TYPES)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the profile has %u sample types; limit %d", p->num_types,
            INGEST_MAX_TYPES);
    for (uint32_t i = 0; i < p->num_types; i++) {
        struct fk_slice type = p->types[i].type;
        if (fk_slice_find(type, '-') >= 0)
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "sample type '%.*s' contains '-', which a profile type "
                "cannot have",
                (int)(type.len < 100 ? type.len : 100), type.ptr);
    }
    return FK_OK;
}

/* Inflates and decodes; the texts of size errors name the profile. */
static enum fk_err decode(struct ingest *in, const struct ingest_source *source,
    struct fk_slice bytes, struct fk_pprof *p, struct fk_diag *diag)
{
    const struct limits *l = &server_live(in->request->server)->limits;
    const struct fk_pprof_limits limits = {
        .max_samples = (uint32_t)l->profile_samples,
        .max_sample_labels = (uint32_t)l->sample_labels,
        .max_depth = (uint32_t)l->stack_depth,
        .max_symbol_bytes = (uint32_t)l->symbol_bytes};
    size_t max = (size_t)l->profile_bytes;
    struct fk_slice plain;
    enum fk_err err = ingest_inflate(in->request, bytes, max, &plain, diag);

    if (err == FK_ERR_LIMIT) {
        in->reason = REJECTED_LIMIT;
        *diag = (struct fk_diag){{0}};
        return fk_diag_set(diag, err,
            "the profile with labels '%s' exceeds the size limit "
            "(max_profile_size_byte, actual: %s%zu, limit: %zu)",
            ingest_labels_text(source->labels).text,
            fk_gzip_is(bytes) ? "more than " : "",
            fk_gzip_is(bytes) ? max : bytes.len, max);
    }
    if (err)
        return err;
    in->bytes += plain.len;
    err = fk_pprof_read(plain, &limits, &in->request->arena, p, diag);
    if (err == FK_ERR_LIMIT)
        in->reason = REJECTED_LIMIT;
    return err;
}

static enum fk_err add(struct ingest *in, const struct ingest_source *source,
    const struct fk_pprof *p, struct fk_labels *labels, struct fk_diag *diag)
{
    struct store_profile like = {
        .dedup = source->dedup, .duration_ns = p->duration_ns};
    enum fk_err err = check_types(p, diag);

    if (err == FK_OK)
        err = ingest_labels_ready(in, labels, diag);
    if (err == FK_OK)
        err = ingest_time(in, source, p->time_ns, &like.time_ms, diag);
    return err ? err : split_and_emit(in, p, labels, &like, diag);
}

enum fk_err ingest_add_pprof(struct ingest *in,
    const struct ingest_source *source, struct fk_slice bytes,
    const struct ingest_fix *fix, struct fk_diag *diag)
{
    struct fk_labels labels = *source->labels;
    struct fk_pprof p;
    enum fk_err err;

    in->received++;
    in->reason = REJECTED_MALFORMED;
    err = decode(in, source, bytes, &p, diag);
    if (err == FK_OK && fix)
        err = fix->fn(fix->arg, &p, &labels);
    if (err == FK_OK && repair_go(&p, &in->request->arena) != FK_OK)
        err = ingest_full(in, diag);
    return err ? err : add(in, source, &p, &labels, diag);
}

enum fk_err ingest_add_decoded(struct ingest *in,
    const struct ingest_source *source, const struct fk_pprof *p,
    struct fk_diag *diag)
{
    struct fk_labels labels = *source->labels;

    in->received++;
    in->reason = REJECTED_MALFORMED;
    return add(in, source, p, &labels, diag);
}
