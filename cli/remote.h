/*
 * A profiling server somewhere, ours or a real Pyroscope, as the verbs query,
 * export, import, push, diff, series and labels see it: address, who asks,
 * which profiles, which time. One table of options for all of them.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "cli/client.h"
#include "cli/kit.h"
#include "common/opt.h"

#define REMOTE_CPU "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

struct remote {
    const char *server, *token, *user, *tenant, *cacert;
    const char *query, *from, *until;
    bool json;
    char url[512]; /* the server, without a '/' at the end */
};

/* Rows of a verb's table. */
#define REMOTE_ROWS(r)                                                         \
    {"server", 's', "FLAMEKIT_SERVER", FK_OPT_STRING, &(r)->server, 0, 0,      \
        "URL", "the profiling server (the kit's, or http://localhost:4040)"},  \
        {"token", 0, "FLAMEKIT_TOKEN", FK_OPT_STRING, &(r)->token, 0, 0,       \
            "TOKEN", "sent as bearer, or with --user as the password"},        \
        {"user", 0, NULL, FK_OPT_STRING, &(r)->user, 0, 0, "NAME",             \
            "for basic authentication"},                                       \
        {"tenant", 0, NULL, FK_OPT_STRING, &(r)->tenant, 0, 0, "ID",           \
            "sent as X-Scope-OrgID"},                                          \
        {"cacert", 0, NULL, FK_OPT_STRING, &(r)->cacert, 0, 0, "FILE",         \
            "certificate to trust (PEM)"},                                     \
    {                                                                          \
        "json", 0, NULL, FK_OPT_FLAG, &(r)->json, 0, 0, NULL,                  \
            "the answer as JSON"                                               \
    }

#define REMOTE_QUERY_ROWS(r)                                                   \
    {"query", 'q', NULL, FK_OPT_STRING, &(r)->query, 0, 0, "TYPE{...}",        \
        "profile type and labels (" REMOTE_CPU "{})"},                         \
        {"from", 0, NULL, FK_OPT_STRING, &(r)->from, 0, 0, "TIME",             \
            "now-1h (default), or seconds or ms since 1970"},                  \
    {                                                                          \
        "until", 0, NULL, FK_OPT_STRING, &(r)->until, 0, 0, "TIME",            \
            "now (default)"                                                    \
    }

/* Defaults; the address is that of the kit if one is up. */
void remote_init(struct remote *r, const struct kit *kit);
/* Parses argv (without the verb) and checks. FK_ERR_CANCELLED after --help.
 * *first is the first argument that is no option. */
FK_MUST_USE enum fk_err remote_parse(struct remote *r,
    const struct fk_opt *opts, int argc, char **argv, const char *usage,
    int *first, struct fk_diag *diag);

/* "now", "now-90s", seconds or ms -> ms since 1970. */
FK_MUST_USE enum fk_err remote_time(
    const char *text, int64_t *ms, struct fk_diag *diag);

/* "TYPE{labels}" in two; the second is "{}" when left out. */
struct remote_query {
    char type[512];
    const char *selector;
    int64_t from_ms, until_ms;
};

FK_MUST_USE enum fk_err remote_query(
    const struct remote *r, struct remote_query *out, struct fk_diag *diag);

/* One request; a status other than 200 is FK_ERR_ARG with the server's
 * sentence. *answer is the caller's to free, also after an error. */
FK_MUST_USE enum fk_err remote_get(const struct remote *r, const char *path,
    struct fk_buf *answer, struct fk_diag *diag);
FK_MUST_USE enum fk_err remote_post(const struct remote *r, const char *path,
    const char *content_type, struct fk_slice body, struct fk_buf *answer,
    struct fk_diag *diag);
/* Connect, JSON: consumes `ask`; the caller owns *out. */
FK_MUST_USE enum fk_err remote_ask(const struct remote *r, const char *method,
    json_t *ask, json_t **out, struct fk_diag *diag);

/* Exit status for an error: 3 nobody answers, 2 wrong, 1 else. */
int remote_fail(enum fk_err err, const struct fk_diag *diag);
/* The answer as it came, for --json. */
int remote_print(const json_t *answer);

#endif
