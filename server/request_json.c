#include "server/request_json.h"

#include "common/base64.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64 };

/* jansson's own limit of depth is 2,048; recursion that deep is what we do
 * not want to depend on. Brackets inside of strings do not count. */
static bool too_deep(struct fk_slice text)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        if (depth > REQUEST_JSON_MAX_DEPTH)
            return true;
    }
    return false;
}

enum fk_err request_json_open(struct request_json *j, struct fk_slice body)
{
    json_error_t where;

    *j = (struct request_json){0};
    if (body.len > REQUEST_JSON_MAX_BYTES)
        return j->err = fk_diag_set(&j->diag, FK_ERR_LIMIT,
                   "the JSON body is larger than %zu bytes",
                   REQUEST_JSON_MAX_BYTES);
    if (too_deep(body))
        return j->err = fk_diag_set(&j->diag, FK_ERR_LIMIT,
                   "the JSON body is nested deeper than %d levels",
                   REQUEST_JSON_MAX_DEPTH);
    j->root = json_loadb(body.len ? body.ptr : "", body.len, 0, &where);
    if (!j->root)
        return j->err = fk_diag_set(&j->diag, FK_ERR_FORMAT,
                   "the body is not JSON: line %d, column %d: %s", where.line,
                   where.column, where.text);
    if (!json_is_object(j->root))
        return j->err = fk_diag_set(&j->diag, FK_ERR_FORMAT,
                   "the body must be a JSON object, {...}");
    return FK_OK;
}

void request_json_close(struct request_json *j)
{
    json_decref(j->root);
    j->root = NULL;
}

/* label_selector -> labelSelector, as protoc names JSON fields. */
static void camel(const char *name, char *out)
{
    size_t n = 0;

    for (bool up = false; *name && n < NAME_MAX_BYTES - 1; name++) {
        if (*name == '_') {
            up = true;
            continue;
        }
        out[n++] = up ? (char)toupper((unsigned char)*name) : *name;
        up = false;
    }
    out[n] = '\0';
}

/* NULL when absent, null, or after an error. */
static const json_t *find(
    const struct request_json *j, const struct json_t *object, const char *name)
{
    char other[NAME_MAX_BYTES];

    if (j->err || !object)
        return NULL;
    const json_t *v = json_object_get(object, name);
    if (!v) {
        camel(name, other);
        v = json_object_get(object, other);
    }
    return json_is_null(v) ? NULL : v;
}

static void mistake(
    struct request_json *j, const char *name, const char *wanted)
{
    char shown[NAME_MAX_BYTES];

    camel(name, shown);
    j->err = fk_diag_set(&j->diag, FK_ERR_FORMAT,
        "field \"%s\" of the JSON body must be %s", shown, wanted);
}

bool request_json_has(
    struct request_json *j, const struct json_t *object, const char *name)
{
    return find(j, object, name) != NULL;
}

static struct fk_slice string_of(const json_t *v)
{
    return (struct fk_slice){json_string_value(v), json_string_length(v)};
}

bool request_json_to_str(const struct json_t *v, struct fk_slice *out)
{
    if (!json_is_string(v))
        return false;
    *out = string_of(v);
    return true;
}

struct fk_slice request_json_str(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);

    if (!v)
        return (struct fk_slice){0};
    if (!json_is_string(v)) {
        mistake(j, name, "a string");
        return (struct fk_slice){0};
    }
    return string_of(v);
}

/* 1e3 and 1.0 are integers to proto-JSON. The bounds are exact doubles. */
static bool integral(double d, int64_t *out)
{
    if (!(d >= -0x1p63 && d < 0x1p63) || d != floor(d))
        return false;
    *out = (int64_t)d;
    return true;
}

bool request_json_to_i64(const struct json_t *v, int64_t *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    if (json_is_string(v))
        return fk_slice_i64(string_of(v), out);
    return json_is_real(v) && integral(json_real_value(v), out);
}

int64_t request_json_i64(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);
    int64_t n = 0;

    if (v && !request_json_to_i64(v, &n)) {
        mistake(j, name, "a whole number of 64 bits");
        return 0;
    }
    return n;
}

static bool special_double(struct fk_slice s, double *out)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {
        {"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (fk_slice_eqz(s, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

bool request_json_to_double(const struct json_t *v, double *out)
{
    if (json_is_number(v)) {
        *out = json_number_value(v);
        return true;
    }
    if (!json_is_string(v))
        return false;
    const char *text = json_string_value(v);
    char *end;
    if (special_double(string_of(v), out))
        return true;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

double request_json_double(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);
    double d = 0;

    if (v && !request_json_to_double(v, &d)) {
        mistake(j, name, "a number");
        return 0;
    }
    return d;
}

bool request_json_bool(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);

    if (v && !json_is_boolean(v))
        mistake(j, name, "true or false");
    return json_is_true(v);
}

int request_json_enum(struct request_json *j, const struct json_t *object,
    const char *name, const struct request_json_word *words)
{
    const json_t *v = find(j, object, name);

    if (!v)
        return 0;
    if (json_is_integer(v)) {
        json_int_t n = json_integer_value(v);
        return n >= 0 && n <= 1000000 ? (int)n : 0;
    }
    if (!json_is_string(v)) {
        mistake(j, name, "a word or a number");
        return 0;
    }
    for (; words->name; words++)
        if (fk_slice_eqz(string_of(v), words->name))
            return words->number;
    return 0;
}

bool request_json_to_bytes(
    const struct json_t *v, struct fk_arena *arena, struct fk_slice *out)
{
    struct fk_slice text;

    *out = (struct fk_slice){0};
    if (!request_json_to_str(v, &text))
        return false;
    if (text.len == 0)
        return true;
    unsigned char *bytes = fk_arena_alloc(arena, text.len / 4 * 3 + 3);
    ptrdiff_t n = bytes ? fk_base64_decode(text, bytes) : -1;
    if (n < 0)
        return false;
    *out = (struct fk_slice){(const char *)bytes, (size_t)n};
    return true;
}

struct fk_slice request_json_bytes(struct request_json *j,
    const struct json_t *object, const char *name, struct fk_arena *arena)
{
    const json_t *v = find(j, object, name);
    struct fk_slice bytes = {0};

    if (v && !request_json_to_bytes(v, arena, &bytes)) {
        if (arena->failed)
            j->err = fk_diag_set(&j->diag, FK_ERR_LIMIT,
                "field \"%s\" of the JSON body is too large", name);
        else
            mistake(j, name, "base64 text");
    }
    return bytes;
}

const struct json_t *request_json_object(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);

    if (v && !json_is_object(v)) {
        mistake(j, name, "an object, {...}");
        return NULL;
    }
    return v;
}

size_t request_json_count(
    struct request_json *j, const struct json_t *object, const char *name)
{
    const json_t *v = find(j, object, name);

    if (v && !json_is_array(v))
        mistake(j, name, "a list, [...]");
    return json_array_size(v);
}

const struct json_t *request_json_object_at(struct request_json *j,
    const struct json_t *object, const char *name, size_t i)
{
    const json_t *v = json_array_get(find(j, object, name), i);

    if (!json_is_object(v)) {
        if (!j->err)
            mistake(j, name, "a list of objects, [{...}]");
        return NULL;
    }
    return v;
}

struct fk_slice request_json_str_at(struct request_json *j,
    const struct json_t *object, const char *name, size_t i)
{
    const json_t *v = json_array_get(find(j, object, name), i);

    if (!json_is_string(v)) {
        if (!j->err)
            mistake(j, name, "a list of strings");
        return (struct fk_slice){0};
    }
    return string_of(v);
}

enum request_json_kind request_json_kind(const struct json_t *v)
{
    if (!v)
        return REQUEST_JSON_ABSENT;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return REQUEST_JSON_OBJECT;
    case JSON_ARRAY:
        return REQUEST_JSON_LIST;
    case JSON_STRING:
        return REQUEST_JSON_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return REQUEST_JSON_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return REQUEST_JSON_BOOL;
    case JSON_NULL:
        return REQUEST_JSON_ABSENT;
    }
    return REQUEST_JSON_ABSENT;
}

static const json_t *unless_null(const json_t *v)
{
    return json_is_null(v) ? NULL : v;
}

const struct json_t *request_json_get(
    const struct json_t *object, const char *name)
{
    return unless_null(json_object_get(object, name));
}

const struct json_t *request_json_at(const struct json_t *list, size_t i)
{
    return unless_null(json_array_get(list, i));
}

size_t request_json_size(const struct json_t *list)
{
    return json_array_size(list);
}

enum fk_err request_json_each(
    const struct json_t *object, request_json_fn fn, void *arg)
{
    /* jansson's iterator is not const, and changes nothing. */
    json_t *o = (json_t *)(uintptr_t)object;

    for (void *at = json_object_iter(o); at;
         at = json_object_iter_next(o, at)) {
        enum fk_err err = fn(arg, fk_slice_of(json_object_iter_key(at)),
            unless_null(json_object_iter_value(at)));
        if (err)
            return err;
    }
    return FK_OK;
}

static int add_text(const char *bytes, size_t n, void *out)
{
    fk_buf_add(out, bytes, n);
    return 0;
}

void request_json_dump(struct request_json *j, const struct json_t *object,
    const char *name, struct fk_buf *out)
{
    const json_t *v = find(j, object, name);

    if (v)
        json_dump_callback(v, add_text, out, JSON_COMPACT | JSON_ENCODE_ANY);
}
