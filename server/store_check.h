/*
 * What every implementation of store.h checks in the same way: names, sizes,
 * and how much of a query's budget is left.
 */
#ifndef SERVER_STORE_CHECK_H
#define SERVER_STORE_CHECK_H

#include "server/store.h"

FK_MUST_USE enum fk_err store_check_tenant(
    struct fk_slice name, struct fk_diag *diag);
FK_MUST_USE enum fk_err store_check_doc(
    const struct store_doc *doc, struct fk_diag *diag);
/* Would this much queued at once pass the limits? */
FK_MUST_USE enum fk_err store_check_queue(const struct store_options *o,
    size_t profiles, size_t bytes, struct fk_diag *diag);

/* A node and a value as a visitor gets them. */
#define STORE_PAIR_BYTES (sizeof(uint32_t) + sizeof(int64_t))

struct store_meter {
    const struct store_budget *budget; /* may be NULL */
    uint64_t bytes;
    uint32_t calls;
};

/* Before decoding this many bytes. */
FK_MUST_USE enum fk_err store_meter_add(
    struct store_meter *m, uint64_t bytes, struct fk_diag *diag);

#endif
