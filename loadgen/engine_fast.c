/* The engine that speaks plain HTTP/1.1 by itself: a send, a wait and a
 * receive for a request. */
#include "loadgen/engine_calls.h"

#include "common/check.h"
#include "common/clock.h"
#include "loadgen/address.h"
#include "loadgen/request_text.h"
#include "loadgen/response.h"
#include "loadgen/waiter.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 64 * 1024 };

struct link {
    struct link *before, *after;
};

enum step { STEP_IDLE, STEP_CONNECTING, STEP_SENDING, STEP_WAITING };

/* A connection, and the request on it. In one list at a time: of the blank
 * ones without a connection, of the idle ones of a target, or of those under
 * way, the first deadline first. */
struct slot {
    struct link link; /* first: a link is its slot */
    int fd;           /* -1 = blank */
    uint32_t generation;
    uint32_t watched; /* events of epoll */
    enum step step;
    enum engine_error error; /* that the answer will be, when not OK */
    unsigned target;
    bool new_connection;
    unsigned served; /* requests on this connection, with the one under way */
    void *owner;
    int64_t sent_ns, deadline_ns;
    int64_t connect_ns; /* before: when it began; after: what it took */
    int64_t first_byte_ns;
    size_t sent; /* bytes of `out` */
    struct fk_buf out, kept;
    struct response response;
};

struct aim {
    struct link idle;
    struct address address;
};

struct fast_engine {
    struct engine base;
    struct engine_config config;
    struct waiter waiter;
    struct request_text text;
    struct aim *aims;
    struct slot *slots;
    struct link blank, busy;
    unsigned inflight;
    uint64_t answers; /* ever */
    char scratch[SCRATCH_BYTES];
};

/* ---- lists ----------------------------------------------------------------
 */

static void list_init(struct link *head)
{
    head->before = head->after = head;
}

static struct slot *list_first(const struct link *head)
{
    return head->after == head ? NULL : (struct slot *)head->after;
}

static void unlink_slot(struct slot *s)
{
    s->link.before->after = s->link.after;
    s->link.after->before = s->link.before;
}

static void link_after(struct link *where, struct slot *s)
{
    s->link.before = where;
    s->link.after = where->after;
    where->after->before = &s->link;
    where->after = &s->link;
}

/* Deadlines come in order as long as the timeout is the same: the place is
 * at the end, or close to it. */
static void link_by_deadline(struct fast_engine *e, struct slot *s)
{
    struct link *where = e->busy.before;
    while (where != &e->busy &&
           ((struct slot *)where)->deadline_ns > s->deadline_ns)
        where = where->before;
    link_after(where, s);
}

/* ---- a connection -----------------------------------------------------------
 */

static uint64_t tag_of(const struct fast_engine *e, const struct slot *s)
{
    return (uint64_t)(s - e->slots) | (uint64_t)s->generation << 32;
}

static void disconnect(struct slot *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->generation++; /* events that were seen already are of the old one */
    s->step = STEP_IDLE;
}

/* Answers come from engine_run alone: now is the time of this one. */
static void fail_soon(
    struct fast_engine *e, struct slot *s, enum engine_error error)
{
    s->error = error;
    s->deadline_ns = fk_mono_ns();
    unlink_slot(s);
    link_after(&e->busy, s);
}

static void watch(struct fast_engine *e, struct slot *s, uint32_t events)
{
    if (s->watched == events)
        return;
    s->watched = events;
    waiter_change(&e->waiter, s->fd, events, tag_of(e, s));
}

static void send_rest(struct fast_engine *e, struct slot *s)
{
    ssize_t n =
        send(s->fd, s->out.ptr + s->sent, s->out.len - s->sent, MSG_NOSIGNAL);
    bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
    s->sent += n > 0 ? (size_t)n : 0;
    /* Broken: what can be received tells what became of it. */
    bool done = broken || s->sent == s->out.len;
    s->step = done ? STEP_WAITING : STEP_SENDING;
    watch(e, s, done ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void start_connection(struct fast_engine *e, struct slot *s)
{
    const struct aim *aim = &e->aims[s->target];
    int on = 1;
    s->new_connection = true;
    s->served = 1;
    s->connect_ns = fk_mono_ns();
    s->step = STEP_CONNECTING;
    s->watched = EPOLLOUT;
    s->fd = socket(aim->address.any.sa_family,
        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        fail_soon(e, s, engine_error_of_connect(errno));
        return;
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if ((connect(
             s->fd, (const struct sockaddr *)&aim->address, aim->address.len) &&
            errno != EINPROGRESS) ||
        !waiter_add(&e->waiter, s->fd, s->watched, tag_of(e, s)))
        fail_soon(e, s, engine_error_of_connect(errno));
}

static void finish_connection(struct fast_engine *e, struct slot *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    s->connect_ns = fk_mono_ns() - s->connect_ns;
    if (error)
        fail_soon(e, s, engine_error_of_connect(error));
    else
        send_rest(e, s);
}

/* ---- an answer --------------------------------------------------------------
 */

static void release(struct fast_engine *e, struct slot *s, bool reusable)
{
    if (!reusable)
        disconnect(s);
    s->step = STEP_IDLE;
    link_after(s->fd < 0 ? &e->blank : &e->aims[s->target].idle, s);
}

static void answer(
    struct fast_engine *e, struct slot *s, enum engine_error error, bool keep)
{
    bool connected = s->new_connection && s->step != STEP_CONNECTING;
    struct engine_answer a = {
        .owner = s->owner,
        .error = error,
        .status = s->response.status,
        .sent_ns = s->sent_ns,
        .done_ns = fk_mono_ns(),
        .bytes = s->response.bytes,
        .new_connection = s->new_connection,
        .connect_ns = connected ? s->connect_ns : 0,
        .first_byte_ns = s->first_byte_ns,
        .body = fk_buf_slice(&s->kept),
    };
    e->answers++;
    unlink_slot(s);
    /* The slot is not free yet: the callback reads its body. */
    e->config.on_answer(e->config.arg, &a);
    e->inflight--;
    release(e, s, keep);
}

/* May the connection have more requests, after the one under way? */
static bool may_serve(const struct fast_engine *e, const struct slot *s)
{
    return !e->config.per_connection || s->served < e->config.per_connection;
}

/* The peer ended the connection. One that was kept may have ended before the
 * request came: that says nothing about the service, so it is sent again. */
static void lose_connection(
    struct fast_engine *e, struct slot *s, enum engine_error error)
{
    bool stale = !s->new_connection && !s->response.started;
    if (!stale) {
        answer(e, s, error, false);
        return;
    }
    disconnect(s);
    response_reset(&s->response);
    s->sent = 0;
    start_connection(e, s);
}

static void take_bytes(struct fast_engine *e, struct slot *s, size_t n)
{
    struct fk_slice in = {e->scratch, n};
    struct response *r = &s->response;
    if (s->new_connection && !r->started)
        s->first_byte_ns = fk_mono_ns() - s->sent_ns;
    switch (response_feed(r, &in, &s->kept)) {
    case RESPONSE_DONE:
        answer(e, s, ENGINE_OK,
            r->keep_alive && !in.len && s->sent == s->out.len &&
                may_serve(e, s));
        break;
    case RESPONSE_BAD:
        answer(e, s, ENGINE_GARBAGE, false);
        break;
    case RESPONSE_STATUS:
    case RESPONSE_HEADER:
    case RESPONSE_SIZED:
    case RESPONSE_CHUNK_SIZE:
    case RESPONSE_CHUNK:
    case RESPONSE_CHUNK_END:
    case RESPONSE_TRAILER:
    case RESPONSE_UNTIL_CLOSE:
    case RESPONSE_NUM_STATES:
        break; /* more is to come */
    }
}

static void take_end(struct fast_engine *e, struct slot *s)
{
    if (response_close(&s->response) == RESPONSE_DONE)
        answer(e, s, ENGINE_OK, false);
    else
        lose_connection(e, s, s->response.status ? ENGINE_RESET : ENGINE_EMPTY);
}

static void receive(struct fast_engine *e, struct slot *s)
{
    ssize_t n = recv(s->fd, e->scratch, sizeof e->scratch, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (s->step == STEP_IDLE) { /* nobody asked: closed, or out of step */
        unlink_slot(s);
        release(e, s, false);
    } else if (n < 0) {
        lose_connection(e, s, ENGINE_RESET);
    } else if (n == 0) {
        take_end(e, s);
    } else {
        take_bytes(e, s, (size_t)n);
    }
}

static void handle_event(struct fast_engine *e, const struct epoll_event *ev)
{
    struct slot *s = &e->slots[(uint32_t)ev->data.u64];
    if (s->generation != ev->data.u64 >> 32 || s->error)
        return;
    if (s->step == STEP_CONNECTING)
        finish_connection(e, s);
    else if (ev->events & ~(uint32_t)EPOLLOUT)
        receive(e, s);
    else if (s->step == STEP_SENDING)
        send_rest(e, s);
}

/* Whose time is up, or who failed where no answer could be given. */
static void settle(struct fast_engine *e)
{
    int64_t now = fk_mono_ns();
    struct slot *s;
    while ((s = list_first(&e->busy)) && s->deadline_ns <= now)
        answer(e, s, s->error ? s->error : ENGINE_TIMEOUT, false);
}

/* ---- the engine's calls -----------------------------------------------------
 */

/* An idle connection to the target, else a blank slot, else one that is
 * connected to somebody else. */
static struct slot *find_slot(struct fast_engine *e, unsigned target)
{
    struct slot *s = list_first(&e->aims[target].idle);
    if (!s)
        s = list_first(&e->blank);
    for (unsigned i = 0; !s && i < e->config.num_targets; i++)
        s = list_first(&e->aims[i].idle);
    if (s && s->target != target)
        disconnect(s);
    return s;
}

static enum fk_err fast_start(
    struct engine *base, const struct engine_request *request)
{
    struct fast_engine *e = (struct fast_engine *)base;
    struct slot *s = find_slot(e, request->target);
    if (!s)
        return FK_ERR_FULL;
    unlink_slot(s);
    s->owner = request->owner;
    s->target = request->target;
    s->error = ENGINE_OK;
    s->new_connection = false;
    s->first_byte_ns = 0;
    s->sent = 0;
    s->sent_ns = request->now_ns;
    s->deadline_ns = s->sent_ns + request->timeout_ns;
    fk_buf_reset(&s->kept);
    response_reset(&s->response);
    link_by_deadline(e, s);
    e->inflight++;
    s->served = s->fd < 0 ? 1 : s->served + 1;
    if (!request_text_write(&e->text, request, !may_serve(e, s), &s->out))
        fail_soon(e, s, ENGINE_OTHER);
    else if (s->fd < 0)
        start_connection(e, s);
    else
        send_rest(e, s);
    return FK_OK;
}

static unsigned fast_inflight(const struct engine *base)
{
    return ((const struct fast_engine *)base)->inflight;
}

static void fast_run(struct engine *base, int64_t deadline_ns)
{
    struct fast_engine *e = (struct fast_engine *)base;
    uint64_t before = e->answers;
    bool rung = false;
    settle(e);
    while (!rung && e->answers == before) {
        const struct slot *first = list_first(&e->busy);
        bool sooner = first && first->deadline_ns < deadline_ns;
        int n = waiter_wait(
            &e->waiter, sooner ? first->deadline_ns : deadline_ns, &rung);
        for (int i = 0; i < n; i++)
            handle_event(e, &e->waiter.events[i]);
        settle(e);
    }
}

static void fast_wake(struct engine *base)
{
    waiter_ring(&((struct fast_engine *)base)->waiter);
}

static unsigned fast_abort(struct engine *base)
{
    struct fast_engine *e = (struct fast_engine *)base;
    unsigned given_up = e->inflight;
    struct slot *s;
    while ((s = list_first(&e->busy))) {
        unlink_slot(s);
        release(e, s, false);
    }
    e->inflight = 0;
    return given_up;
}

static void fast_close(struct engine *base)
{
    struct fast_engine *e = (struct fast_engine *)base;
    for (unsigned i = 0; i < e->config.max_inflight; i++) {
        struct slot *s = &e->slots[i];
        disconnect(s);
        fk_buf_fini(&s->out);
        fk_buf_fini(&s->kept);
        response_fini(&s->response);
    }
    request_text_fini(&e->text);
    waiter_fini(&e->waiter);
    free(e->aims);
    free(e->slots);
    free(e);
}

static void init_slot(struct fast_engine *e, struct slot *s)
{
    s->fd = -1;
    fk_buf_init(&s->out, REQUEST_TEXT_MAX);
    fk_buf_init(&s->kept, ENGINE_BODY_KEPT);
    response_init(&s->response);
    link_after(&e->blank, s);
}

static struct engine *fast_open(const struct engine_config *config)
{
    struct fast_engine *e = calloc(1, sizeof *e);
    FK_ASSERT(e);
    e->base.calls = &engine_fast;
    e->config = *config;
    e->aims = calloc(config->num_targets, sizeof *e->aims);
    e->slots = calloc(config->max_inflight, sizeof *e->slots);
    FK_ASSERT(e->aims && e->slots);
    list_init(&e->blank);
    list_init(&e->busy);
    request_text_init(&e->text, config->targets, config->num_targets);
    for (unsigned i = 0; i < config->num_targets; i++) {
        list_init(&e->aims[i].idle);
        /* engine_choose has asked. */
        FK_ASSERT(!address_find(&config->targets[i], &e->aims[i].address));
    }
    /* From the last to the first, so that the first is used first. */
    for (unsigned i = config->max_inflight; i-- > 0;)
        init_slot(e, &e->slots[i]);
    if (waiter_init(&e->waiter))
        return &e->base;
    int why = errno;
    fast_close(&e->base);
    errno = why;
    return NULL;
}

const struct engine_calls engine_fast = {fast_open, fast_close, fast_start,
    fast_inflight, fast_run, fast_wake, fast_abort};
