/*
 * A label set in the form in which every answer carries it: protobuf fields
 * 1, LabelPair{1 name; 2 value}, sorted by name. Equal sets are equal bytes,
 * so they can be interned, and an answer copies them as they are.
 */
#ifndef SERVER_LABEL_BYTES_H
#define SERVER_LABEL_BYTES_H

#include "common/labels.h"

/* Which labels of a set are taken. */
struct label_filter {
    const struct fk_slice *names; /* count 0: all of them */
    uint32_t count;
    bool utf8; /* also names that are not [a-zA-Z_][a-zA-Z0-9_]* */
};

bool label_filter_takes(const struct label_filter *f, struct fk_slice name);

void label_bytes_add(struct fk_buf *out, const struct fk_labels *l,
    const struct label_filter *filter);
/* The labels that the filter leaves out, except private ones (__x__). */
void label_bytes_add_rest(struct fk_buf *out, const struct fk_labels *l,
    const struct label_filter *filter);
/* The value of the first label with this name; empty when there is none. */
struct fk_slice label_bytes_get(struct fk_slice bytes, struct fk_slice name);
/* Pair by pair, names before values. */
int label_bytes_cmp(struct fk_slice a, struct fk_slice b);

#endif
