/*
 * HTTP for the command line: one request at a time, whole answers, time
 * limits. The only file of cli/ that knows libcurl. -v of `check` prints
 * each request as a curl command a student can repeat (client_trace).
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "common/buf.h"
#include "common/err.h"

#include <jansson.h>
#include <stdbool.h>

#define CLIENT_MAX_ANSWER (256u * 1024 * 1024)

struct client_request {
    const char *method; /* "GET", "POST", "DELETE" */
    const char *base;   /* http://127.0.0.1:4040 */
    const char *path;   /* with its query, already encoded */
    const char *body;   /* JSON text or NULL */
    int timeout_s;      /* 0 = 30 */
};

/* The general form: any body, headers, a progress line on stderr. */
struct client_call {
    const char *method, *base, *path;
    struct fk_slice body;       /* .ptr NULL = none */
    const char *content_type;   /* of body and wanted answer */
    const char *const *headers; /* "Name: value", NULL ends; or NULL */
    const char *cacert;         /* PEM file for https, or NULL */
    int timeout_s;              /* 0 = 30 */
    bool progress;              /* when stderr is a terminal */
};

/* As client_send below. */
FK_MUST_USE enum fk_err client_call(const struct client_call *call, int *status,
    struct fk_buf *answer, struct fk_diag *diag);

/* FK_OK whatever the status is; *status tells. FK_ERR_UNAVAILABLE: nobody
 * answered. *answer is initialised here, freed by the caller. */
FK_MUST_USE enum fk_err client_send(const struct client_request *request,
    int *status, struct fk_buf *answer, struct fk_diag *diag);

/* The same, expecting 200 and JSON; the caller owns *json (json_decref).
 * Another status is FK_ERR_ARG with the server's sentence. */
FK_MUST_USE enum fk_err client_json(
    const struct client_request *request, json_t **json, struct fk_diag *diag);

void client_trace(bool on);

#endif
