/*
 * OTLP as proto-JSON: a table of the messages turns it into protobuf, so that
 * there is one reader. Numbers may be strings, names may be camelCase or
 * snake_case, bytes are base64.
 */
#include "server/otlp.h"

#include "common/pb.h"
#include "server/request_json.h"

#include <ctype.h>
#include <string.h>

enum kind { STRING, BYTES, INTEGER, FIXED64, BOOLEAN, DOUBLE, MESSAGE };

struct message;

struct field {
    const char *name; /* camelCase */
    uint32_t number;
    enum kind kind;
    bool repeated;
    const struct message *of; /* of a MESSAGE */
};

struct message {
    const struct field *fields;
    size_t count;
};

#define MESSAGE_OF(array)                                                      \
    {                                                                          \
        array, sizeof(array) / sizeof((array)[0])                              \
    }

static const struct message any_value;

static const struct field array_fields[] = {
    {"values", 1, MESSAGE, true, &any_value}};
static const struct message array_value = MESSAGE_OF(array_fields);

static const struct field key_value_fields[] = {{"key", 1, STRING, false, NULL},
    {"value", 2, MESSAGE, false, &any_value},
    {"keyStrindex", 3, INTEGER, false, NULL}};
static const struct message key_value = MESSAGE_OF(key_value_fields);

static const struct field list_fields[] = {
    {"values", 1, MESSAGE, true, &key_value}};
static const struct message key_value_list = MESSAGE_OF(list_fields);

static const struct field any_fields[] = {
    {"stringValue", 1, STRING, false, NULL},
    {"boolValue", 2, BOOLEAN, false, NULL},
    {"intValue", 3, INTEGER, false, NULL},
    {"doubleValue", 4, DOUBLE, false, NULL},
    {"arrayValue", 5, MESSAGE, false, &array_value},
    {"kvlistValue", 6, MESSAGE, false, &key_value_list},
    {"bytesValue", 7, BYTES, false, NULL},
    {"stringValueStrindex", 8, INTEGER, false, NULL}};
static const struct message any_value = MESSAGE_OF(any_fields);

static const struct field type_fields[] = {
    {"typeStrindex", 1, INTEGER, false, NULL},
    {"unitStrindex", 2, INTEGER, false, NULL}};
static const struct message value_type = MESSAGE_OF(type_fields);

static const struct field sample_fields[] = {
    {"stackIndex", 1, INTEGER, false, NULL},
    {"attributeIndices", 2, INTEGER, true, NULL},
    {"linkIndex", 3, INTEGER, false, NULL}, {"values", 4, INTEGER, true, NULL},
    {"timestampsUnixNano", 5, FIXED64, true, NULL}};
static const struct message sample = MESSAGE_OF(sample_fields);

static const struct field profile_fields[] = {
    {"sampleType", 1, MESSAGE, false, &value_type},
    {"samples", 2, MESSAGE, true, &sample},
    {"timeUnixNano", 3, FIXED64, false, NULL},
    {"durationNano", 4, INTEGER, false, NULL},
    {"periodType", 5, MESSAGE, false, &value_type},
    {"period", 6, INTEGER, false, NULL}, {"profileId", 7, BYTES, false, NULL},
    {"droppedAttributesCount", 8, INTEGER, false, NULL},
    {"originalPayloadFormat", 9, STRING, false, NULL},
    {"originalPayload", 10, BYTES, false, NULL},
    {"attributeIndices", 11, INTEGER, true, NULL}};
static const struct message profile = MESSAGE_OF(profile_fields);

static const struct field scope_fields[] = {{"name", 1, STRING, false, NULL},
    {"version", 2, STRING, false, NULL},
    {"attributes", 3, MESSAGE, true, &key_value},
    {"droppedAttributesCount", 4, INTEGER, false, NULL}};
static const struct message scope = MESSAGE_OF(scope_fields);

static const struct field scope_profiles_fields[] = {
    {"scope", 1, MESSAGE, false, &scope},
    {"profiles", 2, MESSAGE, true, &profile},
    {"schemaUrl", 3, STRING, false, NULL}};
static const struct message scope_profiles = MESSAGE_OF(scope_profiles_fields);

static const struct field resource_fields[] = {
    {"attributes", 1, MESSAGE, true, &key_value},
    {"droppedAttributesCount", 2, INTEGER, false, NULL}};
static const struct message resource = MESSAGE_OF(resource_fields);

static const struct field resource_profiles_fields[] = {
    {"resource", 1, MESSAGE, false, &resource},
    {"scopeProfiles", 2, MESSAGE, true, &scope_profiles},
    {"schemaUrl", 3, STRING, false, NULL}};
static const struct message resource_profiles =
    MESSAGE_OF(resource_profiles_fields);

static const struct field mapping_fields[] = {
    {"memoryStart", 1, INTEGER, false, NULL},
    {"memoryLimit", 2, INTEGER, false, NULL},
    {"fileOffset", 3, INTEGER, false, NULL},
    {"filenameStrindex", 4, INTEGER, false, NULL},
    {"attributeIndices", 5, INTEGER, true, NULL}};
static const struct message mapping = MESSAGE_OF(mapping_fields);

static const struct field line_fields[] = {
    {"functionIndex", 1, INTEGER, false, NULL},
    {"line", 2, INTEGER, false, NULL}, {"column", 3, INTEGER, false, NULL}};
static const struct message line = MESSAGE_OF(line_fields);

static const struct field location_fields[] = {
    {"mappingIndex", 1, INTEGER, false, NULL},
    {"address", 2, INTEGER, false, NULL}, {"lines", 3, MESSAGE, true, &line},
    {"attributeIndices", 4, INTEGER, true, NULL}};
static const struct message location = MESSAGE_OF(location_fields);

static const struct field function_fields[] = {
    {"nameStrindex", 1, INTEGER, false, NULL},
    {"systemNameStrindex", 2, INTEGER, false, NULL},
    {"filenameStrindex", 3, INTEGER, false, NULL},
    {"startLine", 4, INTEGER, false, NULL}};
static const struct message function = MESSAGE_OF(function_fields);

static const struct field link_fields[] = {
    {"traceId", 1, BYTES, false, NULL}, {"spanId", 2, BYTES, false, NULL}};
static const struct message trace_link = MESSAGE_OF(link_fields);

static const struct field attribute_fields[] = {
    {"keyStrindex", 1, INTEGER, false, NULL},
    {"value", 2, MESSAGE, false, &any_value},
    {"unitStrindex", 3, INTEGER, false, NULL}};
static const struct message attribute = MESSAGE_OF(attribute_fields);

static const struct field stack_fields[] = {
    {"locationIndices", 1, INTEGER, true, NULL}};
static const struct message stack = MESSAGE_OF(stack_fields);

static const struct field dictionary_fields[] = {
    {"mappingTable", 1, MESSAGE, true, &mapping},
    {"locationTable", 2, MESSAGE, true, &location},
    {"functionTable", 3, MESSAGE, true, &function},
    {"linkTable", 4, MESSAGE, true, &trace_link},
    {"stringTable", 5, STRING, true, NULL},
    {"attributeTable", 6, MESSAGE, true, &attribute},
    {"stackTable", 7, MESSAGE, true, &stack}};
static const struct message dictionary = MESSAGE_OF(dictionary_fields);

static const struct field request_fields[] = {
    {"resourceProfiles", 1, MESSAGE, true, &resource_profiles},
    {"dictionary", 2, MESSAGE, false, &dictionary}};
static const struct message request = MESSAGE_OF(request_fields);

/* ---- writing ----------------------------------------------------------- */

struct writer {
    const struct message *of; /* the message at hand */
    struct fk_arena *arena;
    struct fk_buf *out;
    struct fk_buf *path; /* to the value at hand, for messages */
    struct fk_diag *diag;
};

static enum fk_err write_member(
    void *arg, struct fk_slice name, const struct json_t *value);

static void cut_path(const struct writer *w, size_t len)
{
    w->path->len = len;
    if (w->path->ptr)
        w->path->ptr[len] = '\0';
}

static enum fk_err refuse(const struct writer *w, const char *what)
{
    return fk_diag_set(w->diag, FK_ERR_FORMAT, "\"%s\" %s",
        w->path->ptr ? w->path->ptr : "", what);
}

/* Is `given`, in either spelling, this name? */
static bool same_name(struct fk_slice given, const char *name)
{
    size_t i = 0;

    for (; i < given.len && *name; i++, name++) {
        char c = given.ptr[i];
        if (c == '_' && i + 1 < given.len)
            c = (char)toupper((unsigned char)given.ptr[++i]);
        if (c != *name)
            return false;
    }
    return i == given.len && *name == '\0';
}

static enum fk_err write_message(
    struct writer *w, const struct field *f, const struct json_t *value)
{
    struct writer inner = *w;

    if (request_json_kind(value) != REQUEST_JSON_OBJECT)
        return refuse(w, "must be an object, {...}");
    size_t mark = fk_pb_begin(w->out, f->number);
    inner.of = f->of;
    enum fk_err err = request_json_each(value, write_member, &inner);
    if (err == FK_OK)
        fk_pb_end(w->out, mark);
    return err;
}

static enum fk_err write_value(
    struct writer *w, const struct field *f, const struct json_t *value)
{
    struct fk_slice text;
    int64_t n = 0;
    double d;

    switch (f->kind) {
    case MESSAGE:
        return write_message(w, f, value);
    case STRING:
        if (!request_json_to_str(value, &text))
            return refuse(w, "must be a string");
        fk_pb_add_bytes(w->out, f->number, text);
        return FK_OK;
    case BYTES:
        if (!request_json_to_bytes(value, w->arena, &text))
            return refuse(w, "must be base64 text");
        fk_pb_add_bytes(w->out, f->number, text);
        return FK_OK;
    case INTEGER:
    case FIXED64:
        if (!request_json_to_i64(value, &n))
            return refuse(w, "must be a whole number of 64 bits");
        if (f->kind == FIXED64)
            fk_pb_add_fixed64(w->out, f->number, (uint64_t)n);
        else
            fk_pb_add_i64(w->out, f->number, n);
        return FK_OK;
    case BOOLEAN:
        if (request_json_kind(value) != REQUEST_JSON_BOOL)
            return refuse(w, "must be true or false");
        return FK_OK; /* none becomes a label, so none is written */
    case DOUBLE:
        return request_json_to_double(value, &d)
                   ? FK_OK
                   : refuse(w, "must be a number");
    }
    return FK_OK;
}

static enum fk_err write_list(
    struct writer *w, const struct field *f, const struct json_t *list)
{
    size_t path = w->path->len;
    enum fk_err err = FK_OK;

    if (request_json_kind(list) != REQUEST_JSON_LIST)
        return refuse(w, "must be a list, [...]");
    for (size_t i = 0; i < request_json_size(list) && !err; i++) {
        fk_buf_printf(w->path, "[%zu]", i);
        err = write_value(w, f, request_json_at(list, i));
        cut_path(w, path);
    }
    return err;
}

static enum fk_err write_member(
    void *arg, struct fk_slice name, const struct json_t *value)
{
    struct writer *w = arg;
    const struct field *f = w->of->fields, *end = f + w->of->count;
    size_t path = w->path->len;
    enum fk_err err = FK_OK;

    fk_buf_printf(w->path, "%s" FK_SLICE_FMT, path ? "." : "",
        FK_SLICE_ARG(fk_slice_sub(name, 0, 64)));
    while (f < end && !same_name(name, f->name))
        f++;
    if (f == end)
        err = refuse(w, "is not a field of OTLP profiles v1development");
    else if (value)
        err = f->repeated ? write_list(w, f, value) : write_value(w, f, value);
    cut_path(w, path);
    return err;
}

enum fk_err otlp_json_to_proto(struct fk_slice json, struct fk_arena *arena,
    struct fk_buf *out, struct fk_diag *diag)
{
    struct request_json j;
    struct fk_buf path;
    struct writer w = {&request, arena, out, &path, diag};
    enum fk_err err = request_json_open(&j, json);

    fk_buf_init(&path, 4096);
    if (err)
        fk_diag_set(diag, err, "%s", j.diag.text);
    else
        err = request_json_each(j.root, write_member, &w);
    if (!err && out->err)
        err = fk_diag_set(diag, FK_ERR_LIMIT, "the request is too large");
    fk_buf_fini(&path);
    request_json_close(&j);
    return err;
}
