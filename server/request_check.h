/*
 * What http.c asks of every request before and after its route.
 */
#ifndef SERVER_REQUEST_CHECK_H
#define SERVER_REQUEST_CHECK_H

#include "server/request.h"

/* What microhttpd lets pass although two readers may disagree about where
 * such a request ends (spec/loadgen 6, strictness): a sentence, or NULL. */
const char *request_framing_fault(const struct request *r, const char *version);
/* A page of another site may not write here through its visitor's browser. */
bool request_foreign_origin(const struct request *r);
/* The error shape of the route's family; route may be NULL. */
void reply_refuse(struct request *r, const struct route *route, int status,
    const char *code, const char *text);
/* gzip, if the client takes it and the body is worth it. */
void reply_compress(struct request *r);

#endif
