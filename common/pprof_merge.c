#include "common/pprof_merge.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

#define FIRST_LIST 64

void fk_pprof_merge_init(struct fk_pprof_merge *m, size_t limit_bytes)
{
    *m = (struct fk_pprof_merge){0};
    fk_arena_init(&m->arena, limit_bytes);
    fk_map_init(&m->frame_of, UINT32_MAX);
    fk_map_init(&m->sample_of, UINT32_MAX);
    fk_map_init(&m->mapping_of, UINT32_MAX);
}

void fk_pprof_merge_fini(struct fk_pprof_merge *m)
{
    fk_arena_fini(&m->arena);
    fk_map_fini(&m->frame_of);
    fk_map_fini(&m->sample_of);
    fk_map_fini(&m->mapping_of);
    free(m->frames);
    free(m->samples);
    free(m->mappings);
}

/* Room for one more element. The lists are bounded by the arena, from which
 * each element takes bytes. */
static enum fk_err grow(void *list, size_t count, size_t *cap, size_t size)
{
    void **at = list;
    if (count < *cap)
        return FK_OK;
    size_t more = *cap ? 2 * *cap : FIRST_LIST;
    void *bigger = realloc(*at, more * size);
    if (bigger == NULL)
        return FK_ERR_NOMEM;
    *at = bigger;
    *cap = more;
    return FK_OK;
}

static uint64_t hash_slice(uint64_t hash, struct fk_slice s)
{
    return fk_hash_bytes(hash + s.len, s.ptr, s.len);
}

/* ---- sample types --------------------------------------------------------
 */

static bool is_state(struct fk_slice type)
{
    return fk_slice_starts(type, FK_SLICE("inuse_"));
}

static uint32_t type_index(struct fk_pprof_merge *m, struct fk_pprof_type type)
{
    for (uint32_t i = 0; i < m->num_types; i++)
        if (fk_slice_eq(m->types[i].type, type.type) &&
            fk_slice_eq(m->types[i].unit, type.unit))
            return i;
    if (m->num_types == FK_MERGE_TYPES)
        return FK_MERGE_TYPES;
    m->types[m->num_types] = (struct fk_pprof_type){
        fk_arena_dup(&m->arena, type.type), fk_arena_dup(&m->arena, type.unit)};
    return m->num_types++;
}

static enum fk_err match_types(
    struct fk_pprof_merge *m, const struct fk_pprof *p, uint32_t *columns)
{
    for (uint32_t i = 0; i < p->num_types; i++) {
        uint32_t column = type_index(m, p->types[i]);
        if (column == FK_MERGE_TYPES || i == FK_MERGE_TYPES)
            return FK_ERR_LIMIT;
        columns[i] = column;
    }
    return FK_OK;
}

static void forget_state(
    struct fk_pprof_merge *m, const uint32_t *columns, const struct fk_pprof *p)
{
    for (uint32_t i = 0; i < p->num_types; i++)
        for (size_t s = 0; is_state(p->types[i].type) && s < m->num_samples;
             s++)
            m->samples[s].values[columns[i]] = 0;
}

/* ---- mappings and frames -------------------------------------------------
 */

static bool same_mapping(
    const struct fk_pprof_mapping *a, const struct fk_pprof_mapping *b)
{
    return a->start == b->start && a->limit == b->limit &&
           a->offset == b->offset && fk_slice_eq(a->file, b->file) &&
           fk_slice_eq(a->build_id, b->build_id);
}

/* *number: index plus one; 0 is none. */
static enum fk_err intern_mapping(struct fk_pprof_merge *m,
    const struct fk_pprof_mapping *mapping, uint32_t *number)
{
    uint64_t hash = hash_slice(mapping->start, mapping->file), i;
    size_t at = 0;
    while ((i = fk_map_next(&m->mapping_of, hash, &at)) != FK_MAP_NONE)
        if (same_mapping(&m->mappings[i], mapping)) {
            *number = (uint32_t)i + 1;
            return FK_OK;
        }
    enum fk_err err =
        grow(&m->mappings, m->num_mappings, &m->cap_mappings, sizeof(*mapping));
    if (err == FK_OK)
        err = fk_map_add(&m->mapping_of, hash, m->num_mappings);
    if (err != FK_OK)
        return err;
    struct fk_pprof_mapping *copy = &m->mappings[m->num_mappings++];
    *copy = *mapping;
    copy->file = fk_arena_dup(&m->arena, mapping->file);
    copy->build_id = fk_arena_dup(&m->arena, mapping->build_id);
    *number = (uint32_t)m->num_mappings;
    return FK_OK;
}

static bool same_frame(
    const struct fk_pprof_frame *a, const struct fk_pprof_frame *b)
{
    return a->address == b->address && a->line == b->line &&
           a->mapping == b->mapping && fk_slice_eq(a->name, b->name) &&
           fk_slice_eq(a->file, b->file);
}

static enum fk_err intern_frame(struct fk_pprof_merge *m,
    const struct fk_pprof_frame *frame, uint32_t *index)
{
    uint64_t hash = fk_hash_mix(frame->address + (uint64_t)frame->line), i;
    size_t at = 0;
    hash = hash_slice(hash + frame->mapping, frame->name);
    while ((i = fk_map_next(&m->frame_of, hash, &at)) != FK_MAP_NONE)
        if (same_frame(&m->frames[i], frame)) {
            *index = (uint32_t)i;
            return FK_OK;
        }
    enum fk_err err =
        grow(&m->frames, m->num_frames, &m->cap_frames, sizeof(*frame));
    if (err == FK_OK)
        err = fk_map_add(&m->frame_of, hash, m->num_frames);
    if (err != FK_OK)
        return err;
    struct fk_pprof_frame *copy = &m->frames[m->num_frames];
    *copy = *frame;
    copy->name = fk_arena_dup(&m->arena, frame->name);
    copy->file = fk_arena_dup(&m->arena, frame->file);
    *index = (uint32_t)m->num_frames++;
    return FK_OK;
}

/* A location becomes one frame for each function inlined there. */
static enum fk_err add_location(struct fk_pprof_merge *m,
    const struct fk_pprof *p, const struct fk_pprof_location *l,
    uint32_t *frames, uint32_t *n)
{
    struct fk_pprof_frame frame = {.address = l->address};
    enum fk_err err = FK_OK;
    if (l->mapping != FK_PPROF_NONE)
        err = intern_mapping(m, &p->mappings[l->mapping], &frame.mapping);
    uint32_t lines = l->num_lines ? l->num_lines : 1;
    for (uint32_t i = 0; i < lines && err == FK_OK; i++) {
        if (*n == FK_MERGE_DEPTH)
            return FK_ERR_LIMIT;
        if (l->num_lines > 0) {
            const struct fk_pprof_function *f =
                &p->functions[l->lines[i].function];
            frame.name = f->name;
            frame.file = f->file;
            frame.line = l->lines[i].line;
        }
        err = intern_frame(m, &frame, &frames[(*n)++]);
    }
    return err;
}

/* ---- samples -------------------------------------------------------------
 */

static bool same_sample(
    const struct fk_merge_sample *a, const struct fk_merge_sample *b)
{
    if (a->num_frames != b->num_frames || a->num_labels != b->num_labels ||
        memcmp(a->frames, b->frames, a->num_frames * sizeof(*a->frames)) != 0)
        return false;
    for (uint32_t i = 0; i < a->num_labels; i++)
        if (!fk_slice_eq(a->labels[i].key, b->labels[i].key) ||
            !fk_slice_eq(a->labels[i].str, b->labels[i].str))
            return false;
    return true;
}

static void copy_sample(struct fk_pprof_merge *m, struct fk_merge_sample *s)
{
    uint32_t *frames =
        fk_arena_array(&m->arena, s->num_frames, sizeof(*frames));
    struct fk_pprof_label *labels =
        fk_arena_array(&m->arena, s->num_labels, sizeof(*labels));
    if (frames == NULL || labels == NULL)
        return;
    memcpy(frames, s->frames, s->num_frames * sizeof(*frames));
    for (uint32_t i = 0; i < s->num_labels; i++)
        labels[i] = (struct fk_pprof_label){
            .key = fk_arena_dup(&m->arena, s->labels[i].key),
            .str = fk_arena_dup(&m->arena, s->labels[i].str)};
    s->frames = frames;
    s->labels = labels;
}

static enum fk_err intern_sample(struct fk_pprof_merge *m,
    const struct fk_merge_sample *wanted, struct fk_merge_sample **found)
{
    uint64_t hash = fk_hash_bytes(wanted->num_labels, wanted->frames,
        wanted->num_frames * sizeof(*wanted->frames));
    uint64_t i;
    size_t at = 0;
    for (uint32_t l = 0; l < wanted->num_labels; l++)
        hash = hash_slice(hash, wanted->labels[l].str);
    while ((i = fk_map_next(&m->sample_of, hash, &at)) != FK_MAP_NONE)
        if (same_sample(&m->samples[i], wanted)) {
            *found = &m->samples[i];
            return FK_OK;
        }
    struct fk_merge_sample copy = *wanted;
    copy_sample(m, &copy);
    enum fk_err err = m->arena.failed ? FK_ERR_LIMIT
                                      : grow(&m->samples, m->num_samples,
                                            &m->cap_samples, sizeof(copy));
    if (err == FK_OK)
        err = fk_map_add(&m->sample_of, hash, m->num_samples);
    if (err != FK_OK)
        return err;
    m->samples[m->num_samples] = copy;
    *found = &m->samples[m->num_samples++];
    return FK_OK;
}

static enum fk_err add_sample(struct fk_pprof_merge *m,
    const struct fk_pprof *p, const struct fk_pprof_sample *s,
    const uint32_t *columns)
{
    uint32_t frames[FK_MERGE_DEPTH];
    struct fk_merge_sample wanted = {
        .frames = frames, .labels = s->labels, .num_labels = s->num_labels};
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; i < s->num_locations && err == FK_OK; i++)
        err = add_location(
            m, p, &p->locations[s->locations[i]], frames, &wanted.num_frames);
    struct fk_merge_sample *found = NULL;
    if (err == FK_OK)
        err = intern_sample(m, &wanted, &found);
    for (uint32_t i = 0; i < p->num_types && err == FK_OK; i++)
        found->values[columns[i]] += s->values[i];
    return err;
}

static void add_head(struct fk_pprof_merge *m, const struct fk_pprof *p)
{
    int64_t end = p->time_ns + p->duration_ns;
    if (m->end_ns == 0) {
        m->time_ns = p->time_ns;
        m->period = p->period;
        m->period_type.type = fk_arena_dup(&m->arena, p->period_type.type);
        m->period_type.unit = fk_arena_dup(&m->arena, p->period_type.unit);
        m->default_type = fk_arena_dup(&m->arena, p->default_type);
    }
    m->time_ns = p->time_ns < m->time_ns ? p->time_ns : m->time_ns;
    m->end_ns = end > m->end_ns ? end : m->end_ns;
}

enum fk_err fk_pprof_merge_add(struct fk_pprof_merge *m,
    const struct fk_pprof *profile, enum fk_merge_how how)
{
    uint32_t columns[FK_MERGE_TYPES];
    enum fk_err err = match_types(m, profile, columns);
    if (err != FK_OK)
        return err;
    add_head(m, profile);
    if (how == FK_MERGE_LATER)
        forget_state(m, columns, profile);
    for (uint32_t i = 0; i < profile->num_samples && err == FK_OK; i++)
        err = add_sample(m, profile, &profile->samples[i], columns);
    return err == FK_OK && m->arena.failed ? FK_ERR_LIMIT : err;
}

/* ---- writing -------------------------------------------------------------
 */

static bool is_nothing(
    const struct fk_pprof_merge *m, const struct fk_merge_sample *s)
{
    for (uint32_t i = 0; i < m->num_types; i++)
        if (s->values[i] != 0)
            return false;
    return true;
}

static void write_samples(const struct fk_pprof_merge *m,
    struct fk_pprof_frame *frames, struct fk_pprof_writer *w)
{
    for (size_t i = 0; i < m->num_samples; i++) {
        const struct fk_merge_sample *s = &m->samples[i];
        if (is_nothing(m, s))
            continue;
        for (uint32_t f = 0; f < s->num_frames; f++)
            frames[f] = m->frames[s->frames[f]];
        fk_pprof_add_sample(w, frames, s->num_frames, s->values, m->num_types,
            s->labels, s->num_labels);
    }
}

enum fk_err fk_pprof_merge_write(
    const struct fk_pprof_merge *m, struct fk_buf *out)
{
    /* Too much for the stack of a small thread. */
    struct fk_pprof_frame *frames = calloc(FK_MERGE_DEPTH, sizeof(*frames));
    if (frames == NULL)
        return FK_ERR_NOMEM;
    struct fk_pprof_writer w;
    fk_pprof_writer_init(&w, out->limit);
    for (uint32_t i = 0; i < m->num_types; i++)
        fk_pprof_add_type(&w, m->types[i].type, m->types[i].unit);
    for (size_t i = 0; i < m->num_mappings; i++)
        fk_pprof_add_mapping(&w, &m->mappings[i]);
    write_samples(m, frames, &w);
    enum fk_err err = fk_pprof_finish(&w, m->time_ns, m->end_ns - m->time_ns,
        m->period_type, m->period, m->default_type);
    fk_buf_add_slice(out, fk_buf_slice(&w.body));
    fk_pprof_writer_fini(&w);
    free(frames);
    return err != FK_OK ? err : out->err;
}
