/* Walks the spans of a tenant's days; for store_sqlite.c. */
#ifndef SERVER_SCAN_SPANS_H
#define SERVER_SCAN_SPANS_H

#include "server/catalog.h"
#include "server/days.h"
#include "server/store_check.h"

struct scan_spans {
    struct catalog *catalog;
    struct days *days;
    struct store_meter meter;
    store_span_fn fn;
    void *arg;
    struct fk_diag *diag;
    unsigned corrupt; /* result: rows and days that failed their check */
    bool partial;     /* result: some are forgotten by now */

    /* The scan's own: */
    struct catalog_set set;
    enum fk_err stopped; /* by the visitor or the budget */
};

FK_MUST_USE enum fk_err scan_spans_run(
    struct scan_spans *scan, const struct selector *s, int64_t t0, int64_t t1);

#endif
