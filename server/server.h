/*
 * The server as a whole: options, store, counters. One a process, made by
 * main.c before the first request and constant afterwards, except for what
 * is atomic; every request points to it.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/metrics.h"
#include "server/store.h"

#include <stdbool.h>

struct server_options {
    const char *listen; /* "ADDR:PORT"; "localhost" = 127.0.0.1 and ::1 */
    const char *data;   /* data directory */
    const char *engine; /* name of a store: sqlite, memory */
    const char *ui_dir; /* NULL = the page inside the program */
    const char *run;    /* id minted by `make up`, or "" */
    const char *window; /* as given: "168h" or "off" */
    int64_t window_ms;  /* how old a profile may be; 0 = any */
    bool multitenancy;  /* X-Scope-OrgID names the tenant */
    bool verbose;       /* debug level: one line a request */
};

/* Defaults, then environment, then argv. FK_ERR_CANCELLED after --help. */
FK_MUST_USE enum fk_err options_parse(
    struct server_options *o, int argc, char **argv, struct fk_diag *diag);

struct server {
    struct server_options options;
    struct store *store;
    struct store_tenant *anonymous;
    int64_t started_ms;
    _Atomic bool ready; /* it serves, and is not draining */
    struct metrics metrics;
};

#endif
