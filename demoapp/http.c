#include "demoapp/http.h"

#include "common/check.h"
#include "common/clock.h"
#include "demoapp/call.h"
#include "demoapp/deadlines.h"
#include "demoapp/endpoints.h"
#include "demoapp/pool.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTION_MEMORY = 32 * 1024,
    BODY_PATIENCE = 16 * HTTP_BODY_MAX,
    DRAIN_S = 10,
};

struct demo_http {
    struct demo_http_config config;
    struct MHD_Daemon *daemons[SOCKETS_MAX];
    int num_daemons;
    struct deadlines *deadlines;
    struct pool *cpu, *io;
    pthread_mutex_t lock; /* guards in_flight */
    pthread_cond_t drained;
    size_t in_flight; /* requests begun and not yet completed */
};

enum stage { STAGE_READING, STAGE_WORKING, STAGE_ANSWERED };

/* One request. The event thread and a worker take turns: the worker owns it
 * from suspend to resume. */
struct exchange {
    struct demo_http *http;
    struct MHD_Connection *connection;
    struct deadline *watch;
    struct call call;
    enum stage stage;
    size_t body_bytes;
    const char *path; /* valid until the request completes */
};

void demo_http_config_init(struct demo_http_config *config, struct app *app)
{
    *config = (struct demo_http_config){
        .app = app,
        .max_connections = 512,
        .io_workers = 32,
        .queue_limit = 256,
        .header_timeout = 10 * FK_NS_PER_S,
        .idle_timeout = 60 * FK_NS_PER_S,
    };
}

static void count_in_flight(struct demo_http *h, int change)
{
    pthread_mutex_lock(&h->lock);
    h->in_flight += (size_t)change;
    if (h->in_flight == 0)
        pthread_cond_signal(&h->drained);
    pthread_mutex_unlock(&h->lock);
}

static struct deadline *watch_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static bool from_here(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && info->client_addr && sockets_is_loopback(info->client_addr);
}

static void set_deadline(struct exchange *x, int64_t timeout_ns)
{
    if (x->watch)
        deadlines_set(x->http->deadlines, x->watch,
            timeout_ns ? fk_mono_ns() + timeout_ns : 0);
}

static void on_connection(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code)
{
    struct demo_http *h = arg;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        deadlines_drop(h->deadlines, *context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return;
    struct deadline *w = deadlines_add(h->deadlines, info->connect_fd);
    deadlines_set(h->deadlines, w, fk_mono_ns() + h->config.header_timeout);
    *context = w;
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct call *c = &x->call;
    size_t len;
    char *bytes = fk_buf_take(&c->body, &len);
    struct MHD_Response *r =
        MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(bytes);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", "application/json");
    if (c->header_name)
        MHD_add_response_header(r, c->header_name, c->header_value);
    enum MHD_Result result =
        MHD_queue_response(x->connection, (unsigned)c->status, r);
    MHD_destroy_response(r);
    x->stage = STAGE_ANSWERED;
    return result;
}

static void work(void *arg)
{
    struct exchange *x = arg;
    endpoints_run(&x->call);
    MHD_resume_connection(x->connection);
}

static void refuse_busy(struct exchange *x)
{
    x->call.header_name = "Retry-After";
    x->call.header_value = "1";
    call_fail(&x->call, 503,
        "More than %zu requests wait for a worker; try again in a second.",
        x->http->config.queue_limit);
}

static void refuse_long_body(struct exchange *x)
{
    call_fail(&x->call, 413,
        "The body is too long; this service reads at most %d bytes.",
        HTTP_BODY_MAX);
}

/* Stops at the first that is answered. */
static enum MHD_Result on_parameter(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct call *c = arg;
    (void)kind;
    return endpoints_take(c, fk_slice_of(name), fk_slice_of(value ? value : ""))
               ? MHD_YES
               : MHD_NO;
}

/* False: answered. */
static bool find_endpoint(struct exchange *x)
{
    struct call *c = &x->call;
    if (!endpoints_find(c, fk_slice_of(x->path)))
        return false;
    MHD_get_connection_values(
        x->connection, MHD_GET_ARGUMENT_KIND, on_parameter, c);
    return c->status == 200;
}

static enum MHD_Result dispatch(struct exchange *x)
{
    struct pool *pools[] = {
        [LANE_INLINE] = NULL,
        [LANE_CPU] = x->http->cpu,
        [LANE_IO] = x->http->io,
    };
    set_deadline(x, 0);
    if (x->body_bytes > HTTP_BODY_MAX) {
        refuse_long_body(x);
        return send_answer(x);
    }
    if (!find_endpoint(x))
        return send_answer(x);
    struct pool *pool = pools[x->call.endpoint->lane];
    if (!pool) {
        endpoints_run(&x->call);
        return send_answer(x);
    }
    /* Suspended first: a worker may be done before pool_submit returns. */
    x->stage = STAGE_WORKING;
    MHD_suspend_connection(x->connection);
    if (pool_submit(pool, work, x) != FK_OK) {
        refuse_busy(x);
        MHD_resume_connection(x->connection);
    }
    return MHD_YES;
}

struct framing {
    int lengths, encodings, hosts;
    uint64_t length;
    bool bad;
};

static enum MHD_Result on_header(
    void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *f = arg;
    (void)kind;
    if (strcasecmp(name, "Content-Length") == 0) {
        f->lengths++;
        f->bad |= !fk_slice_u64(fk_slice_of(value), &f->length);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        f->encodings++;
    } else if (strcasecmp(name, "Host") == 0) {
        f->hosts++;
    }
    return MHD_YES;
}

/* What the library lets through but two readers could understand in two
 * ways. False: answered. */
static bool head_is_sound(struct exchange *x)
{
    struct framing f = {0};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, on_header, &f);
    if (f.bad || f.lengths > 1 || (f.lengths && f.encodings) || f.hosts > 1)
        call_fail(&x->call, 400,
            "The length of the body or the host is given in two ways; send "
            "one Content-Length or one Transfer-Encoding, and one Host.");
    else if (f.length > HTTP_BODY_MAX)
        refuse_long_body(x);
    else
        return true;
    return false;
}

static enum call_method method_of(const char *method)
{
    static const struct {
        const char *name;
        enum call_method method;
    } names[] = {{MHD_HTTP_METHOD_GET, CALL_GET},
        {MHD_HTTP_METHOD_HEAD, CALL_HEAD}, {MHD_HTTP_METHOD_POST, CALL_POST}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, method) == 0)
            return names[i].method;
    return CALL_OTHER;
}

static enum MHD_Result begin(struct demo_http *h,
    struct MHD_Connection *connection, const char *method, struct exchange *x)
{
    x->http = h;
    x->connection = connection;
    x->watch = watch_of(connection);
    call_init(&x->call, h->config.app, method_of(method));
    x->call.local = from_here(connection);
    count_in_flight(h, 1);
    set_deadline(x, h->config.header_timeout);
    return head_is_sound(x) ? MHD_YES : send_answer(x);
}

/* The service needs no body: it is counted and thrown away. One that is too
 * long (and did not say so in its head) is answered when it ends, but not
 * waited for without end. */
static enum MHD_Result read_body(struct exchange *x, size_t *len)
{
    x->body_bytes += *len;
    *len = 0;
    return x->body_bytes <= BODY_PATIENCE ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *body,
    size_t *body_len, void **context)
{
    (void)version;
    (void)body;
    struct exchange *x = *context;
    if (!x) {
        x = calloc(1, sizeof *x);
        if (!x)
            return MHD_NO;
        *context = x;
        return begin(arg, connection, method, x);
    }
    if (*body_len)
        return read_body(x, body_len);
    switch (x->stage) {
    case STAGE_READING:
        x->path = url;
        return dispatch(x);
    case STAGE_WORKING:
        return send_answer(x);
    case STAGE_ANSWERED:
        break;
    }
    return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_RequestTerminationCode why)
{
    struct demo_http *h = arg;
    struct exchange *x = *context;
    (void)connection;
    if (!x)
        return;
    if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        set_deadline(x, h->config.idle_timeout);
    call_fini(&x->call);
    free(x);
    *context = NULL;
    count_in_flight(h, -1);
}

/* Paths stay as they came: the library would cut them at a %00. */
static size_t keep_coded(void *arg, struct MHD_Connection *c, char *path)
{
    (void)arg;
    (void)c;
    return strlen(path);
}

static enum fk_err start_daemon(
    struct demo_http *h, int fd, struct fk_diag *diag)
{
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC,
        0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, h->config.max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(h->config.idle_timeout / FK_NS_PER_S),
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_coded, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
    if (!d) {
        close(fd);
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "The web server could not be started: %s. Check the limits of "
            "processes and open files (ulimit -a).",
            strerror(errno));
    }
    h->daemons[h->num_daemons++] = d;
    return FK_OK;
}

static enum fk_err start_threads(struct demo_http *h, struct fk_diag *diag)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    enum fk_err err = deadlines_start(&h->deadlines, diag);
    if (!err)
        err = pool_start("w-cpu", cores > 1 ? (unsigned)cores : 1,
            h->config.queue_limit, &h->cpu, diag);
    if (!err)
        err = pool_start(
            "w-io", h->config.io_workers, h->config.queue_limit, &h->io, diag);
    return err;
}

enum fk_err demo_http_start(const struct demo_http_config *config,
    const struct sockets *sockets, struct demo_http **out, struct fk_diag *diag)
{
    struct demo_http *h = calloc(1, sizeof *h);
    FK_ASSERT(h);
    h->config = *config;
    pthread_mutex_init(&h->lock, NULL);
    fk_cond_init(&h->drained);

    enum fk_err err = start_threads(h, diag);
    for (int i = 0; i < sockets->count; i++) {
        if (err)
            close(sockets->fd[i]);
        else
            err = start_daemon(h, sockets->fd[i], diag);
    }
    if (err) {
        demo_http_stop(h);
        return err;
    }
    *out = h;
    return FK_OK;
}

static void wait_until_drained(struct demo_http *h)
{
    int64_t at = fk_mono_ns() + DRAIN_S * FK_NS_PER_S;
    struct timespec until = {at / FK_NS_PER_S, at % FK_NS_PER_S};
    pthread_mutex_lock(&h->lock);
    while (h->in_flight > 0 &&
           pthread_cond_timedwait(&h->drained, &h->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&h->lock);
}

void demo_http_stop(struct demo_http *h)
{
    /* Closed at once, or newcomers would connect and be reset later. */
    for (int i = 0; i < h->num_daemons; i++) {
        int fd = MHD_quiesce_daemon(h->daemons[i]);
        if (fd >= 0)
            close(fd);
    }
    wait_until_drained(h);
    /* Workers resume whatever is still suspended; stopping a daemon with a
     * suspended connection would abort the process. */
    pool_stop(h->cpu);
    pool_stop(h->io);
    for (int i = 0; i < h->num_daemons; i++)
        MHD_stop_daemon(h->daemons[i]);
    deadlines_stop(h->deadlines);
    pthread_cond_destroy(&h->drained);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
