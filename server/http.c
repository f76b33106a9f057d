#include "server/http.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/reaper.h"
#include "server/request_check.h"
#include "server/routes.h"
#include "server/tenant.h"
#include "server/workers.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    HTTP_MAX_CONNECTIONS = 1000,
    HTTP_MAX_HEADERS = 100,
    HTTP_CONNECTION_BYTES = 128 << 10, /* head and read buffer */
    HTTP_IDLE_S = 60,
    HTTP_QUEUE = 256,          /* requests that wait for a worker, a lane */
    HTTP_PROGRESS = 256 << 10, /* of a body, in each time of grace */
    HTTP_MIN_RATE = 8 << 10,   /* bytes of an answer a second, after it */
    HTTP_GZIP_FROM = 1400,     /* smaller answers are not worth it */
};

#define HTTP_HEAD_NS       (10 * FK_NS_PER_S)
#define HTTP_REST_NS       (75 * FK_NS_PER_S)
#define HTTP_GRACE_NS      (30 * FK_NS_PER_S)
#define HTTP_ALL_BODIES    ((uint64_t)512 << 20)
#define HTTP_DISCARD_MAX   ((uint64_t)16 << 20)
#define HTTP_REQUEST_BYTES ((size_t)512 << 20) /* arena of one request */
#define HTTP_REPLY_BYTES   ((size_t)256 << 20)

struct http {
    struct server *server;
    struct MHD_Daemon *daemon[2];
    struct reaper *reaper;
    struct workers *lane[2]; /* LANE_QUERY, LANE_INGEST */
    _Atomic uint64_t body_bytes;
    _Atomic uint64_t running; /* requests suspended in microhttpd */
    _Atomic bool draining, aborting;
};

/* One request and its answer, from the request line to the last byte sent. */
struct exchange {
    struct request request;
    struct http *http;
    const char *uri; /* path and query, in the arena */
    struct MHD_Connection *mhd;
    struct reaper_entry *deadline;
    struct route_match match;
    struct fk_buf body;
    uint64_t received;
    int64_t began_ns;
    /* Who still works on it: the worker, and the owner of a deferred reply.
     * The last one wakes the connection. */
    _Atomic int pending;
    bool faulty; /* where its body ends is not known */
    bool dispatched, resumed;
};

/* ---- from microhttpd's memory to struct request ---------------------------
 */

static void *exchange_new(
    void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct exchange *x = calloc(1, sizeof(*x));
    (void)mhd;

    if (!x)
        return NULL;
    x->http = arg;
    x->request.server = x->http->server;
    x->request.connection = x;
    fk_arena_init(&x->request.arena, HTTP_REQUEST_BYTES);
    fk_buf_init(&x->request.reply.body, HTTP_REPLY_BYTES);
    fk_buf_init(&x->body, 0);
    x->uri = fk_arena_strdup(&x->request.arena, fk_slice_of(uri));
    return x;
}

static void exchange_free(struct exchange *x)
{
    atomic_fetch_sub(&x->http->body_bytes, x->body.len);
    fk_buf_fini(&x->body);
    fk_buf_fini(&x->request.reply.body);
    fk_arena_fini(&x->request.arena);
    free(x);
}

static enum MHD_Result header_add(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request *r = arg;
    (void)kind;

    if (r->num_headers == HTTP_MAX_HEADERS)
        return MHD_NO;
    struct request_header *h = &r->headers[r->num_headers++];
    h->name = fk_slice_of(name);
    h->value = fk_slice_of(value ? value : "");
    return MHD_YES;
}

static void refuse(
    struct exchange *x, int status, const char *code, const char *text)
{
    reply_refuse(&x->request, x->match.route, status, code, text);
}

static void refuse_busy(struct exchange *x, const char *text)
{
    metrics_add(&x->http->server->metrics, METRIC_HTTP_BUSY, 1);
    reply_header(&x->request, "Retry-After", "1");
    refuse(x, 503, "unavailable", text);
}

static void refuse_too_large(struct exchange *x)
{
    reply_error(&x->request, 413,
        "request body too large: this route takes up to %zu bytes",
        x->match.route->max_body);
}

static void find_route(struct exchange *x)
{
    struct request *r = &x->request;
    struct route_match *m = &x->match;
    struct fk_diag diag = {{0}};
    struct fk_slice path = {0}, query = fk_slice_of(x->uri);

    fk_slice_split(&query, '?', &path);
    r->path = fk_url_decode(&r->arena, path);
    routes_find(r->method, r->path, m);
    if (!m->route && m->allow[0]) {
        reply_header(r, "Allow", m->allow);
        reply_error(r, 405, "%.*s does not take %.64s; use %s",
            (int)(r->path.len < 200 ? r->path.len : 200), r->path.ptr,
            r->method.ptr, m->allow);
    } else if (!m->route) {
        reply_error(r, 404,
            "there is nothing at this path; docs/api.md lists what there is");
    } else if (fk_query_parse(query, &r->arena, &r->query, &diag) != FK_OK) {
        refuse(x, 400, "invalid_argument", diag.text);
    } else if (request_foreign_origin(r)) {
        refuse(x, 403, "permission_denied",
            "the request comes from a page of another site (its Origin "
            "differs from Host)");
    }
}

/* The head is complete. Whatever is wrong becomes the reply at once. */
static void exchange_begin(struct exchange *x, struct MHD_Connection *mhd,
    const char *method, const char *version)
{
    struct request *r = &x->request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    uint64_t length = 0;

    x->mhd = mhd;
    x->deadline = info ? info->socket_context : NULL;
    x->began_ns = fk_mono_ns();
    atomic_fetch_add(&x->http->server->metrics.http_in_flight, 1);
    r->method = fk_slice_of(method);
    r->headers =
        fk_arena_array(&r->arena, HTTP_MAX_HEADERS, sizeof(*r->headers));
    if (!r->headers || !x->uri) {
        refuse(x, 503, "unavailable", "the server is out of memory");
        return;
    }
    MHD_get_connection_values(mhd, MHD_HEADER_KIND, header_add, r);
    const char *fault = request_framing_fault(r, version);
    if (fault) {
        x->faulty = true;
        metrics_add(&x->http->server->metrics, METRIC_HTTP_MALFORMED, 1);
        reply_header(r, "Connection", "close");
        refuse(x, 400, "invalid_argument", fault);
        return;
    }
    find_route(x);
    if (r->reply.status)
        return;
    fk_slice_u64(request_header(r, "Content-Length"), &length);
    x->body.limit = x->match.route->max_body;
    if (length > x->match.route->max_body)
        refuse_too_large(x);
}

/* Nothing is gained by reading the body of a refused request, except that a
 * client which sends first and reads later then sees why. */
static bool reply_before_body(const struct exchange *x)
{
    const struct request *r = &x->request;
    uint64_t length = 0;

    if (!r->reply.status)
        return false;
    if (x->faulty)
        return true;
    fk_slice_u64(request_header(r, "Content-Length"), &length);
    return request_header(r, "Expect").ptr || length > HTTP_DISCARD_MAX;
}

/* False: the client sends without end, so the connection is dropped. */
static bool exchange_receive(struct exchange *x, const char *bytes, size_t len)
{
    struct http *h = x->http;
    uint64_t before = x->received;

    x->received += len;
    if (before / HTTP_PROGRESS != x->received / HTTP_PROGRESS)
        reaper_arm(h->reaper, x->deadline, HTTP_GRACE_NS);
    metrics_add(&h->server->metrics, METRIC_BODY_BYTES, len);
    if (x->request.reply.status)
        return x->received < x->body.limit + HTTP_DISCARD_MAX;
    if (atomic_fetch_add(&h->body_bytes, len) + len > HTTP_ALL_BODIES) {
        atomic_fetch_sub(&h->body_bytes, len);
        refuse_busy(x, "too many request bodies are in memory; try again");
        return true;
    }
    fk_buf_add(&x->body, bytes, len);
    if (x->body.err == FK_OK)
        return true;
    atomic_fetch_sub(&h->body_bytes, len);
    if (x->body.err == FK_ERR_LIMIT)
        refuse_too_large(x);
    else
        refuse_busy(x, "the server is out of memory; try again");
    return true;
}

/* ---- running a route --------------------------------------------------------
 */

static void exchange_let_go(struct exchange *x)
{
    if (atomic_fetch_sub(&x->pending, 1) > 1)
        return;
    reply_compress(&x->request);
    x->resumed = true;
    atomic_fetch_sub(&x->http->running, 1);
    MHD_resume_connection(x->mhd);
}

static void exchange_run(void *arg)
{
    struct exchange *x = arg;

    if (tenant_resolve(&x->request, x->match.route))
        x->match.route->fn(&x->request);
    exchange_let_go(x);
}

void request_defer(struct request *r)
{
    struct exchange *x = r->connection;

    r->deferred = true;
    if (x)
        atomic_fetch_add(&x->pending, 1);
}

void request_resume(struct request *r)
{
    if (r->connection)
        exchange_let_go(r->connection);
}

bool request_cancelled(void *request)
{
    const struct request *r = request;
    struct exchange *x = r->connection;

    if (!x)
        return false;
    if (atomic_load(&x->http->aborting))
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return false;
    struct pollfd p = {info->connect_fd, POLLRDHUP, 0};
    return poll(&p, 1, 0) > 0 && p.revents != 0;
}

/* ---- the answer
 * --------------------------------------------------------------- */

static struct MHD_Response *response_of(struct reply *p)
{
    if (p->fixed.ptr)
        return MHD_create_response_from_buffer(p->fixed.len,
            (void *)(uintptr_t)p->fixed.ptr, MHD_RESPMEM_PERSISTENT);
    size_t len = 0;
    char *bytes = fk_buf_take(&p->body, &len);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(bytes);
    return response;
}

static enum MHD_Result exchange_reply(struct exchange *x)
{
    struct request *r = &x->request;
    struct reply *p = &r->reply;

    if (p->status == 0 || (p->body.err != FK_OK && !p->fixed.ptr))
        reply_error(r, 500, "the answer could not be made (%s); ask for less",
            fk_err_name(p->body.err));
    reaper_arm(x->http->reaper, x->deadline,
        HTTP_GRACE_NS +
            (int64_t)((p->body.len + p->fixed.len) / HTTP_MIN_RATE) *
                FK_NS_PER_S);
    struct MHD_Response *response = response_of(p);
    if (!response)
        return MHD_NO;
    if (p->content_type)
        MHD_add_response_header(response, "Content-Type", p->content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (unsigned i = 0; i < p->num_headers; i++)
        MHD_add_response_header(
            response, p->header[i].name, p->header[i].value);
    if (atomic_load(&x->http->draining))
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result ok =
        MHD_queue_response(x->mhd, (unsigned)p->status, response);
    MHD_destroy_response(response);
    return ok;
}

static enum MHD_Result exchange_dispatch(struct exchange *x)
{
    struct request *r = &x->request;
    const struct route *route = x->match.route;

    reaper_arm(x->http->reaper, x->deadline, 0);
    x->dispatched = true;
    if (r->reply.status)
        return exchange_reply(x);
    r->body = fk_buf_slice(&x->body);
    if (route->lane == LANE_INLINE) {
        route->fn(r);
        reply_compress(r);
        return exchange_reply(x);
    }
    /* Suspended first: the worker may be done before workers_push returns. */
    atomic_store(&x->pending, 1);
    atomic_fetch_add(&x->http->running, 1);
    MHD_suspend_connection(x->mhd);
    if (!workers_push(x->http->lane[route->lane], x)) {
        refuse_busy(x, "the server has more requests than it can work on; "
                       "try again in a second");
        exchange_let_go(x);
    }
    return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state)
{
    struct exchange *x = *state;
    (void)arg, (void)url;

    if (!x)
        return MHD_NO;
    if (!x->mhd) {
        exchange_begin(x, mhd, method, version);
        reaper_arm(x->http->reaper, x->deadline, HTTP_GRACE_NS);
        return reply_before_body(x) ? exchange_reply(x) : MHD_YES;
    }
    if (*upload_size > 0) {
        bool going = exchange_receive(x, upload, *upload_size);
        *upload_size = 0;
        return going ? MHD_YES : MHD_NO;
    }
    if (!x->dispatched)
        return exchange_dispatch(x);
    return x->resumed ? exchange_reply(x) : MHD_YES;
}

static void log_exchange(const struct exchange *x, int64_t took_ns)
{
    const struct request *r = &x->request;
    char path[200];
    size_t len = r->path.len < sizeof(path) ? r->path.len : sizeof(path) - 1;

    memcpy(path, r->path.ptr ? r->path.ptr : "", len);
    path[len] = '\0';
    fk_log(FK_LOG_DEBUG, "http",
        "method=%.16s path=%s status=%d received=%llu took_us=%lld",
        r->method.ptr, fk_log_quote(path), r->reply.status,
        (unsigned long long)x->received, (long long)(took_ns / 1000));
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **state,
    enum MHD_RequestTerminationCode why)
{
    struct exchange *x = *state;
    struct http *h = arg;
    (void)mhd;

    *state = NULL;
    if (!x)
        return;
    if (x->mhd) {
        int64_t took_ns = fk_mono_ns() - x->began_ns;
        bool sent = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
        metrics_answered(&h->server->metrics,
            x->match.route ? x->match.index : METRICS_ROUTES - 1,
            sent ? x->request.reply.status : 0, took_ns);
        atomic_fetch_sub(&h->server->metrics.http_in_flight, 1);
        if (h->server->options.verbose)
            log_exchange(x, took_ns);
        reaper_arm(h->reaper, x->deadline, HTTP_REST_NS);
    }
    exchange_free(x);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode what)
{
    struct http *h = arg;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        reaper_forget(h->reaper, *context);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context =
        info ? reaper_watch(h->reaper, info->connect_fd, HTTP_HEAD_NS) : NULL;
    metrics_add(&h->server->metrics, METRIC_HTTP_CONNECTIONS, 1);
}

/* ---- start and stop
 * -------------------------------------------------------------- */

static void on_complaint(void *arg, const char *fmt, va_list ap)
{
    char text[256];
    (void)arg;

    vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    fk_log(FK_LOG_DEBUG, "microhttpd", "text=%s", fk_log_quote(text));
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* Below half of the files this process may open: the store needs some. */
static unsigned connection_limit(unsigned daemons)
{
    struct rlimit files = {0};

    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t half = files.rlim_cur / 2;
    unsigned all =
        half < HTTP_MAX_CONNECTIONS ? (unsigned)half : HTTP_MAX_CONNECTIONS;
    return all / daemons;
}

static struct MHD_Daemon *daemon_start(
    struct http *h, int fd, unsigned connections)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
                                MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                                MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_complaint,
        NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        cores(), MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_new, h,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
}

static enum fk_err lanes_start(struct http *h)
{
    const struct workers_options query = {
        "query", cores() < 4 ? 4 : cores(), HTTP_QUEUE, exchange_run};
    const struct workers_options ingest = {
        "ingest", cores(), HTTP_QUEUE, exchange_run};
    enum fk_err err = workers_start(&query, &h->lane[LANE_QUERY]);

    return err ? err : workers_start(&ingest, &h->lane[LANE_INGEST]);
}

/* Parts that have not been started are NULL. */
static void http_free(struct http *h)
{
    for (int i = 0; i < 2; i++)
        if (h->daemon[i])
            MHD_stop_daemon(h->daemon[i]);
    workers_stop(h->lane[LANE_QUERY]);
    workers_stop(h->lane[LANE_INGEST]);
    reaper_stop(h->reaper);
    free(h);
}

enum fk_err http_start(struct server *server,
    const struct listen_sockets *sockets, struct http **out,
    struct fk_diag *diag)
{
    struct http *h = calloc(1, sizeof(*h));
    enum fk_err err =
        h ? reaper_start(
                &server->metrics.counter[METRIC_HTTP_REAPED], &h->reaper)
          : FK_ERR_NOMEM;
    unsigned started = 0;

    if (err == FK_OK)
        err = lanes_start(h);
    if (err == FK_OK) {
        h->server = server;
        unsigned connections = connection_limit(sockets->count);
        for (; started < sockets->count; started++) {
            h->daemon[started] =
                daemon_start(h, sockets->fd[started], connections);
            if (!h->daemon[started])
                break;
        }
    }
    if (started == sockets->count) {
        *out = h;
        return FK_OK;
    }
    for (; started < sockets->count; started++)
        close(sockets->fd[started]);
    if (h)
        http_free(h);
    return fk_diag_set(diag, err ? err : FK_ERR_NOMEM,
        "the HTTP server did not start: no memory or threads");
}

/* Is *counter 0 within for_ns? */
static bool wait_zero(const _Atomic uint64_t *counter, int64_t for_ns)
{
    int64_t until = fk_mono_ns() + for_ns;

    while (atomic_load(counter) > 0 && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
    return atomic_load(counter) == 0;
}

bool http_stop(struct http *h, int64_t patience_ns)
{
    atomic_store(&h->draining, true);
    for (int i = 0; i < 2; i++) {
        MHD_socket fd = h->daemon[i] ? MHD_quiesce_daemon(h->daemon[i]) : -1;
        if (fd >= 0)
            close(fd);
    }
    if (!wait_zero(&h->server->metrics.http_in_flight, patience_ns)) {
        atomic_store(&h->aborting, true);
        /* microhttpd aborts the process when it is stopped with suspended
         * connections; uploads that hang it can cut itself. */
        if (!wait_zero(&h->running, patience_ns))
            return false;
    }
    http_free(h);
    return true;
}
