/*
 * Label sets: name=value pairs sorted by name, names unique. A value type
 * over borrowed slices; whoever owns the bytes owns the set.
 */
#ifndef FK_COMMON_LABELS_H
#define FK_COMMON_LABELS_H

#include "common/arena.h"
#include "common/buf.h"

#define FK_LABELS_MAX 128 /* pairs in one set, private labels included */

struct fk_label {
    struct fk_slice name, value;
};

struct fk_labels {
    struct fk_label pair[FK_LABELS_MAX];
    uint32_t count;
};

/* Add, or replace the value of an equal name; keeps the order. */
FK_MUST_USE enum fk_err fk_labels_set(
    struct fk_labels *l, struct fk_slice name, struct fk_slice value);
void fk_labels_del(struct fk_labels *l, struct fk_slice name);
/* The value, or an empty slice: a missing label equals the empty string. */
struct fk_slice fk_labels_get(const struct fk_labels *l, struct fk_slice name);
bool fk_labels_has(const struct fk_labels *l, struct fk_slice name);
uint64_t fk_labels_hash(const struct fk_labels *l);
bool fk_labels_eq(const struct fk_labels *a, const struct fk_labels *b);
/* {name="value", other="..."}: Pyroscope's text in messages. */
void fk_labels_print(const struct fk_labels *l, struct fk_buf *out);
/* Copy names and values into the arena. */
FK_MUST_USE enum fk_err fk_labels_dup(
    const struct fk_labels *l, struct fk_arena *a, struct fk_labels *out);

#endif
