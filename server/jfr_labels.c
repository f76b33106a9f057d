#include "server/jfr_labels.h"

#include "common/pb.h"

enum { MAX_CONTEXTS = 1 << 20, MAX_STRINGS = 1 << 20 };

enum { SNAPSHOT_CONTEXTS = 1, SNAPSHOT_STRINGS = 2 };

/* An entry of a protobuf map: the number, and the value as it stands. */
struct entry {
    uint64_t key, number;
    struct fk_slice bytes;
};

static bool read_entry(struct fk_slice message, struct entry *e)
{
    struct fk_pb pb;

    *e = (struct entry){0};
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            e->key = fk_pb_u64(&pb);
        else if (pb.field == 2 && pb.wire == FK_PB_BYTES)
            e->bytes = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            e->number = fk_pb_u64(&pb);
        else
            fk_pb_skip(&pb);
    }
    return !pb.err;
}

static enum fk_err broken(struct fk_diag *diag)
{
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "the part \"labels\" is not a valid LabelsSnapshot");
}

static enum fk_err too_much(struct fk_diag *diag)
{
    return fk_diag_set(diag, FK_ERR_LIMIT,
        "the part \"labels\" has too many contexts or strings");
}

static enum fk_err add_string(
    struct jfr_labels *l, const struct entry *e, struct fk_diag *diag)
{
    if (!fk_slice_utf8(e->bytes))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the part \"labels\": string %llu is not UTF-8 text",
            (unsigned long long)e->key);
    l->strings[l->num_strings] = e->bytes;
    return fk_map_put(&l->string_by_id, e->key, l->num_strings++)
               ? too_much(diag)
               : FK_OK;
}

static enum fk_err add_context(
    struct jfr_labels *l, const struct entry *e, struct fk_diag *diag)
{
    struct jfr_context *c = &l->contexts[l->num_contexts];
    struct fk_pb pb;
    struct entry label;
    size_t n = 0;

    fk_pb_init(&pb, e->bytes);
    for (; fk_pb_next(&pb); n++)
        fk_pb_skip(&pb);
    c->labels = fk_arena_array(l->arena, n + 1, sizeof(*c->labels));
    if (!c->labels)
        return too_much(diag);
    fk_pb_init(&pb, e->bytes);
    while (fk_pb_next(&pb)) {
        struct fk_slice message = fk_pb_bytes(&pb);
        if (pb.err || !read_entry(message, &label))
            return broken(diag);
        struct fk_slice key = jfr_labels_string(l, label.key);
        struct fk_slice value = jfr_labels_string(l, label.number);
        if (key.len > 0 && value.len > 0)
            c->labels[c->count++] =
                (struct fk_pprof_label){.key = key, .str = value};
    }
    if (pb.err)
        return broken(diag);
    return fk_map_put(&l->context_by_id, e->key, l->num_contexts++)
               ? too_much(diag)
               : FK_OK;
}

/* All entries of one of the two maps. */
static enum fk_err each(struct jfr_labels *l, struct fk_slice body,
    uint32_t field,
    enum fk_err (*add)(
        struct jfr_labels *, const struct entry *, struct fk_diag *),
    struct fk_diag *diag)
{
    struct fk_pb pb;
    struct entry e;
    enum fk_err err = FK_OK;

    fk_pb_init(&pb, body);
    while (!err && fk_pb_next(&pb)) {
        if (pb.field != field) {
            fk_pb_skip(&pb);
            continue;
        }
        struct fk_slice message = fk_pb_bytes(&pb);
        err = pb.err || !read_entry(message, &e) ? broken(diag)
                                                 : add(l, &e, diag);
    }
    return pb.err ? broken(diag) : err;
}

enum fk_err jfr_labels_open(struct jfr_labels *l, struct fk_slice body,
    struct fk_arena *arena, struct fk_diag *diag)
{
    size_t count[3] = {0};
    struct fk_pb pb;

    *l = (struct jfr_labels){.arena = arena};
    fk_map_init(&l->string_by_id, MAX_STRINGS);
    fk_map_init(&l->context_by_id, MAX_CONTEXTS);
    fk_pb_init(&pb, body);
    while (fk_pb_next(&pb)) {
        count[pb.field < 3 ? pb.field : 0]++;
        fk_pb_skip(&pb);
    }
    l->contexts = fk_arena_array(
        arena, count[SNAPSHOT_CONTEXTS] + 1, sizeof(*l->contexts));
    l->strings =
        fk_arena_array(arena, count[SNAPSHOT_STRINGS] + 1, sizeof(*l->strings));
    if (!l->contexts || !l->strings)
        return too_much(diag);
    enum fk_err err = each(l, body, SNAPSHOT_STRINGS, add_string, diag);
    return err ? err : each(l, body, SNAPSHOT_CONTEXTS, add_context, diag);
}

void jfr_labels_close(struct jfr_labels *l)
{
    fk_map_fini(&l->string_by_id);
    fk_map_fini(&l->context_by_id);
}

struct jfr_context jfr_labels_context(
    const struct jfr_labels *l, uint64_t context)
{
    uint64_t i = fk_map_get(&l->context_by_id, context);

    return i == FK_MAP_NONE ? (struct jfr_context){0} : l->contexts[i];
}

struct fk_slice jfr_labels_string(const struct jfr_labels *l, uint64_t id)
{
    uint64_t i = fk_map_get(&l->string_by_id, id);

    return i == FK_MAP_NONE ? (struct fk_slice){0} : l->strings[i];
}
