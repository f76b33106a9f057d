#include "server/exchange.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/access.h"
#include "server/request_check.h"
#include "server/server.h"
#include "server/tenant.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_BODIES    ((uint64_t)512 << 20)
#define DISCARD_MAX   ((uint64_t)16 << 20)
#define REQUEST_BYTES ((size_t)512 << 20) /* arena of one request */
#define REPLY_BYTES   ((size_t)256 << 20)
#define REST_NS       (75 * FK_NS_PER_S) /* between two requests */

enum { PROGRESS_BYTES = 256 << 10 }; /* of a body, in each time of grace */

struct exchange *exchange_new(struct front *f, const char *uri)
{
    struct exchange *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    x->front = f;
    x->request.server = f->server;
    x->request.connection = x;
    fk_arena_init(&x->request.arena, REQUEST_BYTES);
    fk_buf_init(&x->request.reply.body, REPLY_BYTES);
    fk_buf_init(&x->body, 0);
    x->uri = fk_arena_strdup(&x->request.arena, fk_slice_of(uri));
    x->request.headers = fk_arena_array(&x->request.arena,
        EXCHANGE_MAX_HEADERS + 1, sizeof(*x->request.headers));
    return x;
}

static void exchange_free(struct exchange *x)
{
    atomic_fetch_sub(&x->front->body_bytes, x->body.len);
    fk_buf_fini(&x->body);
    fk_buf_fini(&x->request.reply.body);
    fk_arena_fini(&x->request.arena);
    free(x);
}

/* ---- refusals ---------------------------------------------------------- */

static void refuse(
    struct exchange *x, int status, const char *code, const char *text)
{
    reply_refuse(&x->request, x->match.route, status, code, text);
}

static void refuse_busy(struct exchange *x, const char *text)
{
    metrics_add(&x->front->server->metrics, METRIC_HTTP_BUSY, 1);
    reply_header(&x->request, "Retry-After", "1");
    refuse(x, 503, "unavailable", text);
}

static void refuse_too_large(struct exchange *x)
{
    reply_error(&x->request, 413,
        "request body too large: this route takes up to %zu bytes",
        x->match.route->max_body);
}

/* Where the next request begins is not known: this was the last one. */
static void refuse_faulty(struct exchange *x, int status, const char *text)
{
    x->faulty = true;
    metrics_add(&x->front->server->metrics, METRIC_HTTP_MALFORMED, 1);
    reply_header(&x->request, "Connection", "close");
    refuse(x, status, "invalid_argument", text);
}

static void find_route(struct exchange *x)
{
    struct request *r = &x->request;
    struct route_match *m = &x->match;
    struct fk_diag diag = {{0}};
    struct fk_slice path = {0}, query = fk_slice_of(x->uri);

    fk_slice_split(&query, '?', &path);
    r->path = fk_url_decode(&r->arena, path);
    if (access_preflight(r))
        return;
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
    } else {
        access_check(r, m->route);
    }
}

/* ---- the request ------------------------------------------------------- */

void exchange_head(struct exchange *x, const char *method, const char *version)
{
    struct request *r = &x->request;
    uint64_t length = 0;

    x->began_ns = fk_mono_ns();
    atomic_fetch_add(&x->front->server->metrics.http_in_flight, 1);
    reaper_arm(x->front->reaper, x->deadline, EXCHANGE_GRACE_NS);
    r->method = fk_slice_of(method);
    if (!r->headers || !x->uri) {
        refuse(x, 503, "unavailable", "the server is out of memory");
        return;
    }
    const char *fault = request_framing_fault(r, version);
    if (r->num_headers > EXCHANGE_MAX_HEADERS)
        refuse_faulty(x, 431, "the request has over 100 headers");
    else if (fault)
        refuse_faulty(x, 400, fault);
    else
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
bool exchange_answers_early(const struct exchange *x)
{
    const struct request *r = &x->request;
    uint64_t length = 0;

    if (!r->reply.status)
        return false;
    if (x->faulty)
        return true;
    fk_slice_u64(request_header(r, "Content-Length"), &length);
    return request_header(r, "Expect").ptr || length > DISCARD_MAX;
}

/* False: the client sends without end, so the connection is dropped. */
bool exchange_receive(struct exchange *x, const char *bytes, size_t len)
{
    struct front *f = x->front;
    uint64_t before = x->received;

    x->received += len;
    if (before / PROGRESS_BYTES != x->received / PROGRESS_BYTES)
        reaper_arm(f->reaper, x->deadline, EXCHANGE_GRACE_NS);
    metrics_add(&f->server->metrics, METRIC_BODY_BYTES, len);
    if (x->request.reply.status)
        return x->received < x->body.limit + DISCARD_MAX;
    if (atomic_fetch_add(&f->body_bytes, len) + len > ALL_BODIES) {
        atomic_fetch_sub(&f->body_bytes, len);
        refuse_busy(x, "too many request bodies are in memory; try again");
        return true;
    }
    fk_buf_add(&x->body, bytes, len);
    if (x->body.err == FK_OK)
        return true;
    atomic_fetch_sub(&f->body_bytes, len);
    if (x->body.err == FK_ERR_LIMIT)
        refuse_too_large(x);
    else
        refuse_busy(x, "the server is out of memory; try again");
    return true;
}

/* ---- running a route --------------------------------------------------- */

static bool is_query(const struct exchange *x)
{
    return x->match.route->lane == LANE_QUERY;
}

static bool client_left(struct exchange *x)
{
    struct pollfd p = {x->fd, POLLRDHUP, 0};

    if (poll(&p, 1, 0) <= 0 || p.revents == 0)
        return false;
    atomic_store(&x->left, true);
    return true;
}

/* What is left of a query is not done for nobody. */
static bool give_up(struct exchange *x)
{
    if (!is_query(x) || !client_left(x))
        return false;
    reply_connect_error(&x->request, "canceled", "the client went away");
    return true;
}

static void let_go(struct exchange *x)
{
    struct front *f = x->front;

    if (atomic_fetch_sub(&x->pending, 1) > 1)
        return;
    if (!give_up(x))
        reply_compress(&x->request);
    if (is_query(x))
        atomic_fetch_sub(&f->server->metrics.queries_running, 1);
    x->ready = true;
    f->wake(x);
    atomic_fetch_sub(&f->running, 1);
}

static void run(struct exchange *x)
{
    if (give_up(x))
        return;
    if (tenant_resolve(&x->request, x->match.route))
        x->match.route->fn(&x->request);
}

void exchange_work(void *arg)
{
    run(arg);
    let_go(arg);
}

bool exchange_start(struct exchange *x, void (*sleep)(struct exchange *x))
{
    struct request *r = &x->request;
    const struct route *route = x->match.route;

    reaper_arm(x->front->reaper, x->deadline, 0);
    x->started = true;
    if (r->reply.status) {
        x->ready = true;
        return true;
    }
    r->body = fk_buf_slice(&x->body);
    if (route->lane == LANE_INLINE) {
        run(x);
        reply_compress(r);
        x->ready = true;
        return true;
    }
    /* Asleep first: the worker may be done before workers_push returns. */
    atomic_store(&x->pending, 1);
    atomic_fetch_add(&x->front->running, 1);
    if (is_query(x))
        atomic_fetch_add(&x->front->server->metrics.queries_running, 1);
    sleep(x);
    if (!workers_push(x->front->lane[route->lane], x)) {
        refuse_busy(x, "the server has more requests than it can work on; "
                       "try again in a second");
        let_go(x);
    }
    return false;
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
        let_go(r->connection);
}

bool request_cancelled(void *request)
{
    const struct request *r = request;
    struct exchange *x = r->connection;

    return x && (atomic_load(&x->front->aborting) || client_left(x));
}

/* ---- the end ----------------------------------------------------------- */

/* NUL-terminated, for the log: names from strangers are cut and quoted. */
static const char *cut(struct fk_slice s, char *out, size_t size)
{
    size_t len = s.len < size ? s.len : size - 1;

    memcpy(out, s.ptr ? s.ptr : "", len);
    out[len] = '\0';
    return out;
}

static void log_exchange(
    const struct exchange *x, enum fk_log_level level, int64_t took_ns)
{
    const struct request *r = &x->request;
    struct fk_slice tenant = request_header(r, "X-Scope-OrgID");
    char method[16], path[200], who[80] = "-";

    if (x->front->server->options.multitenancy && tenant.len)
        snprintf(who, sizeof(who), "%s",
            fk_log_quote(cut(tenant, path, sizeof(who) - 4)));
    fk_log(level, "http",
        "method=%s path=%s status=%d received=%llu sent=%zu took_us=%lld "
        "tenant=%s token=%s",
        fk_log_quote(cut(r->method, method, sizeof(method))),
        fk_log_quote(cut(r->path, path, sizeof(path))), r->reply.status,
        (unsigned long long)x->received, x->sent, (long long)(took_ns / 1000),
        who, r->token ? r->token->name : "-");
}

void exchange_finish(struct exchange *x, bool sent)
{
    struct server *s = x->front->server;

    if (x->connection) {
        int64_t took_ns = fk_mono_ns() - x->began_ns;
        metrics_answered(&s->metrics,
            x->match.route ? x->match.index : METRICS_ROUTES - 1,
            sent ? x->request.reply.status : 0, took_ns);
        atomic_fetch_sub(&s->metrics.http_in_flight, 1);
        if (atomic_load(&x->left))
            metrics_add(&s->metrics, METRIC_QUERIES_CANCELLED, 1);
        if (server_live(s)->access_log)
            log_exchange(x, FK_LOG_INFO, took_ns);
        else if (s->options.verbose)
            log_exchange(x, FK_LOG_DEBUG, took_ns);
        reaper_arm(x->front->reaper, x->deadline, REST_NS);
    }
    exchange_free(x);
}
