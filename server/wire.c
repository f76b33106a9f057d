#include "server/wire.h"

#include "common/base64.h"
#include "common/pb.h"

#include <ctype.h>
#include <string.h>

/* ---- requests ---------------------------------------------------------- */

struct reader {
    struct fk_arena *arena;
    struct request_json json; /* unused while reading protobuf */
    enum fk_err err;
    struct fk_diag *diag;
};

static const struct wire_field *field_of(
    const struct wire_field *message, uint32_t number)
{
    while (message->number && message->number != number)
        message++;
    return message->number ? message : NULL;
}

/* Room for one more element, zeroed. */
static void *list_add(
    struct reader *r, struct wire_list *list, const struct wire_field *f)
{
    if (list->count == WIRE_MAX_LIST) {
        r->err = fk_diag_set(r->diag, FK_ERR_LIMIT,
            "field %s has more than %d elements", f->name, WIRE_MAX_LIST);
        return NULL;
    }
    if (list->count == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 8;
        void *items = fk_arena_array(r->arena, cap, f->size);
        if (!items) {
            r->err = fk_diag_set(r->diag, FK_ERR_NOMEM, "out of memory");
            return NULL;
        }
        if (list->count)
            memcpy(items, list->items, list->count * f->size);
        list->items = items;
        list->cap = cap;
    }
    return (char *)list->items + f->size * list->count++;
}

static enum fk_err read_message(struct reader *r,
    const struct wire_field *message, struct fk_slice bytes, void *out);

static void read_value(
    struct reader *r, struct fk_pb *pb, const struct wire_field *f, void *to)
{
    switch (f->kind) {
    case WIRE_STRING:
    case WIRE_BYTES:
        *(struct fk_slice *)to = fk_pb_bytes(pb);
        break;
    case WIRE_INT64:
    case WIRE_NUMBER:
        *(int64_t *)to = fk_pb_i64(pb);
        break;
    case WIRE_BOOL:
        *(bool *)to = fk_pb_bool(pb);
        break;
    case WIRE_DOUBLE:
        *(double *)to = fk_pb_double(pb);
        break;
    case WIRE_ENUM:
        *(int *)to = (int)fk_pb_u64(pb);
        break;
    case WIRE_MESSAGE: {
        struct fk_slice nested = fk_pb_bytes(pb);
        if (!pb->err)
            r->err = read_message(r, f->message, nested, to);
        break;
    }
    }
}

/* Recursion is as deep as the table, not as the input. */
static enum fk_err read_message(struct reader *r,
    const struct wire_field *message, struct fk_slice bytes, void *out)
{
    struct fk_pb pb;
    fk_pb_init(&pb, bytes);
    while (!r->err && fk_pb_next(&pb)) {
        const struct wire_field *f = field_of(message, pb.field);
        void *to = f ? (char *)out + f->offset : NULL;
        if (f && f->repeated)
            to = list_add(r, to, f);
        if (to)
            read_value(r, &pb, f, to);
        else
            fk_pb_skip(&pb);
    }
    if (pb.err && !r->err)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT,
            "the protobuf message breaks off or is damaged at byte %zu",
            pb.err_offset);
    return r->err;
}

enum fk_err wire_read_proto(const struct wire_field *message,
    struct fk_slice bytes, struct fk_arena *arena, void *out,
    struct fk_diag *diag)
{
    struct reader r = {.arena = arena, .diag = diag};
    return read_message(&r, message, bytes, out);
}

static void json_message(struct reader *r, const struct wire_field *message,
    const struct json_t *object, void *out);

static void json_value(struct reader *r, const struct json_t *object,
    const struct wire_field *f, void *to)
{
    struct request_json *j = &r->json;
    switch (f->kind) {
    case WIRE_STRING:
        *(struct fk_slice *)to =
            fk_arena_dup(r->arena, request_json_str(j, object, f->name));
        break;
    case WIRE_BYTES:
        *(struct fk_slice *)to =
            request_json_bytes(j, object, f->name, r->arena);
        break;
    case WIRE_INT64:
    case WIRE_NUMBER:
        *(int64_t *)to = request_json_i64(j, object, f->name);
        break;
    case WIRE_BOOL:
        *(bool *)to = request_json_bool(j, object, f->name);
        break;
    case WIRE_DOUBLE:
        *(double *)to = request_json_double(j, object, f->name);
        break;
    case WIRE_ENUM:
        *(int *)to = request_json_enum(j, object, f->name, f->words);
        break;
    case WIRE_MESSAGE: {
        const struct json_t *nested = request_json_object(j, object, f->name);
        if (nested)
            json_message(r, f->message, nested, to);
        break;
    }
    }
}

static void json_list(struct reader *r, const struct json_t *object,
    const struct wire_field *f, struct wire_list *list)
{
    size_t n = request_json_count(&r->json, object, f->name);
    for (size_t i = 0; i < n && !r->err && !r->json.err; i++) {
        void *to = list_add(r, list, f);
        if (to && f->kind == WIRE_STRING)
            *(struct fk_slice *)to = fk_arena_dup(
                r->arena, request_json_str_at(&r->json, object, f->name, i));
        const struct json_t *item =
            to && f->kind == WIRE_MESSAGE
                ? request_json_object_at(&r->json, object, f->name, i)
                : NULL;
        if (item)
            json_message(r, f->message, item, to);
    }
}

static void json_message(struct reader *r, const struct wire_field *message,
    const struct json_t *object, void *out)
{
    for (const struct wire_field *f = message; f->number && !r->err; f++) {
        void *to = (char *)out + f->offset;
        if (f->repeated)
            json_list(r, object, f, to);
        else if (request_json_has(&r->json, object, f->name))
            json_value(r, object, f, to);
    }
}

enum fk_err wire_read_json(const struct wire_field *message,
    struct fk_slice text, struct fk_arena *arena, void *out,
    struct fk_diag *diag)
{
    struct reader r = {.arena = arena, .diag = diag};
    if (request_json_open(&r.json, text) == FK_OK)
        json_message(&r, message, r.json.root, out);
    if (r.json.err && !r.err)
        r.err = fk_diag_set(diag, r.json.err, "%s", r.json.diag.text);
    if (!r.err && arena->failed)
        r.err = fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    request_json_close(&r.json);
    return r.err;
}

/* ---- answers ----------------------------------------------------------- */

static void write_key(struct fk_json *out, const char *name)
{
    char key[64];
    size_t n = 0;
    for (; *name && n + 1 < sizeof key; name++)
        if (*name == '_' && name[1])
            key[n++] = (char)toupper((unsigned char)*++name);
        else
            key[n++] = *name;
    fk_json_key_slice(out, (struct fk_slice){key, n});
}

static void write_scalar(
    struct fk_json *out, const struct wire_field *f, uint64_t v)
{
    if (f->kind == WIRE_INT64)
        fk_json_i64_str(out, (int64_t)v);
    else if (f->kind == WIRE_BOOL)
        fk_json_bool(out, v != 0);
    else
        fk_json_i64(out, (int64_t)v);
}

static void write_base64(struct fk_json *out, struct fk_slice bytes)
{
    struct fk_buf text;
    fk_buf_init(&text, bytes.len / 3 * 4 + 8);
    fk_base64_encode(bytes, &text);
    fk_json_str(out, fk_buf_slice(&text));
    fk_buf_fini(&text);
}

static void write_value(
    struct fk_json *out, const struct wire_field *f, struct fk_pb *pb)
{
    struct fk_slice packed = {NULL, 0};
    uint64_t v;
    switch (f->kind) {
    case WIRE_STRING:
        fk_json_str(out, fk_pb_bytes(pb));
        break;
    case WIRE_BYTES:
        write_base64(out, fk_pb_bytes(pb));
        break;
    case WIRE_MESSAGE:
        wire_write_json(f->message, fk_pb_bytes(pb), out);
        break;
    case WIRE_DOUBLE:
        fk_json_double(out, fk_pb_double(pb));
        break;
    case WIRE_INT64:
    case WIRE_NUMBER:
    case WIRE_BOOL:
    case WIRE_ENUM:
        while (fk_pb_repeated(pb, &packed, &v))
            write_scalar(out, f, v);
        break;
    }
}

/* Elements of a repeated field need not be neighbours in protobuf, but in
 * JSON they are, so the message is walked once a field. */
void wire_write_json(const struct wire_field *message, struct fk_slice bytes,
    struct fk_json *out)
{
    fk_json_object(out);
    for (const struct wire_field *f = message; f->number; f++) {
        struct fk_pb pb;
        bool found = false;
        fk_pb_init(&pb, bytes);
        while (fk_pb_next(&pb)) {
            if (pb.field != f->number) {
                fk_pb_skip(&pb);
                continue;
            }
            if (!found)
                write_key(out, f->name);
            if (!found && f->repeated)
                fk_json_array(out);
            found = true;
            write_value(out, f, &pb);
        }
        if (found && f->repeated)
            fk_json_end(out);
    }
    fk_json_end(out);
}

void wire_add_str(struct fk_buf *b, uint32_t field, struct fk_slice s)
{
    if (s.len)
        fk_pb_add_bytes(b, field, s);
}

void wire_add_i64(struct fk_buf *b, uint32_t field, int64_t v)
{
    if (v)
        fk_pb_add_i64(b, field, v);
}

void wire_add_double(struct fk_buf *b, uint32_t field, double v)
{
    if (v != 0)
        fk_pb_add_double(b, field, v);
}

void wire_add_packed(
    struct fk_buf *b, uint32_t field, const int64_t *v, size_t n)
{
    size_t mark = fk_pb_begin(b, field);
    for (size_t i = 0; i < n; i++)
        fk_pb_add_varint(b, (uint64_t)v[i]);
    fk_pb_end(b, mark);
}
