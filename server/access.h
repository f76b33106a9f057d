/*
 * Who may come in: the names under which the server answers (against pages
 * that point a name of theirs at 127.0.0.1), pages of other sites, and
 * tokens with their rights. Asked before a body is read.
 */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "server/request.h"
#include "server/tokens.h"

/* Answers a browser's question (OPTIONS) whether a page may ask. */
bool access_preflight(struct request *r);
/* False: the refusal is in r->reply. Sets r->token; adds CORS headers. */
bool access_check(struct request *r, const struct route *route);
/* What a route asks of a token. */
enum right access_right(const struct request *r, const struct route *route);
/* Numbers, names without a dot, *.localhost, *.local, *.internal: nobody on
 * the internet can make these point at another's machine. */
bool access_host_safe(struct fk_slice host);

#endif
