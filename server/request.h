/*
 * One HTTP request and its reply, as every api_*.c sees them. http.c makes
 * them from microhttpd's callbacks, once the whole body is there, and calls
 * the route on a worker thread; nothing but http.c knows microhttpd.
 *
 * Ownership: everything a request points to lives in its arena and dies when
 * the reply is sent. A route fills in the reply before it returns, or calls
 * request_defer and fills it in later, from any thread, followed by
 * request_resume: that is how an append waits for its commit without holding
 * a thread.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/json.h"
#include "common/url.h"
#include "server/store.h"

struct token;  /* tokens.h */
struct server; /* server.h: options, store, counters; one a process */

struct request_header {
    struct fk_slice name, value;
};

struct reply {
    int status;               /* 0 until a route sets it */
    const char *content_type; /* static text */
    struct fk_buf body;

    /* Extra response headers, NUL-terminated, in the arena or static. */
    struct {
        const char *name, *value;
    } header[8];

    unsigned num_headers;
    /* Bytes that outlive the reply (embedded assets), instead of `body`. */
    struct fk_slice fixed;
};

struct request {
    struct server *server;
    struct store_tenant *tenant;
    /* Further tenants of a read (X-Scope-OrgID: a|b). */
    struct store_tenant **more_tenants;
    uint32_t num_more_tenants;
    struct fk_slice method, path;
    struct fk_query query;
    struct request_header *headers;
    size_t num_headers;
    struct fk_slice body; /* as sent; Content-Encoding is the route's task */
    struct fk_arena arena;
    struct reply reply;
    const struct token *token; /* who asks; NULL = not known */
    void *connection;          /* http.c's */
    bool deferred;
};

/* Case-insensitive; an empty slice with NULL ptr when absent. */
struct fk_slice request_header(const struct request *r, const char *name);
void request_defer(struct request *r);
void request_resume(struct request *r);
/* For struct store_budget.cancelled. */
bool request_cancelled(void *request);

void reply_header(struct request *r, const char *name, const char *value);
/* The plain routes' error shape (spec/pyroscope-api 2.4): JSON with a code
 * derived from the status, and one sentence. */
void reply_error(struct request *r, int status, const char *fmt, ...)
    FK_PRINTF(3, 4);
/* Status a result stands for: FORMAT 400, LIMIT 413... callers override. */
int reply_status_of(enum fk_err err);
/* Connect's error shape (2.2): code is a word such as "invalid_argument";
 * the status follows from it. */
void reply_connect_error(
    struct request *r, const char *code, const char *fmt, ...) FK_PRINTF(3, 4);

typedef void (*route_fn)(struct request *r);

/* routes.c: one row a route. `methods` is "GET", "POST" or "GET,POST,...". */
struct route {
    const char *methods;
    const char *path; /* a trailing '*' matches any rest */
    route_fn fn;
    size_t max_body;

    /* Error shape; pages and operators' routes belong to no tenant. */
    enum {
        ROUTE_PLAIN,
        ROUTE_CONNECT,
        ROUTE_KIT,
        ROUTE_PAGE,
        ROUTE_OPS
    } family;

    const char *doc; /* one sentence, printed into docs/api.md */

    /* Who runs it: pools of workers that never wait for each other, the last
     * of them for probes, or the HTTP thread itself, for what touches nothing
     * but memory. */
    enum { LANE_QUERY, LANE_INGEST, LANE_OPS, LANE_INLINE } lane;
};

#endif
