/*
 * Names of profiles as clients of Pyroscope before 1.0 know them
 * (spec/pyroscope-api 15): "shop.cpu" is the type cpu of the service shop. A
 * query is FlameQL, shop.cpu{region="eu"}, or a name, shop.cpu{region=eu}.
 * What is a profile type of today is taken as well.
 */
#ifndef SERVER_LEGACY_H
#define SERVER_LEGACY_H

#include "server/query.h"

/* Does it begin with such a name? A profile type has colons. */
bool legacy_is(struct fk_slice query);

/* out->t0 and t1 are set. is_name: the second of the forms above. Of several
 * types that fit, such as those of two profilers, the first that has data,
 * if possible in that time. */
FK_MUST_USE enum fk_err legacy_select(const struct query *q,
    struct fk_slice text, bool is_name, struct fk_arena *arena,
    struct query_select *out, struct fk_diag *diag);

/* The series that a FlameQL query or a selector of today means; all if it is
 * empty. */
FK_MUST_USE enum fk_err legacy_labels(struct fk_slice text,
    struct fk_arena *arena, struct selector *out, struct fk_diag *diag);

/* "shop.cpu" of a service and a profile type's ID, onto `out`. */
void legacy_name(
    struct fk_slice service, struct fk_slice id, struct fk_buf *out);

#endif
