/*
 * A flame graph as JSON (spec/pyroscope-api 10.1), as /pyroscope/render
 * answers and people save it, back into stacks.
 *
 * Limits: those of request_json.h, 2^20 nodes, 1,000 levels.
 */
#ifndef SERVER_FLAMEBEARER_READ_H
#define SERVER_FLAMEBEARER_READ_H

#include "server/request_json.h"
#include "server/stacks.h"

#define FLAMEBEARER_READ_MAX_NODES (1u << 20)

struct flamebearer_doc {
    struct request_json json;
    struct fk_slice name, units; /* of the metadata; live until close */
};

/* Of the format "single" only. close always. */
FK_MUST_USE enum fk_err flamebearer_doc_open(
    struct flamebearer_doc *d, struct fk_slice body, struct fk_diag *diag);
void flamebearer_doc_close(struct flamebearer_doc *d);
/* A stack for each node with a value of its own. */
FK_MUST_USE enum fk_err flamebearer_doc_stacks(
    struct flamebearer_doc *d, stacks_fn fn, void *arg, struct fk_diag *diag);

#endif
