/*
 * One call of querier.v1.QuerierService, between api_querier.c, which knows
 * the protocol, and the files with the methods.
 */
#ifndef SERVER_QUERIER_CALL_H
#define SERVER_QUERIER_CALL_H

#include "server/querier_codec.h"
#include "server/request.h"

struct querier_call {
    struct request *request;
    struct querier_request ask;
    struct querier_diff_request diff;
    struct query query;
    struct fk_buf out; /* protobuf */
    struct fk_diag why;
    bool unimplemented;
    enum fk_err incomplete;
};

/* Type, selector, range and call site of a request. */
FK_MUST_USE enum fk_err querier_select(struct querier_call *c,
    struct querier_request *ask, struct query_select *out);

/* Single profiles, spans and traces. */
FK_MUST_USE enum fk_err querier_select_parts(struct querier_call *c,
    const struct querier_request *ask, struct query_select *out);

/* querier_totals.c */
enum fk_err querier_select_series(struct querier_call *c);
enum fk_err querier_select_heatmap(struct querier_call *c);

#endif
