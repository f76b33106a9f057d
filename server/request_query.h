/*
 * The query behind a request: its tenants, what it may cost, and what its
 * answer says when stored profiles were damaged.
 */
#ifndef SERVER_REQUEST_QUERY_H
#define SERVER_REQUEST_QUERY_H

#include "server/query.h"
#include "server/request.h"

/* *incomplete must live as long as *out. */
void request_query(
    struct request *r, struct query *out, enum fk_err *incomplete);
/* Of a good answer: a header and a counter, if it is incomplete. */
void request_query_note(struct request *r, enum fk_err incomplete);

#endif
