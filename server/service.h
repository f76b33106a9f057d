/*
 * Small Connect services: each method is a row of a table, a function from a
 * request struct to protobuf bytes. (querier.v1 has more to do around its
 * methods and does not use this.)
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "server/request.h"
#include "server/wire.h"

#define SERVICE_MAX_ANSWER ((size_t)64 << 20)

struct service_call {
    struct request *request;
    void *ask;         /* the method's struct, zeroed before it is read */
    struct fk_buf out; /* protobuf */
    struct fk_diag why;
};

struct service_method {
    const char *path; /* NULL ends a table */
    const struct wire_field *request, *response;
    size_t ask_size;
    /* The error becomes a code: FK_ERR_NOT_FOUND is not_found and so on. */
    enum fk_err (*run)(struct service_call *c);
};

/* Runs the method of r->path, which is in the table. */
void service_serve(struct request *r, const struct service_method *methods);

#endif
