#include "server/otlp_dictionary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REQUEST_DICTIONARY = 2 };

enum { MAX_VALUE_DEPTH = 4 }; /* of lists of one element */

/* The tables by field number. */
enum table {
    TABLE_MAPPING = 1,
    TABLE_LOCATION,
    TABLE_FUNCTION,
    TABLE_LINK,
    TABLE_STRING,
    TABLE_ATTRIBUTE,
    TABLE_STACK,
    TABLES,
};

static const char *const table_name[TABLES] = {
    [TABLE_MAPPING] = "dictionary.mapping_table",
    [TABLE_LOCATION] = "dictionary.location_table",
    [TABLE_FUNCTION] = "dictionary.function_table",
    [TABLE_LINK] = "dictionary.link_table",
    [TABLE_STRING] = "dictionary.string_table",
    [TABLE_ATTRIBUTE] = "dictionary.attribute_table",
    [TABLE_STACK] = "dictionary.stack_table",
};

/* ---- messages ---------------------------------------------------------- */

bool otlp_ended(struct otlp_dictionary *d, const struct fk_pb *pb,
    const char *what, size_t index)
{
    if (pb->err && !d->err)
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "%s[%zu] is not valid protobuf (byte %zu of the message)", what,
            index, pb->err_offset);
    return !d->err;
}

void otlp_each(struct otlp_dictionary *d, struct fk_slice message,
    uint32_t field, otlp_visit_fn *fn, void *arg)
{
    struct fk_pb pb;
    size_t index = 0;

    fk_pb_init(&pb, message);
    while (!d->err && fk_pb_next(&pb)) {
        if (pb.field != field) {
            fk_pb_skip(&pb);
            continue;
        }
        struct fk_slice inner = fk_pb_bytes(&pb);
        if (!pb.err)
            fn(arg, inner, index++);
    }
    otlp_ended(d, &pb, "the message around field", field);
}

/* Messages of integers: v[k] = field k; other fields are passed over. */
static void read_integers(struct otlp_dictionary *d, struct fk_slice message,
    uint64_t *v, uint32_t n, enum table table, size_t index)
{
    struct fk_pb pb;

    memset(v, 0, n * sizeof(*v));
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field < n && pb.wire == FK_PB_VARINT)
            v[pb.field] = fk_pb_u64(&pb);
        else
            fk_pb_skip(&pb);
    }
    otlp_ended(d, &pb, table_name[table], index);
}

/* `index` of a table that has `count` entries; 0 needs none. */
static uint32_t checked(struct otlp_dictionary *d, uint64_t index,
    uint32_t count, enum table of, enum table in, size_t at)
{
    if (index < count || index == 0)
        return (uint32_t)index;
    if (!d->err)
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "%s[%zu] refers to entry %" PRIu64 " of %s, which has %u",
            table_name[in], at, index, table_name[of], count);
    return 0;
}

struct fk_slice otlp_string(
    struct otlp_dictionary *d, uint64_t index, const char *what)
{
    if (index < d->num_strings)
        return d->strings[index];
    if (index > 0 && !d->err)
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "%s refers to string %" PRIu64 " of dictionary.string_table, "
            "which has %u",
            what, index, d->num_strings);
    return (struct fk_slice){0};
}

/* ---- values ------------------------------------------------------------ */

static struct fk_slice decimal(struct otlp_dictionary *d, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64, n);

    return fk_arena_dup(d->arena, (struct fk_slice){text, (size_t)len});
}

/* The only element of an ArrayValue, or an empty message. */
static struct fk_slice only_element(struct fk_pb *array)
{
    struct fk_slice message = fk_pb_bytes(array), one = {0};
    struct fk_pb pb;
    size_t n = 0;

    fk_pb_init(&pb, message);
    for (; fk_pb_next(&pb); n++)
        one = fk_pb_bytes(&pb);
    return n == 1 && !pb.err ? one : (struct fk_slice){0};
}

/* An AnyValue as text; NULL when it is of another kind. */
static struct fk_slice any_value(
    struct otlp_dictionary *d, struct fk_slice message, int depth)
{
    struct fk_slice text = {0};
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1) {
            text = fk_pb_bytes(&pb);
        } else if (pb.field == 3) {
            text = decimal(d, fk_pb_i64(&pb));
        } else if (pb.field == 5 && depth < MAX_VALUE_DEPTH) {
            struct fk_slice one = only_element(&pb);
            text = any_value(d, one, depth + 1);
        } else if (pb.field == 8) {
            text = otlp_string(d, fk_pb_u64(&pb), "an attribute's value");
        } else {
            fk_pb_skip(&pb);
        }
    }
    otlp_ended(d, &pb, "the value of an attribute", 0);
    if (!fk_slice_utf8(text) && !d->err)
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "the value of an attribute is not UTF-8 text");
    return text;
}

struct otlp_attribute otlp_key_value(
    struct otlp_dictionary *d, struct fk_slice message)
{
    struct otlp_attribute a = {0};
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            a.key = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            a.value = any_value(d, fk_pb_bytes(&pb), 0);
        else if (pb.field == 3)
            a.key = otlp_string(d, fk_pb_u64(&pb), "an attribute's key");
        else
            fk_pb_skip(&pb);
    }
    otlp_ended(d, &pb, "an attribute", 0);
    return a;
}

/* ---- the tables -------------------------------------------------------- */

static void read_string(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;

    d->strings[d->num_strings++] = fk_slice_tail(message, 65535);
    if (!fk_slice_utf8(message))
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "%s[%zu] is not UTF-8 text", table_name[TABLE_STRING], index);
}

static void read_attribute(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    struct otlp_attribute *a = &d->attributes[d->num_attributes++];
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            a->key = otlp_string(d, fk_pb_u64(&pb), "an attribute's key");
        else if (pb.field == 2)
            a->value = any_value(d, fk_pb_bytes(&pb), 0);
        else
            fk_pb_skip(&pb);
    }
    otlp_ended(d, &pb, table_name[TABLE_ATTRIBUTE], index);
}

static struct fk_slice hex(struct otlp_dictionary *d, struct fk_slice bytes)
{
    char text[64];
    size_t n = 0;

    for (size_t i = 0; i < bytes.len && n + 2 < sizeof(text); i++)
        n += (size_t)snprintf(text + n, 3, "%02x", (unsigned char)bytes.ptr[i]);
    return fk_arena_dup(d->arena, (struct fk_slice){text, n});
}

static void read_link(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    struct otlp_link *link = &d->links[d->num_links++];
    struct fk_pb pb;

    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            link->trace_id = hex(d, fk_pb_bytes(&pb));
        else if (pb.field == 2)
            link->span_id = hex(d, fk_pb_bytes(&pb));
        else
            fk_pb_skip(&pb);
    }
    otlp_ended(d, &pb, table_name[TABLE_LINK], index);
}

static void read_mapping(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    uint64_t v[5];

    read_integers(d, message, v, 5, TABLE_MAPPING, index);
    d->mappings[d->num_mappings++] = (struct fk_pprof_mapping){.start = v[1],
        .limit = v[2],
        .offset = v[3],
        .file = otlp_string(d, v[4], "a mapping's file name")};
}

static void read_function(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    uint64_t v[5];

    read_integers(d, message, v, 5, TABLE_FUNCTION, index);
    d->functions[d->num_functions++] = (struct fk_pprof_function){
        .name = otlp_string(d, v[1], "a function's name"),
        .system_name = otlp_string(d, v[2], "a function's system name"),
        .file = otlp_string(d, v[3], "a function's file name"),
        .start_line = (int64_t)v[4]};
}

/* The lines of one location. */
struct lines {
    struct otlp_dictionary *d;
    struct fk_pprof_line *line; /* NULL while they are counted */
    uint32_t n;
    size_t location;
};

static void read_line(void *arg, struct fk_slice message, size_t index)
{
    struct lines *l = arg;
    uint64_t v[3];

    (void)index;
    read_integers(l->d, message, v, 3, TABLE_LOCATION, l->location);
    uint32_t function = checked(l->d, v[1], l->d->num_functions, TABLE_FUNCTION,
        TABLE_LOCATION, l->location);
    if (function == 0) /* without a function the address says more */
        return;
    if (l->line)
        l->line[l->n] = (struct fk_pprof_line){function, (int64_t)v[2]};
    l->n++;
}

static void read_location(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    struct lines lines = {.d = d, .location = index};
    uint64_t v[3];

    read_integers(d, message, v, 3, TABLE_LOCATION, index);
    uint32_t mapping =
        checked(d, v[1], d->num_mappings, TABLE_MAPPING, TABLE_LOCATION, index);
    otlp_each(d, message, 3, read_line, &lines);
    lines.line =
        fk_arena_array(d->arena, (size_t)lines.n + 1, sizeof(*lines.line));
    lines.n = 0;
    if (lines.line)
        otlp_each(d, message, 3, read_line, &lines);
    d->locations[d->num_locations++] =
        (struct fk_pprof_location){.address = v[2],
            .mapping = mapping ? mapping : FK_PPROF_NONE,
            .lines = lines.line,
            .num_lines = lines.n};
}

static void read_stack(void *arg, struct fk_slice message, size_t index)
{
    struct otlp_dictionary *d = arg;
    struct otlp_stack *stack = &d->stacks[d->num_stacks++];
    uint32_t *at = fk_arena_array(d->arena, message.len + 1, sizeof(*at));
    struct fk_pb pb;

    stack->locations = at;
    fk_pb_init(&pb, message);
    while (at && fk_pb_next(&pb)) {
        struct fk_slice packed = {0};
        uint64_t v;
        if (pb.field != 1) {
            fk_pb_skip(&pb);
            continue;
        }
        while (fk_pb_repeated(&pb, &packed, &v))
            at[stack->depth++] = checked(
                d, v, d->num_locations, TABLE_LOCATION, TABLE_STACK, index);
    }
    if (at)
        otlp_ended(d, &pb, table_name[TABLE_STACK], index);
    if (stack->depth > 0 && d->num_locations == 0 && !d->err)
        d->err = fk_diag_set(d->diag, FK_ERR_FORMAT,
            "%s[%zu] has locations, but %s is empty", table_name[TABLE_STACK],
            index, table_name[TABLE_LOCATION]);
}

/* ---- the dictionary ---------------------------------------------------- */

static void count_tables(void *arg, struct fk_slice message, size_t index)
{
    size_t *counts = arg;
    struct fk_pb pb;

    (void)index;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field < TABLES)
            counts[pb.field]++;
        fk_pb_skip(&pb);
    }
}

static bool make_tables(struct otlp_dictionary *d, const size_t *n)
{
    struct fk_arena *a = d->arena;

    d->strings = fk_arena_array(a, n[TABLE_STRING] + 1, sizeof(*d->strings));
    d->mappings = fk_arena_array(a, n[TABLE_MAPPING] + 1, sizeof(*d->mappings));
    d->functions =
        fk_arena_array(a, n[TABLE_FUNCTION] + 1, sizeof(*d->functions));
    d->locations =
        fk_arena_array(a, n[TABLE_LOCATION] + 1, sizeof(*d->locations));
    d->attributes =
        fk_arena_array(a, n[TABLE_ATTRIBUTE] + 1, sizeof(*d->attributes));
    d->links = fk_arena_array(a, n[TABLE_LINK] + 1, sizeof(*d->links));
    d->stacks = fk_arena_array(a, n[TABLE_STACK] + 1, sizeof(*d->stacks));
    return !a->failed;
}

/* A table refers only to those before it in this list. */
static const struct {
    enum table table;
    otlp_visit_fn *fn;
} steps[] = {
    {TABLE_STRING, read_string},
    {TABLE_ATTRIBUTE, read_attribute},
    {TABLE_LINK, read_link},
    {TABLE_MAPPING, read_mapping},
    {TABLE_FUNCTION, read_function},
    {TABLE_LOCATION, read_location},
    {TABLE_STACK, read_stack},
};

struct step {
    struct otlp_dictionary *d;
    size_t number;
};

static void read_table(void *arg, struct fk_slice message, size_t index)
{
    const struct step *s = arg;

    (void)index;
    otlp_each(s->d, message, steps[s->number].table, steps[s->number].fn, s->d);
}

enum fk_err otlp_dictionary_read(
    struct otlp_dictionary *d, struct fk_slice request)
{
    size_t counts[TABLES] = {0};
    struct step step = {d, 0};

    otlp_each(d, request, REQUEST_DICTIONARY, count_tables, counts);
    if (!d->err && !make_tables(d, counts))
        d->err = FK_ERR_LIMIT;
    for (; step.number < sizeof(steps) / sizeof(steps[0]) && !d->err;
         step.number++)
        otlp_each(d, request, REQUEST_DICTIONARY, read_table, &step);
    if (d->arena->failed)
        d->err = fk_diag_set(d->diag, FK_ERR_LIMIT,
            "the dictionary needs more memory than one request may use; send "
            "fewer profiles at a time");
    return d->err;
}
