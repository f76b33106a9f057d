/*
 * The server as a whole: options, store, counters. One a process, made by
 * main.c before the first request and constant afterwards, except for what
 * is atomic; every request points to it.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/agents.h"
#include "server/live.h"
#include "server/metrics.h"
#include "server/rate.h"
#include "server/store.h"

struct server_options {
    const char *listen;     /* "ADDR:PORT"; "localhost" = 127.0.0.1 and ::1 */
    const char *data;       /* data directory */
    const char *engine;     /* name of a store: sqlite, memory */
    const char *ui_dir;     /* NULL = the page inside the program */
    const char *run;        /* id minted by `make up`, or "" */
    const char *kit;        /* the program flamekit, or NULL */
    const char *config;     /* file, or NULL */
    const char *cert, *key; /* PEM files for TLS, or NULL */
    int64_t retention_ns;   /* of profiles; 0 = for ever */
    int64_t keep_profiles_ns, keep_minutes_ns, keep_tens_ns, keep_hours_ns,
        keep_series_ns;
    long max_series;    /* of a tenant */
    const char *check;  /* directory to check instead of serving */
    const char *backup; /* archive to write instead of serving */
    bool compact;       /* instead of serving */
    bool multitenancy;  /* X-Scope-OrgID names the tenant */
    bool verbose;       /* debug level: one line a request */
    struct live live;   /* what a reload may change */
};

/* Defaults, then the file, then the environment, then argv. The texts are
 * kept for ever. FK_ERR_CANCELLED after --help. */
FK_MUST_USE enum fk_err options_parse(
    struct server_options *o, int argc, char **argv, struct fk_diag *diag);
void options_init(struct server_options *o); /* the defaults */

enum { OPTIONS_MAX_ROWS = 80 };

/* The table, with `o` as its targets; ends with a NULL name. */
void options_table(
    struct server_options *o, struct fk_opt rows[OPTIONS_MAX_ROWS]);
/* Is it one of those that SIGHUP changes? */
bool options_reloadable(
    const struct server_options *o, const struct fk_opt *row);
/* All of them as a configuration file, which is also YAML. */
void options_print(const struct server_options *o, struct fk_buf *out);
/* The tables of docs/config.md. */
void options_document(struct fk_buf *out);

struct server {
    struct server_options options;
    struct store *store;
    struct store_tenant *anonymous;
    int64_t started_ms;
    _Atomic bool ready;            /* it serves, and is not draining */
    struct live *_Atomic reloaded; /* NULL = options.live */
    struct rate rate;
    struct metrics metrics;
    struct agents agents;
};

/* Constant; stays valid for the process's life. */
static inline const struct live *server_live(const struct server *s)
{
    const struct live *live = atomic_load(&s->reloaded);
    return live ? live : &s->options.live;
}

/* Fills in live->tokens from live->tokens_file. */
FK_MUST_USE enum fk_err server_load_tokens(
    struct live *live, bool multitenancy, struct fk_diag *diag);
/* Reads file, environment and tokens again and puts what a reload may change
 * in place; what it may not is named in the log. On an error nothing
 * changes. One thread. */
FK_MUST_USE enum fk_err server_reload(
    struct server *s, int argc, char **argv, struct fk_diag *diag);

#endif
