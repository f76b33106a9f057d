/*
 * The metadata event: what classes there are, and the fields of each, as a
 * tree of elements.
 */
#include "server/jfr_parts.h"

static const char *const slot_names[JFR_SLOTS] = {
    [JFR_STACK_TRACE] = "stackTrace",
    [JFR_STATE] = "state",
    [JFR_CONTEXT] = "contextId",
    [JFR_SPAN] = "spanId",
    [JFR_SPAN_NAME] = "spanName",
    [JFR_SAMPLES] = "samples",
    [JFR_TLAB_SIZE] = "tlabSize",
    [JFR_ALLOCATION_SIZE] = "allocationSize",
    [JFR_WEIGHT] = "weight",
    [JFR_DURATION] = "duration",
    [JFR_SIZE] = "size",
    [JFR_NAME] = "name",
    [JFR_VALUE] = "value",
    [JFR_STRING] = "string",
    [JFR_TYPE] = "type",
    [JFR_METHOD] = "method",
    [JFR_LINE] = "lineNumber",
    [JFR_FRAMES] = "frames",
};

static enum jfr_slot slot_of(struct fk_slice name)
{
    for (int i = JFR_NO_SLOT + 1; i < JFR_SLOTS; i++)
        if (fk_slice_eqz(name, slot_names[i]))
            return (enum jfr_slot)i;
    return JFR_NO_SLOT;
}

static enum jfr_form form_of(struct fk_slice name)
{
    static const struct {
        const char *name;
        enum jfr_form form;
    } rows[] = {{"boolean", JFR_BYTE}, {"byte", JFR_BYTE}, {"short", JFR_INT},
        {"char", JFR_INT}, {"int", JFR_INT}, {"long", JFR_INT},
        {"float", JFR_FLOAT}, {"double", JFR_DOUBLE},
        {"java.lang.String", JFR_TEXT}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (fk_slice_eqz(name, rows[i].name))
            return rows[i].form;
    return JFR_STRUCT;
}

static struct fk_slice metadata_string(
    struct jfr_chunk *c, struct jfr_cursor *in)
{
    uint64_t i = jfr_varint(c, in);

    if (i < c->num_strings)
        return c->strings[i];
    jfr_broken(
        c, in->at, "the metadata refers to a string that it does not have");
    return (struct fk_slice){0};
}

/* The attributes of an element that matter. */
struct attributes {
    struct fk_slice name, id, class, dimension;
    bool constant;
};

static void read_attributes(
    struct jfr_chunk *c, struct jfr_cursor *in, struct attributes *a)
{
    uint64_t n = jfr_varint(c, in);

    *a = (struct attributes){.constant = false};
    for (uint64_t i = 0; i < n && !c->err; i++) {
        struct fk_slice key = metadata_string(c, in);
        struct fk_slice value = metadata_string(c, in);
        if (fk_slice_eqz(key, "name"))
            a->name = value;
        else if (fk_slice_eqz(key, "id"))
            a->id = value;
        else if (fk_slice_eqz(key, "class"))
            a->class = value;
        else if (fk_slice_eqz(key, "dimension"))
            a->dimension = value;
        else if (fk_slice_eqz(key, "constantPool"))
            a->constant = fk_slice_eqz(value, "true");
    }
}

static void add_class(
    struct jfr_chunk *c, const uint8_t *at, const struct attributes *a)
{
    struct jfr_class *k = &c->classes[c->num_classes];

    if (c->num_classes == JFR_MAX_CLASSES) {
        jfr_too_much(c, "the metadata has more than 4096 classes");
        return;
    }
    *k = (struct jfr_class){.name = a->name,
        .form = form_of(a->name),
        .first_field = c->num_fields};
    if (!fk_slice_u64(a->id, &k->id))
        jfr_broken(c, at, "a class of the metadata has no number");
    else if (fk_map_put(&c->class_by_id, k->id, c->num_classes++))
        jfr_too_much(c, "out of memory");
}

static void add_field(
    struct jfr_chunk *c, const uint8_t *at, const struct attributes *a)
{
    struct jfr_field *f = &c->fields[c->num_fields];

    if (c->num_classes == 0) {
        jfr_broken(c, at, "a field of the metadata is in no class");
        return;
    }
    if (c->num_fields == JFR_MAX_FIELDS) {
        jfr_too_much(c, "the metadata has more than 65536 fields");
        return;
    }
    *f = (struct jfr_field){.name = a->name,
        .slot = slot_of(a->name),
        .constant = a->constant,
        .array = a->dimension.len > 0 && !fk_slice_eqz(a->dimension, "0")};
    if (!fk_slice_u64(a->class, &f->class_id))
        jfr_broken(c, at, "a field of the metadata has no class");
    c->num_fields++;
    c->classes[c->num_classes - 1].num_fields++;
}

static void read_element(struct jfr_chunk *c, struct jfr_cursor *in, int depth)
{
    struct fk_slice name = metadata_string(c, in);
    struct attributes a;

    read_attributes(c, in, &a);
    uint64_t children = jfr_varint(c, in);
    if (c->err)
        return;
    if (fk_slice_eqz(name, "class"))
        add_class(c, in->at, &a);
    else if (fk_slice_eqz(name, "field"))
        add_field(c, in->at, &a);
    if (depth == JFR_MAX_DEPTH)
        jfr_broken(c, in->at, "the metadata is nested too deeply");
    for (uint64_t i = 0; i < children && !c->err; i++)
        read_element(c, in, depth + 1);
}

static void resolve_fields(struct jfr_chunk *c)
{
    for (uint32_t i = 0; i < c->num_fields && !c->err; i++) {
        uint64_t k = fk_map_get(&c->class_by_id, c->fields[i].class_id);
        if (k == FK_MAP_NONE)
            jfr_broken(c, c->all.at, "a field's class is not in the metadata");
        c->fields[i].class = (uint32_t)k;
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* `in` is the metadata event behind its type. */
void jfr_read_metadata(struct jfr_chunk *c, struct jfr_cursor in)
{
    jfr_varint(c, &in); /* start time */
    jfr_varint(c, &in); /* duration */
    jfr_varint(c, &in); /* number of the metadata */
    uint64_t n = jfr_varint(c, &in);
    if (n > (uint64_t)(in.end - in.at))
        jfr_broken(c, in.at, "the metadata has more strings than bytes");
    if (c->err)
        return;
    /* An element takes three bytes at least. */
    size_t elements = (size_t)(in.end - in.at) / 3 + 1;
    c->strings = fk_arena_array(&c->scratch, n + 1, sizeof(*c->strings));
    c->classes = fk_arena_array(&c->scratch,
        smaller(elements, JFR_MAX_CLASSES) + 1, sizeof(*c->classes));
    c->fields = fk_arena_array(
        &c->scratch, smaller(elements, JFR_MAX_FIELDS) + 1, sizeof(*c->fields));
    if (!c->strings || !c->classes || !c->fields) {
        jfr_too_much(c, "the file needs too much memory");
        return;
    }
    for (; c->num_strings < n && !c->err; c->num_strings++) {
        struct jfr_value v = {0};
        jfr_read_text(c, &in, &v);
        c->strings[c->num_strings] = v.text;
    }
    if (!c->err)
        read_element(c, &in, 0);
    if (!c->err)
        resolve_fields(c);
}
