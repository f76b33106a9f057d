#include "server/jfr_file.h"

#include "common/hash.h"
#include "server/jfr_names.h"
#include "server/jfr_parts.h"

#include <string.h>

enum { HEADER_BYTES = 68, METADATA_EVENT = 0, CHECKPOINT_EVENT = 1 };

/* ---- constant pools ---------------------------------------------------- */

static uint64_t constant_hash(uint32_t class, uint64_t key)
{
    const uint64_t both[] = {class, key};

    return fk_hash_bytes(fk_hash_seed(), both, sizeof(both));
}

static struct jfr_constant *find_constant(
    struct jfr_chunk *c, uint32_t class, uint64_t key)
{
    uint64_t hash = constant_hash(class, key), hit;
    size_t at = 0;

    while ((hit = fk_map_next(&c->constant_by_key, hash, &at)) != FK_MAP_NONE)
        if (c->constants[hit].class == class && c->constants[hit].key == key)
            return &c->constants[hit];
    return NULL;
}

static void add_constant(
    struct jfr_chunk *c, uint32_t class, uint64_t key, const uint8_t *at)
{
    if (c->num_constants == c->cap_constants) {
        uint32_t cap = c->cap_constants ? c->cap_constants * 2 : 1024;
        struct jfr_constant *more =
            fk_arena_array(&c->scratch, cap, sizeof(*more));
        if (!more) {
            jfr_too_much(c, "the file needs too much memory");
            return;
        }
        if (c->num_constants > 0)
            memcpy(more, c->constants, c->num_constants * sizeof(*more));
        c->constants = more;
        c->cap_constants = cap;
    }
    c->constants[c->num_constants] =
        (struct jfr_constant){.class = class, .key = key, .at = at};
    if (fk_map_add(&c->constant_by_key, constant_hash(class, key),
            c->num_constants++) != FK_OK)
        jfr_too_much(c, "the file has more than 4194304 constants");
}

static void read_pool(struct jfr_chunk *c, struct jfr_cursor *in)
{
    const uint8_t *at = in->at;
    uint64_t class = fk_map_get(&c->class_by_id, jfr_varint(c, in));
    uint64_t n = jfr_varint(c, in);

    if (class == FK_MAP_NONE) {
        jfr_broken(c, at, "constants of a class that is not in the metadata");
        return;
    }
    const struct jfr_field like = {.class = (uint32_t) class};
    for (uint64_t i = 0; i < n && !c->err; i++) {
        uint64_t key = jfr_varint(c, in);
        at = in->at;
        jfr_skip_one(c, in, &like, 0);
        if (!c->err && !find_constant(c, like.class, key))
            add_constant(c, like.class, key, at);
    }
}

/* `in` is a checkpoint event behind its type. */
static void read_checkpoint(struct jfr_chunk *c, struct jfr_cursor in)
{
    jfr_varint(c, &in);  /* start time */
    jfr_varint(c, &in);  /* duration */
    jfr_varint(c, &in);  /* distance to the one before */
    jfr_take(c, &in, 1); /* flags */
    uint64_t pools = jfr_varint(c, &in);
    for (uint64_t i = 0; i < pools && !c->err; i++)
        read_pool(c, &in);
}

struct jfr_constant *jfr_constant_of(
    struct jfr_chunk *c, const struct jfr_value *v)
{
    return v->constant ? find_constant(c, v->class, v->number) : NULL;
}

void jfr_constant_fields(struct jfr_chunk *c, const struct jfr_constant *k,
    struct jfr_value values[JFR_SLOTS])
{
    struct jfr_cursor in = {k->at, c->all.end};

    jfr_read_fields(c, &in, &c->classes[k->class], values);
}

size_t jfr_list_open(struct jfr_chunk *c, struct jfr_value *list)
{
    return list->list.at ? jfr_varint(c, &list->list) : 0;
}

void jfr_list_next(struct jfr_chunk *c, struct jfr_value *list,
    struct jfr_value values[JFR_SLOTS])
{
    jfr_read_fields(c, &list->list, &c->classes[list->class], values);
}

/* "class.method" of a method, the string of a symbol, the name of a class or
 * state. References lead from the first to the last, so this ends. */
static struct fk_slice resolve(struct jfr_chunk *c, struct jfr_constant *k)
{
    struct jfr_value v[JFR_SLOTS];
    struct jfr_cursor in = {k->at, c->all.end};

    if (k->state == JFR_RESOLVED)
        return k->text;
    k->state = JFR_RESOLVED; /* before it is: a circle gets an empty text */
    if (c->classes[k->class].form == JFR_TEXT) {
        v[0] = (struct jfr_value){.class = k->class};
        jfr_read_text(c, &in, &v[0]);
        return k->text = v[0].text;
    }
    jfr_constant_fields(c, k, v);
    if (v[JFR_STRING].present)
        return k->text = jfr_name_merge(jfr_text(c, &v[JFR_STRING]), c->arena);
    k->text = jfr_text(c, &v[JFR_NAME]);
    if (v[JFR_TYPE].constant)
        k->text = jfr_name_join(jfr_text(c, &v[JFR_TYPE]), k->text, c->arena);
    return k->text;
}

struct fk_slice jfr_text(struct jfr_chunk *c, const struct jfr_value *v)
{
    struct jfr_constant *k = jfr_constant_of(c, v);

    return k ? resolve(c, k) : v->text;
}

/* ---- chunks and events ------------------------------------------------- */

/* The event at in->at, which moves behind it. */
static bool next_raw(struct jfr_chunk *c, struct jfr_cursor *in,
    struct jfr_cursor *event, uint64_t *type)
{
    const uint8_t *start = in->at;

    if (c->err || in->at >= in->end)
        return false;
    uint64_t size = jfr_varint(c, in);
    if (!c->err && (size > (uint64_t)(in->end - start) ||
                       size <= (uint64_t)(in->at - start))) {
        jfr_broken(c, start, "an event has an impossible size");
        return false;
    }
    if (c->err)
        return false;
    *event = (struct jfr_cursor){in->at, start + size};
    in->at = start + size;
    *type = jfr_varint(c, event);
    return !c->err;
}

static struct jfr_cursor first_event(const struct jfr_chunk *c)
{
    return (struct jfr_cursor){c->all.at + HEADER_BYTES, c->all.end};
}

bool jfr_next_event(struct jfr_chunk *c, struct jfr_cursor *at,
    const bool *wanted, struct jfr_event *out)
{
    struct jfr_cursor event;
    uint64_t type;

    if (!at->at)
        *at = first_event(c);
    while (next_raw(c, at, &event, &type)) {
        uint64_t class = fk_map_get(&c->class_by_id, type);
        if (type <= CHECKPOINT_EVENT || class == FK_MAP_NONE || !wanted[class])
            continue;
        out->class = &c->classes[class];
        jfr_read_fields(c, &event, out->class, out->value);
        return !c->err;
    }
    return false;
}

static uint64_t big_endian(const uint8_t *at, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

static enum fk_err check_header(
    struct jfr_chunk *c, struct fk_slice body, size_t at, uint64_t *size)
{
    const uint8_t *head = c->body + at;

    if (body.len - at < HEADER_BYTES || memcmp(head, "FLR\0", 4) != 0)
        return jfr_broken(c, head, "a chunk does not begin with \"FLR\"");
    if (big_endian(head + 4, 2) < 1 || big_endian(head + 4, 2) > 2)
        return jfr_broken(c, head + 4, "the version is not 1 or 2");
    *size = big_endian(head + 8, 8);
    if (*size < HEADER_BYTES || *size > body.len - at)
        return jfr_broken(c, head + 8,
            "the size of the chunk does not fit the body; it is cut, or was "
            "not finished");
    if (!(big_endian(head + 64, 4) & 1))
        return jfr_broken(c, head + 64,
            "the chunk's integers are not compressed, which is not read");
    return FK_OK;
}

enum fk_err jfr_chunk_open(struct jfr_chunk *c, struct fk_slice body,
    size_t *at, struct fk_arena *arena, struct fk_diag *diag)
{
    struct jfr_cursor in, event;
    uint64_t size = 0, type;

    *c = (struct jfr_chunk){
        .arena = arena, .diag = diag, .body = (const uint8_t *)body.ptr};
    fk_arena_init(&c->scratch, (size_t)256 << 20);
    fk_map_init(&c->class_by_id, JFR_MAX_CLASSES);
    fk_map_init(&c->constant_by_key, JFR_MAX_CONSTANTS);
    if (check_header(c, body, *at, &size) != FK_OK)
        return c->err;
    c->all = (struct jfr_cursor){c->body + *at, c->body + *at + size};
    uint64_t metadata = big_endian(c->all.at + 24, 8);
    if (metadata < HEADER_BYTES || metadata >= size)
        return jfr_broken(
            c, c->all.at + 24, "there is no metadata in the chunk");
    in = (struct jfr_cursor){c->all.at + metadata, c->all.end};
    if (!next_raw(c, &in, &event, &type) || type != METADATA_EVENT)
        return jfr_broken(
            c, c->all.at + metadata, "there is no metadata where it should be");
    jfr_read_metadata(c, event);
    in = first_event(c);
    while (next_raw(c, &in, &event, &type))
        if (type == CHECKPOINT_EVENT)
            read_checkpoint(c, event);
    if (!c->err)
        *at += size;
    return c->err;
}

void jfr_chunk_close(struct jfr_chunk *c)
{
    fk_arena_fini(&c->scratch);
    fk_map_fini(&c->class_by_id);
    fk_map_fini(&c->constant_by_key);
}
