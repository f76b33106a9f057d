#include "common/labels.h"

#include "common/hash.h"

#include <string.h>

/* Where the name is, or where it belongs. */
static uint32_t position(
    const struct fk_labels *l, struct fk_slice name, bool *found)
{
    uint32_t low = 0, high = l->count;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = fk_slice_cmp(name, l->pair[middle].name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

enum fk_err fk_labels_set(
    struct fk_labels *l, struct fk_slice name, struct fk_slice value)
{
    bool found;
    uint32_t at = position(l, name, &found);
    if (found) {
        l->pair[at].value = value;
        return FK_OK;
    }
    if (l->count >= FK_LABELS_MAX)
        return FK_ERR_LIMIT;
    memmove(&l->pair[at + 1], &l->pair[at], (l->count - at) * sizeof *l->pair);
    l->pair[at] = (struct fk_label){name, value};
    l->count++;
    return FK_OK;
}

void fk_labels_del(struct fk_labels *l, struct fk_slice name)
{
    bool found;
    uint32_t at = position(l, name, &found);
    if (!found)
        return;
    l->count--;
    memmove(&l->pair[at], &l->pair[at + 1], (l->count - at) * sizeof *l->pair);
}

struct fk_slice fk_labels_get(const struct fk_labels *l, struct fk_slice name)
{
    bool found;
    uint32_t at = position(l, name, &found);
    return found ? l->pair[at].value : (struct fk_slice){NULL, 0};
}

bool fk_labels_has(const struct fk_labels *l, struct fk_slice name)
{
    bool found;
    position(l, name, &found);
    return found;
}

uint64_t fk_labels_hash(const struct fk_labels *l)
{
    uint64_t h = l->count;
    for (uint32_t i = 0; i < l->count; i++) {
        h = fk_hash_bytes(h, l->pair[i].name.ptr, l->pair[i].name.len);
        h = fk_hash_bytes(h, l->pair[i].value.ptr, l->pair[i].value.len);
    }
    return h;
}

bool fk_labels_eq(const struct fk_labels *a, const struct fk_labels *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!fk_slice_eq(a->pair[i].name, b->pair[i].name) ||
            !fk_slice_eq(a->pair[i].value, b->pair[i].value))
            return false;
    return true;
}

static void print_value(struct fk_slice s, struct fk_buf *out)
{
    fk_buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            fk_buf_addc(out, '\\');
        if (c == '\n')
            fk_buf_adds(out, "\\n");
        else if (c < 0x20 || c == 0x7F)
            fk_buf_printf(out, "\\x%02x", c);
        else
            fk_buf_addc(out, (char)c);
    }
    fk_buf_addc(out, '"');
}

void fk_labels_print(const struct fk_labels *l, struct fk_buf *out)
{
    fk_buf_addc(out, '{');
    for (uint32_t i = 0; i < l->count; i++) {
        if (i)
            fk_buf_adds(out, ", ");
        fk_buf_add_slice(out, l->pair[i].name);
        fk_buf_addc(out, '=');
        print_value(l->pair[i].value, out);
    }
    fk_buf_addc(out, '}');
}

enum fk_err fk_labels_dup(
    const struct fk_labels *l, struct fk_arena *a, struct fk_labels *out)
{
    struct fk_labels copy;
    for (copy.count = 0; copy.count < l->count; copy.count++) {
        struct fk_label *pair = &copy.pair[copy.count];
        pair->name = fk_arena_dup(a, l->pair[copy.count].name);
        pair->value = fk_arena_dup(a, l->pair[copy.count].value);
        if (!pair->name.ptr || !pair->value.ptr)
            return FK_ERR_LIMIT;
    }
    memcpy(out->pair, copy.pair, copy.count * sizeof *copy.pair);
    out->count = copy.count;
    return FK_OK;
}
