/*
 * HTTP requests, many at a time, by one of two engines. The fast one speaks
 * plain HTTP/1.1 by itself, because a generator that costs more than the
 * service measures itself. libcurl, which only engine_curl.c knows, does what
 * the fast one cannot: TLS, HTTP/2, addresses it cannot read. One engine
 * belongs to one thread; only engine_wake may be called by others.
 *
 * Both keep connections, never pipeline, and send a request again, once, when
 * the connection that was kept turns out to be closed before any byte of an
 * answer; the answer then says `new_connection`.
 *
 * Limits: `max_inflight` requests and connections at a time; ENGINE_BODY_KEPT
 * bytes of an answer are kept for a check of its content, the rest is counted.
 */
#ifndef FK_LOADGEN_ENGINE_H
#define FK_LOADGEN_ENGINE_H

#include "common/buf.h"

enum { ENGINE_BODY_KEPT = 16 * 1024 };

enum engine_error {
    ENGINE_OK,
    ENGINE_RESOLVE,
    ENGINE_CONNECT,
    ENGINE_TIMEOUT,
    ENGINE_RESET,   /* the connection broke, or ended within the answer */
    ENGINE_EMPTY,   /* the connection ended without any answer */
    ENGINE_GARBAGE, /* the answer is not HTTP */
    ENGINE_TLS,     /* no agreement, or a certificate nobody vouches for */
    ENGINE_LIMIT,   /* our own: no descriptors, ports or memory */
    ENGINE_OTHER,
    ENGINE_NUM_ERRORS,
};

const char *engine_error_name(enum engine_error error);

struct engine_request {
    void *owner;        /* the caller's, comes back with the answer */
    const char *path;   /* starts with '/' */
    const char *body;   /* NULL = GET */
    const char *header; /* "Name: value" or NULL; must outlive the phase */
    unsigned target;    /* index */
    int64_t now_ns;     /* monotonic; it counts as sent then */
    int64_t timeout_ns;
};

struct engine_answer {
    void *owner;
    enum engine_error error;
    int status;               /* of HTTP, when error is ENGINE_OK */
    int64_t sent_ns, done_ns; /* monotonic */
    uint64_t bytes;
    bool new_connection;
    /* Of a new connection, else 0: until it was open, what TLS took, and from
     * sending to the first byte of the answer, with both. */
    int64_t connect_ns, tls_ns, first_byte_ns;
    struct fk_slice body; /* its first bytes, until the callback returns */
};

typedef void engine_answer_fn(void *arg, const struct engine_answer *answer);

struct engine_target {
    const char *base_url; /* http://HOST:PORT, without a path at its end */
    const char *address;  /* numeric, found by target_ask, or "" */
};

enum engine_kind { ENGINE_AUTO, ENGINE_FAST, ENGINE_CURL };

struct engine_config {
    enum engine_kind kind;               /* not AUTO: see engine_choose */
    const struct engine_target *targets; /* the caller's, which stay */
    unsigned num_targets;
    unsigned max_inflight;
    unsigned per_connection;     /* requests on one at most, 0 = any number */
    engine_answer_fn *on_answer; /* may start requests */
    void *arg;
};

struct engine;

/* The engine that can ask all these targets: the fast one where possible.
 * `why` gets a sentence when it is not. FK_ERR_ARG, with a sentence, when the
 * fast one is `wanted` and cannot. */
FK_MUST_USE enum fk_err engine_choose(enum engine_kind wanted,
    const struct engine_target *targets, unsigned num_targets,
    enum engine_kind *out, struct fk_diag *why);
const char *engine_kind_name(enum engine_kind kind);

FK_MUST_USE enum fk_err engine_open(const struct engine_config *config,
    struct engine **out, struct fk_diag *diag);
void engine_close(struct engine *e);

/* FK_ERR_FULL when max_inflight requests are under way. */
FK_MUST_USE enum fk_err engine_start(
    struct engine *e, const struct engine_request *request);
unsigned engine_inflight(const struct engine *e);
/* Handle what is ready; wait for more, but not after `deadline_ns`, and not
 * once something was answered or engine_wake was called. */
void engine_run(struct engine *e, int64_t deadline_ns);
void engine_wake(struct engine *e);
/* Give up what is under way: no callbacks. Returns how many. */
unsigned engine_abort(struct engine *e);

/* ---- single requests outside any schedule, blocking ------------------------
 */

struct engine_reply {
    int status; /* 0 = no answer */
    struct fk_buf body;
    char address[64];   /* numeric, that answered */
    int64_t resolve_ns; /* to find it by its name */
};

/* For https; files in PEM, NULL or "" = the system's, none. */
struct engine_tls {
    const char *ca, *cert, *key;
    bool insecure; /* whoever answers is believed */
};

/* Before any thread; NULL = as usual. */
void engine_global_init(const struct engine_tls *tls);
/* POST when `json` is not NULL. FK_ERR_UNAVAILABLE with the reason. */
FK_MUST_USE enum fk_err engine_fetch(const char *url, const char *json,
    long timeout_ms, struct engine_reply *reply, struct fk_diag *diag);
void engine_reply_fini(struct engine_reply *reply);

#endif
