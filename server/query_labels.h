/*
 * What labels there are: names, values or whole sets of the series that
 * match and have data in the range [t0, t1) (0, 0 = any time), each once.
 * Results are added to `out`, which the caller made and frees.
 */
#ifndef SERVER_QUERY_LABELS_H
#define SERVER_QUERY_LABELS_H

#include "server/intern.h"
#include "server/label_bytes.h"
#include "server/query.h"

#define QUERY_LABELS_MAX       (1u << 20)
#define QUERY_LABELS_MAX_BYTES ((size_t)128 << 20)

struct query_labels {
    const struct selector *selector;
    int64_t t0, t1;
    struct label_filter filter; /* of _names and _sets */
    struct fk_slice name;       /* of _values */
};

FK_MUST_USE enum fk_err query_labels_names(
    const struct query *q, const struct query_labels *what, struct intern *out);
FK_MUST_USE enum fk_err query_labels_values(
    const struct query *q, const struct query_labels *what, struct intern *out);
/* As label bytes; empty sets are left out. */
FK_MUST_USE enum fk_err query_labels_sets(
    const struct query *q, const struct query_labels *what, struct intern *out);

#endif
