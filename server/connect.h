/*
 * Connect's unary protocol (spec/pyroscope-api 2.2): what every route of the
 * form /package.v1.Service/Method does before and after its own work.
 *
 *   struct connect c;
 *   if (!connect_open(r, MAX_BYTES, &c))
 *       return;                   the refusal is already in r->reply
 *   ... c.message, c.json ...
 *   connect_reply(r, &c);         then add the answer to r->reply.body
 */
#ifndef SERVER_CONNECT_H
#define SERVER_CONNECT_H

#include "server/request.h"

struct connect {
    bool json;               /* codec of request and answer; else proto */
    struct fk_slice message; /* inflated; lives as long as the request */
};

bool connect_open(struct request *r, size_t max_bytes, struct connect *out);
void connect_reply(struct request *r, const struct connect *c);
/* The error answer for a result; what a query limit stands for is 422. */
void connect_refuse(
    struct request *r, enum fk_err err, const struct fk_diag *why);

#endif
