/*
 * Strings, mappings, functions and locations go into the body the first time
 * they are seen, as top-level messages; the sample at hand is put together
 * beside it. The body is therefore complete after every sample.
 */
#include "common/pprof.h"

#include "common/hash.h"
#include "common/pb.h"
#include "common/pprof_fields.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIST = 16 };

/* Where a string's bytes are in the body: its own copy is not needed. */
struct fk_pprof_writer_string {
    size_t offset, len;
};

struct fk_pprof_writer_location {
    uint64_t address;
    uint64_t inlined; /* hash of the lines before this one; 0 = none */
    int64_t line;
    uint32_t function, mapping; /* ids; 0 = none */
};

/* The lines of one location, innermost first. */
struct lines {
    uint32_t functions[FK_PPROF_INLINED + 1];
    int64_t numbers[FK_PPROF_INLINED + 1];
    size_t count;
};

static void fail(struct fk_pprof_writer *w, enum fk_err err)
{
    if (!w->body.err)
        w->body.err = err;
}

/* Room for one more element; lists double whenever their count is a power of
 * two. NULL, and the list untouched, when memory is out. */
static void *grow(void *list, uint32_t count, size_t size)
{
    if (count && (count < FIRST_LIST || (count & (count - 1))))
        return list;
    size_t cap = count ? (size_t)count * 2 : FIRST_LIST;
    return cap > SIZE_MAX / size ? NULL : realloc(list, cap * size);
}

static uint32_t add_string(
    struct fk_pprof_writer *w, uint64_t hash, struct fk_slice s)
{
    struct fk_pprof_writer_string *list =
        grow(w->string_list, w->num_strings, sizeof *list);
    if (!list) {
        fail(w, FK_ERR_NOMEM);
        return 0;
    }
    w->string_list = list;
    fk_pb_add_bytes(&w->body, PROFILE_STRING_TABLE, s);
    if (w->body.err)
        return 0;
    list[w->num_strings] =
        (struct fk_pprof_writer_string){w->body.len - s.len, s.len};
    fail(w, fk_map_add(&w->strings, hash, w->num_strings));
    return w->num_strings++;
}

static struct fk_slice repaired(struct fk_pprof_writer *w, struct fk_slice s)
{
    fk_buf_reset(&w->text);
    fk_buf_add_slice(&w->text, s);
    if (w->text.err)
        fail(w, w->text.err);
    fk_utf8_repair(w->text.ptr, w->text.len);
    return fk_buf_slice(&w->text);
}

static uint32_t string_index(struct fk_pprof_writer *w, struct fk_slice s)
{
    if (!fk_slice_utf8(s))
        s = repaired(w, s);
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), s.ptr, s.len), index;
    size_t at = 0;
    if (w->body.err)
        return 0;
    while ((index = fk_map_next(&w->strings, hash, &at)) != FK_MAP_NONE) {
        const struct fk_pprof_writer_string *known = &w->string_list[index];
        struct fk_slice bytes = {w->body.ptr + known->offset, known->len};
        if (fk_slice_eq(bytes, s))
            return (uint32_t)index;
    }
    return add_string(w, hash, s);
}

void fk_pprof_writer_init(struct fk_pprof_writer *w, size_t limit)
{
    *w = (struct fk_pprof_writer){0};
    fk_buf_init(&w->body, limit);
    fk_buf_init(&w->sample, limit);
    fk_buf_init(&w->text, limit);
    /* Each entry costs bytes of the body, whose limit is theirs as well. */
    fk_map_init(&w->strings, UINT32_MAX);
    fk_map_init(&w->functions, UINT32_MAX);
    fk_map_init(&w->locations, UINT32_MAX);
    string_index(w, FK_SLICE(""));
}

void fk_pprof_writer_fini(struct fk_pprof_writer *w)
{
    fk_buf_fini(&w->body);
    fk_buf_fini(&w->sample);
    fk_buf_fini(&w->text);
    fk_map_fini(&w->strings);
    fk_map_fini(&w->functions);
    fk_map_fini(&w->locations);
    free(w->string_list);
    free(w->location_list);
    w->string_list = NULL;
    w->location_list = NULL;
}

static void add_type(struct fk_pprof_writer *w, uint32_t field,
    struct fk_slice type, struct fk_slice unit)
{
    uint32_t type_index = string_index(w, type);
    uint32_t unit_index = string_index(w, unit);
    size_t mark = fk_pb_begin(&w->body, field);
    fk_pb_add_u64(&w->body, TYPE_TYPE, type_index);
    fk_pb_add_u64(&w->body, TYPE_UNIT, unit_index);
    fk_pb_end(&w->body, mark);
}

void fk_pprof_add_type(
    struct fk_pprof_writer *w, struct fk_slice type, struct fk_slice unit)
{
    add_type(w, PROFILE_SAMPLE_TYPE, type, unit);
    w->num_types++;
}

uint32_t fk_pprof_add_mapping(
    struct fk_pprof_writer *w, const struct fk_pprof_mapping *m)
{
    uint32_t file = string_index(w, m->file);
    uint32_t build_id = string_index(w, m->build_id);
    uint32_t id = w->num_mappings + 1;
    size_t mark = fk_pb_begin(&w->body, PROFILE_MAPPING);
    fk_pb_add_u64(&w->body, MAPPING_ID, id);
    fk_pb_add_u64(&w->body, MAPPING_START, m->start);
    fk_pb_add_u64(&w->body, MAPPING_LIMIT, m->limit);
    fk_pb_add_u64(&w->body, MAPPING_OFFSET, m->offset);
    fk_pb_add_u64(&w->body, MAPPING_FILE, file);
    fk_pb_add_u64(&w->body, MAPPING_BUILD_ID, build_id);
    fk_pb_add_bool(&w->body, MAPPING_HAS_FUNCTIONS, m->has_functions);
    fk_pb_end(&w->body, mark);
    if (w->body.err)
        return 0;
    w->num_mappings = id;
    return id;
}

/* Two string indices of 32 bits are an exact key. */
static uint32_t function_id(
    struct fk_pprof_writer *w, struct fk_slice name, struct fk_slice file)
{
    uint32_t name_index = string_index(w, name);
    uint32_t file_index = string_index(w, file);
    uint64_t key = (uint64_t)name_index << 32 | file_index;
    uint64_t known = fk_map_get(&w->functions, key);
    if (known != FK_MAP_NONE)
        return (uint32_t)known;
    uint32_t id = ++w->num_functions;
    size_t mark = fk_pb_begin(&w->body, PROFILE_FUNCTION);
    fk_pb_add_u64(&w->body, FUNCTION_ID, id);
    fk_pb_add_u64(&w->body, FUNCTION_NAME, name_index);
    fk_pb_add_u64(&w->body, FUNCTION_SYSTEM_NAME, name_index);
    fk_pb_add_u64(&w->body, FUNCTION_FILE, file_index);
    fk_pb_end(&w->body, mark);
    fail(w, fk_map_add(&w->functions, key, id));
    return id;
}

static void write_location(struct fk_pprof_writer *w, uint32_t id,
    const struct fk_pprof_writer_location *l, const struct lines *lines)
{
    struct fk_buf *b = &w->body;
    size_t mark = fk_pb_begin(b, PROFILE_LOCATION);
    fk_pb_add_u64(b, LOCATION_ID, id);
    if (l->mapping)
        fk_pb_add_u64(b, LOCATION_MAPPING, l->mapping);
    if (l->address)
        fk_pb_add_u64(b, LOCATION_ADDRESS, l->address);
    for (size_t i = 0; i < lines->count && lines->functions[i]; i++) {
        size_t line = fk_pb_begin(b, LOCATION_LINE);
        fk_pb_add_u64(b, LINE_FUNCTION, lines->functions[i]);
        if (lines->numbers[i])
            fk_pb_add_i64(b, LINE_LINE, lines->numbers[i]);
        fk_pb_end(b, line);
    }
    fk_pb_end(b, mark);
}

static uint64_t location_hash(const struct fk_pprof_writer_location *l)
{
    uint64_t h = fk_hash_mix((l->address ^ l->inlined) + fk_hash_seed());
    h = fk_hash_mix(h + (uint64_t)l->line);
    return fk_hash_mix(h + ((uint64_t)l->function << 32 | l->mapping));
}

static bool same_location(const struct fk_pprof_writer_location *a,
    const struct fk_pprof_writer_location *b)
{
    return a->address == b->address && a->line == b->line &&
           a->function == b->function && a->mapping == b->mapping &&
           a->inlined == b->inlined;
}

/* How many of the frames belong to the location of the first. */
static size_t count_lines(const struct fk_pprof_frame *frames, size_t n)
{
    size_t count = 1;
    while (count < n && count <= FK_PPROF_INLINED && frames[count - 1].inlined)
        count++;
    return count;
}

static struct fk_pprof_writer_location describe(struct fk_pprof_writer *w,
    const struct fk_pprof_frame *frames, struct lines *lines)
{
    const struct fk_pprof_frame *f = &frames[lines->count - 1];
    struct fk_pprof_writer_location l = {
        .address = f->address, .line = f->line, .mapping = f->mapping};
    for (size_t i = 0; i < lines->count; i++) {
        bool named = frames[i].name.len || frames[i].file.len;
        lines->numbers[i] = frames[i].line;
        lines->functions[i] =
            named ? function_id(w, frames[i].name, frames[i].file) : 0;
        if (&frames[i] != f)
            l.inlined = fk_hash_mix(l.inlined + (uint64_t)frames[i].line +
                                    ((uint64_t)lines->functions[i] << 32));
    }
    l.function = lines->functions[lines->count - 1];
    return l;
}

/* The first `count` frames as one location. */
static uint32_t location_id(struct fk_pprof_writer *w,
    const struct fk_pprof_frame *frames, size_t count)
{
    struct lines lines = {.count = count};
    struct fk_pprof_writer_location l = describe(w, frames, &lines), *list;
    uint64_t hash = location_hash(&l), id;
    size_t at = 0;
    while ((id = fk_map_next(&w->locations, hash, &at)) != FK_MAP_NONE)
        if (same_location(&w->location_list[id - 1], &l))
            return (uint32_t)id;
    list = grow(w->location_list, w->num_locations, sizeof *list);
    if (!list || w->body.err) {
        w->location_list = list ? list : w->location_list;
        fail(w, FK_ERR_NOMEM);
        return 0;
    }
    w->location_list = list;
    list[w->num_locations++] = l;
    write_location(w, w->num_locations, &l, &lines);
    fail(w, fk_map_add(&w->locations, hash, w->num_locations));
    return w->num_locations;
}

static void add_label(
    struct fk_pprof_writer *w, const struct fk_pprof_label *label)
{
    uint32_t key = string_index(w, label->key);
    uint32_t str = string_index(w, label->str);
    size_t mark = fk_pb_begin(&w->sample, SAMPLE_LABEL);
    fk_pb_add_u64(&w->sample, LABEL_KEY, key);
    fk_pb_add_u64(&w->sample, LABEL_STR, str);
    fk_pb_end(&w->sample, mark);
}

void fk_pprof_add_sample(struct fk_pprof_writer *w,
    const struct fk_pprof_frame *frames, size_t num_frames,
    const int64_t *values, size_t num_values,
    const struct fk_pprof_label *labels, size_t num_labels)
{
    if (num_values != w->num_types)
        fail(w, FK_ERR_ARG);
    if (w->body.err)
        return;
    fk_buf_reset(&w->sample);
    size_t mark = fk_pb_begin(&w->sample, SAMPLE_LOCATION_ID);
    for (size_t i = 0, n; i < num_frames; i += n) {
        n = count_lines(frames + i, num_frames - i);
        fk_pb_add_varint(&w->sample, location_id(w, frames + i, n));
    }
    fk_pb_end(&w->sample, mark);
    mark = fk_pb_begin(&w->sample, SAMPLE_VALUE);
    for (size_t i = 0; i < num_values; i++)
        fk_pb_add_varint(&w->sample, (uint64_t)values[i]);
    fk_pb_end(&w->sample, mark);
    for (size_t i = 0; i < num_labels; i++)
        add_label(w, &labels[i]);
    fail(w, w->sample.err);
    fk_pb_add_bytes(&w->body, PROFILE_SAMPLE, fk_buf_slice(&w->sample));
    w->num_samples += !w->body.err;
}

enum fk_err fk_pprof_finish(struct fk_pprof_writer *w, int64_t time_ns,
    int64_t duration_ns, struct fk_pprof_type period_type, int64_t period,
    struct fk_slice default_type)
{
    fk_pb_add_i64(&w->body, PROFILE_TIME_NANOS, time_ns);
    fk_pb_add_i64(&w->body, PROFILE_DURATION_NANOS, duration_ns);
    add_type(w, PROFILE_PERIOD_TYPE, period_type.type, period_type.unit);
    fk_pb_add_i64(&w->body, PROFILE_PERIOD, period);
    uint32_t default_index = string_index(w, default_type);
    if (default_index)
        fk_pb_add_u64(&w->body, PROFILE_DEFAULT_SAMPLE_TYPE, default_index);
    return w->body.err;
}
