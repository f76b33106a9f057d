/*
 * JSON bodies of requests, read with the leniency of proto-JSON
 * (spec/pyroscope-api 2.3): names in lowerCamelCase or as in the proto file,
 * 64-bit integers as numbers or strings, enums by name or number, both
 * base64 alphabets with or without padding, null = absent, unknown fields
 * ignored. Only this file knows jansson.
 *
 * The error is sticky: a field of the wrong kind sets `err` and `diag` (one
 * sentence that names the field), and everything after it reads as absent.
 * Read all, check `err` once.
 *
 *   struct request_json j;
 *   if (request_json_open(&j, r->body) == FK_OK) {
 *       q.selector = request_json_str(&j, j.root, "label_selector");
 *       q.start_ms = request_json_i64(&j, j.root, "start");
 *   }
 *   if (j.err) ... j.diag.text ...
 *   request_json_close(&j);      always
 *
 * Strings are views, valid until request_json_close. Not thread-safe.
 * Limits: 64 MiB of text, objects and arrays 32 deep.
 */
#ifndef SERVER_REQUEST_JSON_H
#define SERVER_REQUEST_JSON_H

#include "common/arena.h"
#include "common/buf.h"

#define REQUEST_JSON_MAX_BYTES ((size_t)64 << 20)
#define REQUEST_JSON_MAX_DEPTH 32

struct json_t; /* jansson's */

struct request_json {
    struct json_t *root; /* an object */
    enum fk_err err;
    struct fk_diag diag;
};

struct request_json_word {
    const char *name;
    int number;
};

/* The whole body must be one JSON object. */
enum fk_err request_json_open(struct request_json *j, struct fk_slice body);
void request_json_close(struct request_json *j);

/* `name` is the proto name, such as "label_selector"; `labelSelector` is
 * then found as well. An absent field is zero or empty. */
bool request_json_has(
    struct request_json *j, const struct json_t *object, const char *name);
struct fk_slice request_json_str(
    struct request_json *j, const struct json_t *object, const char *name);
int64_t request_json_i64(
    struct request_json *j, const struct json_t *object, const char *name);
double request_json_double(
    struct request_json *j, const struct json_t *object, const char *name);
bool request_json_bool(
    struct request_json *j, const struct json_t *object, const char *name);
/* `words` ends with a NULL name. An unknown word reads as 0. */
int request_json_enum(struct request_json *j, const struct json_t *object,
    const char *name, const struct request_json_word *words);
struct fk_slice request_json_bytes(struct request_json *j,
    const struct json_t *object, const char *name, struct fk_arena *arena);
/* A nested object, or NULL. */
const struct json_t *request_json_object(
    struct request_json *j, const struct json_t *object, const char *name);

/* Elements of the array `name`; 0 when absent. */
size_t request_json_count(
    struct request_json *j, const struct json_t *object, const char *name);
/* NULL (and an error) unless element i is an object. */
const struct json_t *request_json_object_at(struct request_json *j,
    const struct json_t *object, const char *name, size_t i);
struct fk_slice request_json_str_at(struct request_json *j,
    const struct json_t *object, const char *name, size_t i);

/* For bodies that are walked as they come, such as lists of lists. These set
 * no error: their caller knows the place to be named. NULL stands for what is
 * absent or null, and is taken by all of them. */
enum request_json_kind {
    REQUEST_JSON_ABSENT,
    REQUEST_JSON_BOOL,
    REQUEST_JSON_NUMBER,
    REQUEST_JSON_STRING,
    REQUEST_JSON_LIST,
    REQUEST_JSON_OBJECT,
};

enum request_json_kind request_json_kind(const struct json_t *value);
const struct json_t *request_json_get(
    const struct json_t *object, const char *name); /* exactly this name */
const struct json_t *request_json_at(const struct json_t *list, size_t i);
size_t request_json_size(const struct json_t *list);
/* False: it is of another kind, or out of range. */
bool request_json_to_str(const struct json_t *value, struct fk_slice *out);
bool request_json_to_i64(const struct json_t *value, int64_t *out);
bool request_json_to_double(const struct json_t *value, double *out);
bool request_json_to_bytes(
    const struct json_t *value, struct fk_arena *arena, struct fk_slice *out);
/* Every member of an object, until fn returns anything but FK_OK. */
typedef enum fk_err (*request_json_fn)(
    void *arg, struct fk_slice name, const struct json_t *value);
FK_MUST_USE enum fk_err request_json_each(
    const struct json_t *object, request_json_fn fn, void *arg);

/* Any value of the body as compact JSON text; nothing when absent. */
void request_json_dump(struct request_json *j, const struct json_t *object,
    const char *name, struct fk_buf *out);

#endif
