#include "server/label_bytes.h"

#include "common/pb.h"

enum { PAIR = 1, PAIR_NAME = 1, PAIR_VALUE = 2 };

static bool plain_name(struct fk_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && c != '_' && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.len > 0;
}

bool label_filter_takes(const struct label_filter *f, struct fk_slice name)
{
    bool named = f->count == 0;
    for (uint32_t i = 0; i < f->count && !named; i++)
        named = fk_slice_eq(f->names[i], name);
    return named && (f->utf8 || plain_name(name));
}

static void add_pair(struct fk_buf *out, const struct fk_label *pair)
{
    size_t mark = fk_pb_begin(out, PAIR);
    fk_pb_add_bytes(out, PAIR_NAME, pair->name);
    if (pair->value.len)
        fk_pb_add_bytes(out, PAIR_VALUE, pair->value);
    fk_pb_end(out, mark);
}

void label_bytes_add(struct fk_buf *out, const struct fk_labels *l,
    const struct label_filter *filter)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (label_filter_takes(filter, l->pair[i].name))
            add_pair(out, &l->pair[i]);
}

void label_bytes_add_rest(struct fk_buf *out, const struct fk_labels *l,
    const struct label_filter *filter)
{
    for (uint32_t i = 0; i < l->count; i++) {
        struct fk_slice name = l->pair[i].name;
        bool taken = filter->count && label_filter_takes(filter, name);
        if (!taken && !fk_slice_starts(name, FK_SLICE("__")))
            add_pair(out, &l->pair[i]);
    }
}

static bool next_pair(struct fk_pb *pb, struct fk_label *out)
{
    struct fk_pb pair;
    *out = (struct fk_label){{NULL, 0}, {NULL, 0}};
    if (!fk_pb_next(pb))
        return false;
    fk_pb_init(&pair, fk_pb_bytes(pb));
    while (fk_pb_next(&pair))
        if (pair.field == PAIR_NAME)
            out->name = fk_pb_bytes(&pair);
        else
            out->value = fk_pb_bytes(&pair);
    return true;
}

struct fk_slice label_bytes_get(struct fk_slice bytes, struct fk_slice name)
{
    struct fk_pb pb;
    struct fk_label pair;
    fk_pb_init(&pb, bytes);
    while (next_pair(&pb, &pair))
        if (fk_slice_eq(pair.name, name))
            return pair.value;
    return (struct fk_slice){NULL, 0};
}

int label_bytes_cmp(struct fk_slice a, struct fk_slice b)
{
    struct fk_pb pa, pb;
    struct fk_label x, y;
    fk_pb_init(&pa, a);
    fk_pb_init(&pb, b);
    for (;;) {
        bool more_a = next_pair(&pa, &x), more_b = next_pair(&pb, &y);
        if (!more_a || !more_b)
            return more_a - more_b;
        int order = fk_slice_cmp(x.name, y.name);
        if (!order)
            order = fk_slice_cmp(x.value, y.value);
        if (order)
            return order;
    }
}
