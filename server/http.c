#include "server/http.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/exchange.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    HTTP_MAX_CONNECTIONS = 1000,
    HTTP_CONNECTION_BYTES = 128 << 10, /* head and read buffer */
    HTTP_IDLE_S = 60,
    HTTP_QUEUE = 256, /* requests that wait for a worker, a lane */
    PEM_BYTES = 1 << 20,
    HTTP_MIN_RATE = 8 << 10, /* bytes of an answer a second, after grace */
};

#define HTTP_HEAD_NS (10 * FK_NS_PER_S)

struct http {
    struct front front;
    struct MHD_Daemon *daemon[2];
    struct fk_buf cert, key; /* PEM; empty = no TLS */
};

/* ---- from microhttpd's memory to struct request ------------------------ */

static void *on_line(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct http *h = arg;
    (void)mhd;

    return exchange_new(&h->front, uri);
}

static enum MHD_Result header_add(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request *r = arg;
    (void)kind;

    if (r->num_headers > EXCHANGE_MAX_HEADERS)
        return MHD_NO; /* one too many is seen by exchange_head */
    struct request_header *h = &r->headers[r->num_headers++];
    h->name = fk_slice_of(name);
    h->value = fk_slice_of(value ? value : "");
    return MHD_YES;
}

/* ---- the answer -------------------------------------------------------- */

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

static enum MHD_Result send_reply(struct exchange *x)
{
    struct request *r = &x->request;
    struct reply *p = &r->reply;

    if (p->status == 0 || (p->body.err != FK_OK && !p->fixed.ptr))
        reply_error(r, 500, "the answer could not be made (%s); ask for less",
            fk_err_name(p->body.err));
    reaper_arm(x->front->reaper, x->deadline,
        EXCHANGE_GRACE_NS +
            (int64_t)((p->body.len + p->fixed.len) / HTTP_MIN_RATE) *
                FK_NS_PER_S);
    x->sent = p->fixed.ptr ? p->fixed.len : p->body.len;
    struct MHD_Response *response = response_of(p);
    if (!response)
        return MHD_NO;
    if (p->content_type)
        MHD_add_response_header(response, "Content-Type", p->content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (unsigned i = 0; i < p->num_headers; i++)
        MHD_add_response_header(
            response, p->header[i].name, p->header[i].value);
    if (atomic_load(&x->front->draining))
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result ok =
        MHD_queue_response(x->connection, (unsigned)p->status, response);
    MHD_destroy_response(response);
    return ok;
}

static void put_to_sleep(struct exchange *x)
{
    MHD_suspend_connection(x->connection);
}

static void wake(struct exchange *x)
{
    MHD_resume_connection(x->connection);
}

static void head_complete(struct exchange *x, struct MHD_Connection *mhd,
    const char *method, const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    x->connection = mhd;
    x->deadline = info ? info->socket_context : NULL;
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    x->fd = info ? info->connect_fd : -1;
    if (x->request.headers)
        MHD_get_connection_values(
            mhd, MHD_HEADER_KIND, header_add, &x->request);
    exchange_head(x, method, version);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **state)
{
    struct exchange *x = *state;
    (void)arg, (void)url;

    if (!x)
        return MHD_NO;
    if (!x->connection) {
        head_complete(x, mhd, method, version);
        return exchange_answers_early(x) ? send_reply(x) : MHD_YES;
    }
    if (*upload_size > 0) {
        bool going = exchange_receive(x, upload, *upload_size);
        *upload_size = 0;
        return going ? MHD_YES : MHD_NO;
    }
    if (!x->started && !exchange_start(x, put_to_sleep))
        return MHD_YES;
    return x->ready ? send_reply(x) : MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **state,
    enum MHD_RequestTerminationCode why)
{
    (void)arg, (void)mhd;

    if (*state)
        exchange_finish(*state, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *state = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode what)
{
    struct http *h = arg;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        reaper_forget(h->front.reaper, *context);
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context =
        info ? reaper_watch(h->front.reaper, info->connect_fd, HTTP_HEAD_NS)
             : NULL;
    metrics_add(&h->front.server->metrics, METRIC_HTTP_CONNECTIONS, 1);
}

/* ---- start and stop ---------------------------------------------------- */

static void on_complaint(void *arg, const char *fmt, va_list ap)
    FK_PRINTF(2, 0);

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
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, h->cert.ptr},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, h->key.ptr},
        {MHD_OPTION_END, 0, NULL},
    };
    bool secure = h->cert.len > 0;
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
                                MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                                MHD_USE_ERROR_LOG | (secure ? MHD_USE_TLS : 0u),
        0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_complaint,
        NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        cores(), MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_URI_LOG_CALLBACK, on_line, h, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
        MHD_OPTION_ARRAY, secure ? tls : &tls[2], MHD_OPTION_END);
}

static enum fk_err lanes_start(struct http *h)
{
    const struct workers_options options[LANE_INLINE] = {
        [LANE_QUERY] = {"query", cores() < 4 ? 4 : cores(), HTTP_QUEUE,
            exchange_work},
        [LANE_INGEST] = {"ingest", cores(), HTTP_QUEUE, exchange_work},
        [LANE_OPS] = {"ops", 1, HTTP_QUEUE, exchange_work},
    };
    enum fk_err err = FK_OK;

    for (int i = 0; i < LANE_INLINE && err == FK_OK; i++)
        err = workers_start(&options[i], &h->front.lane[i]);
    return err;
}

/* Parts that have not been started are NULL. */
static void http_free(struct http *h)
{
    for (int i = 0; i < 2; i++)
        if (h->daemon[i])
            MHD_stop_daemon(h->daemon[i]);
    for (int i = 0; i < LANE_INLINE; i++)
        workers_stop(h->front.lane[i]);
    reaper_stop(h->front.reaper);
    fk_buf_fini(&h->cert);
    fk_buf_fini(&h->key);
    free(h);
}

/* A NUL follows the bytes, as microhttpd wants it. */
static enum fk_err read_pem(
    const char *path, struct fk_buf *out, struct fk_diag *diag)
{
    char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "re");

    if (!f)
        return fk_diag_set(diag, FK_ERR_ARG, "TLS: %s cannot be read: %s", path,
            strerror(errno));
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        fk_buf_add(out, chunk, n);
    fclose(f);
    if (out->err || !out->len ||
        !fk_slice_contains(fk_buf_slice(out), FK_SLICE("-----BEGIN ")))
        return fk_diag_set(
            diag, FK_ERR_ARG, "TLS: %s is no PEM file of up to 1 MiB", path);
    return FK_OK;
}

static enum fk_err tls_load(
    struct http *h, const struct server_options *o, struct fk_diag *diag)
{
    fk_buf_init(&h->cert, PEM_BYTES);
    fk_buf_init(&h->key, PEM_BYTES);
    if (!o->cert)
        return FK_OK;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return fk_diag_set(diag, FK_ERR_ARG,
            "this machine's libmicrohttpd cannot do TLS; leave out --cert");
    enum fk_err err = read_pem(o->cert, &h->cert, diag);
    return err ? err : read_pem(o->key, &h->key, diag);
}

enum fk_err http_start(struct server *server,
    const struct listen_sockets *sockets, struct http **out,
    struct fk_diag *diag)
{
    struct http *h = calloc(1, sizeof(*h));
    unsigned connections = connection_limit(sockets->count);
    enum fk_err err =
        h ? reaper_start(connections / 4 * 3,
                &server->metrics.counter[METRIC_HTTP_REAPED], &h->front.reaper)
          : FK_ERR_NOMEM;
    unsigned started = 0;

    if (err == FK_OK)
        err = tls_load(h, &server->options, diag);
    if (err == FK_OK)
        err = lanes_start(h);
    if (err == FK_OK) {
        h->front.server = server;
        h->front.wake = wake;
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
        server->options.cert
            ? "the HTTP server did not start: the certificate and the key do "
              "not fit, or no memory or threads"
            : "the HTTP server did not start: no memory or threads");
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
    atomic_store(&h->front.draining, true);
    for (int i = 0; i < 2; i++) {
        MHD_socket fd = h->daemon[i] ? MHD_quiesce_daemon(h->daemon[i]) : -1;
        if (fd >= 0)
            close(fd);
    }
    if (!wait_zero(&h->front.server->metrics.http_in_flight, patience_ns))
        atomic_store(&h->front.aborting, true);
    /* microhttpd aborts the process when it is stopped with suspended
     * connections; uploads that hang it can cut itself. Whoever woke the
     * last one may still be on the way out. */
    if (!wait_zero(&h->front.running, patience_ns))
        return false;
    http_free(h);
    return true;
}
