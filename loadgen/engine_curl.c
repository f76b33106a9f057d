/* The engine that can do everything, by libcurl: multi handles on one waiter.
 */
#include "loadgen/engine_calls.h"

#include "common/check.h"
#include "common/clock.h"
#include "loadgen/address.h"
#include "loadgen/curl_handle.h"
#include "loadgen/response.h"
#include "loadgen/waiter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* libcurl's cost of a request grows with the connections of a multi handle,
 * so there are several, of this many connections each. */
enum { SHARD_SLOTS = 128 };

struct slot {
    CURL *easy;
    struct shard *shard;
    struct slot *next_free;
    void *owner;
    bool busy;
    int64_t sent_ns;
    uint64_t bytes;
    unsigned target; /* index, of `url` */
    struct fk_buf url, kept;
    struct response head; /* as our own parser reads it */
};

struct shard {
    struct curl_engine *engine;
    CURLM *multi;
    int64_t deadline_ns; /* libcurl's timer; single-shot, 0 = none */
};

struct curl_engine {
    struct engine base;
    struct engine_config config;
    struct waiter waiter;
    struct slot *slots, *free;
    struct shard *shards;
    unsigned num_shards, inflight;
    struct curl_slist *pinned, *headers;
    const char *header; /* that `headers` holds beside the usual one */
    uint64_t answers;   /* ever */
};

static enum engine_error class_of_code(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum engine_error error;
    } classes[] = {
        {CURLE_OK, ENGINE_OK},
        {CURLE_COULDNT_RESOLVE_HOST, ENGINE_RESOLVE},
        {CURLE_OPERATION_TIMEDOUT, ENGINE_TIMEOUT},
        {CURLE_GOT_NOTHING, ENGINE_EMPTY},
        {CURLE_WRITE_ERROR, ENGINE_GARBAGE}, /* check_head said so */
        {CURLE_WEIRD_SERVER_REPLY, ENGINE_GARBAGE},
        {CURLE_UNSUPPORTED_PROTOCOL, ENGINE_GARBAGE}, /* HTTP/0.9, 101 */
        {CURLE_SSL_CONNECT_ERROR, ENGINE_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, ENGINE_TLS},
        {CURLE_SSL_CERTPROBLEM, ENGINE_TLS},
        {CURLE_SSL_CACERT_BADFILE, ENGINE_TLS},
        {CURLE_SSL_CIPHER, ENGINE_TLS},
        {CURLE_RECV_ERROR, ENGINE_RESET},
        {CURLE_SEND_ERROR, ENGINE_RESET},
        {CURLE_PARTIAL_FILE, ENGINE_RESET},
        {CURLE_OUT_OF_MEMORY, ENGINE_LIMIT},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].code == code)
            return classes[i].error;
    return ENGINE_OTHER;
}

static enum engine_error class_of(
    const struct slot *s, CURLcode code, int os_errno)
{
    if (code == CURLE_COULDNT_CONNECT)
        return engine_error_of_connect(os_errno);
    /* Chunks that are none; a connection that breaks has an errno. */
    if (code == CURLE_RECV_ERROR && !os_errno && s->head.chunked)
        return ENGINE_GARBAGE;
    if ((code == CURLE_OK || code == CURLE_GOT_NOTHING) &&
        response_head_broken(&s->head))
        return ENGINE_RESET;
    return class_of_code(code);
}

static size_t keep_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct slot *s = arg;
    size_t len = size * n, room = ENGINE_BODY_KEPT - s->kept.len;
    s->bytes += len;
    fk_buf_add(&s->kept, bytes, len < room ? len : room);
    return len;
}

/* libcurl takes what the fast engine refuses; both give one verdict. */
static size_t check_head(char *bytes, size_t size, size_t n, void *arg)
{
    struct slot *s = arg;
    struct fk_slice line = {bytes, size * n};
    return response_check_head(&s->head, line) ? size * n : 0;
}

/* ---- libcurl asks for sockets and time ---- */

static int on_socket(
    CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct shard *shard = arg;
    struct waiter *w = &shard->engine->waiter;
    uint64_t number = (uint64_t)(shard - shard->engine->shards);
    uint64_t tag = number << 32 | (uint32_t)fd;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
                      (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        waiter_remove(w, fd);
    } else if (known) {
        waiter_change(w, fd, events, tag);
    } else {
        waiter_add(w, fd, events, tag);
        curl_multi_assign(shard->multi, fd, shard);
    }
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct shard *shard = arg;
    (void)multi;
    shard->deadline_ns =
        timeout_ms < 0 ? 0 : fk_mono_ns() + timeout_ms * FK_NS_PER_MS;
    return 0;
}

static void act(struct shard *shard, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(shard->multi, fd, events, &running);
}

/* ---- slots ---- */

static void slot_release(struct curl_engine *e, struct slot *s)
{
    curl_multi_remove_handle(s->shard->multi, s->easy);
    s->busy = false;
    s->next_free = e->free;
    e->free = s;
    e->inflight--;
}

static bool slot_init(
    struct curl_engine *e, struct slot *s, struct shard *shard)
{
    s->shard = shard;
    s->easy = curl_handle_new();
    if (!s->easy)
        return false;
    fk_buf_init(&s->url, 128 * 1024);
    fk_buf_init(&s->kept, ENGINE_BODY_KEPT);
    response_init(&s->head);
    curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, check_head);
    curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_RESOLVE, e->pinned);
    long alone = e->config.per_connection ? 1 : 0; /* also within HTTP/2 */
    curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, alone);
    curl_easy_setopt(s->easy, CURLOPT_FRESH_CONNECT, alone);
    s->next_free = e->free;
    e->free = s;
    return true;
}

static void slot_fini(struct slot *s)
{
    curl_easy_cleanup(s->easy);
    fk_buf_fini(&s->url);
    fk_buf_fini(&s->kept);
    response_fini(&s->head);
}

/* Setting a URL costs libcurl a copy and a parse: only when it changed. */
static void slot_aim(
    struct curl_engine *e, struct slot *s, const struct engine_request *request)
{
    const char *base = e->config.targets[request->target].base_url;
    if (s->url.len && s->target == request->target &&
        strcmp(s->url.ptr + strlen(base), request->path) == 0)
        return;
    s->target = request->target;
    fk_buf_reset(&s->url);
    fk_buf_printf(&s->url, "%s%s", base, request->path);
    curl_easy_setopt(s->easy, CURLOPT_URL, s->url.ptr);
}

/* A header is set once a phase: its text stays where it is. */
static struct curl_slist *headers_of(struct curl_engine *e, const char *header)
{
    if (!e->headers || e->header != header) {
        curl_slist_free_all(e->headers);
        e->headers = curl_slist_append(NULL, CURL_HANDLE_JSON);
        if (header)
            e->headers = curl_slist_append(e->headers, header);
        if (e->config.per_connection)
            e->headers = curl_slist_append(e->headers, "Connection: close");
        e->header = header;
    }
    return e->headers;
}

static void slot_load(
    struct curl_engine *e, struct slot *s, const struct engine_request *request)
{
    const char *body = request->body, *header = request->header;
    curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER,
        body || header || e->config.per_connection ? headers_of(e, header)
                                                   : NULL);
    if (!body) {
        curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    curl_easy_setopt(s->easy, CURLOPT_COPYPOSTFIELDS, body);
}

static enum fk_err curl_start(
    struct engine *base, const struct engine_request *request)
{
    struct curl_engine *e = (struct curl_engine *)base;
    struct slot *s = e->free;
    if (!s)
        return FK_ERR_FULL;
    e->free = s->next_free;
    s->busy = true;
    s->owner = request->owner;
    s->bytes = 0;
    fk_buf_reset(&s->kept);
    response_reset(&s->head);
    slot_aim(e, s, request);
    slot_load(e, s, request);
    curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS,
        (long)(request->timeout_ns / FK_NS_PER_MS));
    s->sent_ns = request->now_ns;
    e->inflight++;
    curl_multi_add_handle(s->shard->multi, s->easy);
    /* The timer that adding has just set is this very call. */
    s->shard->deadline_ns = 0;
    act(s->shard, CURL_SOCKET_TIMEOUT, 0);
    return FK_OK;
}

static unsigned curl_inflight(const struct engine *base)
{
    return ((const struct curl_engine *)base)->inflight;
}

static void add_opening(CURL *easy, struct engine_answer *a)
{
    int64_t tls_ns = curl_handle_ns(easy, CURLINFO_APPCONNECT_TIME_T);
    a->connect_ns = curl_handle_ns(easy, CURLINFO_CONNECT_TIME_T);
    a->tls_ns = tls_ns ? tls_ns - a->connect_ns : 0;
    a->first_byte_ns = curl_handle_ns(easy, CURLINFO_STARTTRANSFER_TIME_T);
}

static void answer(struct curl_engine *e, struct slot *s, CURLcode code)
{
    long status = 0, connects = 0, os_errno = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(s->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &os_errno);
    struct engine_answer a = {
        .owner = s->owner,
        .error = class_of(s, code, (int)os_errno),
        .status = (int)status,
        .sent_ns = s->sent_ns,
        .done_ns = fk_mono_ns(),
        .bytes = s->bytes,
        .new_connection = connects > 0,
        .body = fk_buf_slice(&s->kept),
    };
    if (a.new_connection)
        add_opening(s->easy, &a);
    e->answers++;
    /* The slot is not free yet: the callback reads its body. */
    e->config.on_answer(e->config.arg, &a);
    slot_release(e, s);
}

static void read_messages(struct shard *shard)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(shard->multi, &left))) {
        struct slot *s = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&s);
        answer(shard->engine, s, m->data.result);
    }
}

/* Timers that have come and transfers that have ended, until neither is
 * left: a transfer may end inside the call that started it. */
static void settle(struct curl_engine *e)
{
    bool again = true;
    while (again) {
        again = false;
        for (unsigned i = 0; i < e->num_shards; i++) {
            struct shard *shard = &e->shards[i];
            uint64_t before = e->answers;
            if (shard->deadline_ns && shard->deadline_ns <= fk_mono_ns()) {
                shard->deadline_ns = 0;
                act(shard, CURL_SOCKET_TIMEOUT, 0);
            }
            read_messages(shard);
            again |= e->answers != before;
        }
    }
}

static void handle_event(struct curl_engine *e, const struct epoll_event *ev)
{
    int events = (ev->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                 (ev->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (ev->events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    act(&e->shards[ev->data.u64 >> 32], (curl_socket_t)(uint32_t)ev->data.u64,
        events);
}

static int64_t first_deadline(const struct curl_engine *e, int64_t deadline_ns)
{
    for (unsigned i = 0; i < e->num_shards; i++)
        if (e->shards[i].deadline_ns && e->shards[i].deadline_ns < deadline_ns)
            deadline_ns = e->shards[i].deadline_ns;
    return deadline_ns;
}

static void curl_run(struct engine *base, int64_t deadline_ns)
{
    struct curl_engine *e = (struct curl_engine *)base;
    uint64_t before = e->answers;
    bool rung = false;
    settle(e);
    while (!rung && e->answers == before) {
        int n = waiter_wait(&e->waiter, first_deadline(e, deadline_ns), &rung);
        for (int i = 0; i < n; i++)
            handle_event(e, &e->waiter.events[i]);
        settle(e);
    }
}

static void curl_wake(struct engine *base)
{
    waiter_ring(&((struct curl_engine *)base)->waiter);
}

static unsigned curl_abort(struct engine *base)
{
    struct curl_engine *e = (struct curl_engine *)base;
    unsigned before = e->inflight;
    for (unsigned i = 0; i < e->config.max_inflight; i++)
        if (e->slots[i].busy)
            slot_release(e, &e->slots[i]);
    return before - e->inflight;
}

static bool shard_init(struct curl_engine *e, struct shard *shard)
{
    shard->engine = e;
    shard->multi = curl_multi_init();
    if (!shard->multi)
        return false;
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, (long)SHARD_SLOTS);
    return true;
}

static bool set_up(struct curl_engine *e)
{
    unsigned n = e->config.max_inflight;
    char pinned[512];
    if (!waiter_init(&e->waiter))
        return false;
    for (unsigned i = 0; i < e->config.num_targets; i++)
        if (address_pin(&e->config.targets[i], pinned, sizeof pinned))
            e->pinned = curl_slist_append(e->pinned, pinned);
    for (unsigned i = 0; i < e->num_shards; i++)
        if (!shard_init(e, &e->shards[i]))
            return false;
    /* From the last to the first, so that the first is used first. */
    for (unsigned i = n; i-- > 0;)
        if (!slot_init(e, &e->slots[i], &e->shards[i / SHARD_SLOTS]))
            return false;
    return true;
}

static struct engine *curl_open(const struct engine_config *config)
{
    struct curl_engine *e = calloc(1, sizeof *e);
    FK_ASSERT(e);
    e->base.calls = &engine_curl;
    e->config = *config;
    e->num_shards = (config->max_inflight + SHARD_SLOTS - 1) / SHARD_SLOTS;
    e->shards = calloc(e->num_shards, sizeof *e->shards);
    e->slots = calloc(config->max_inflight, sizeof *e->slots);
    FK_ASSERT(e->shards && e->slots);
    if (set_up(e))
        return &e->base;
    int why = errno;
    engine_curl.close(&e->base);
    errno = why;
    return NULL;
}

static void curl_close(struct engine *base)
{
    struct curl_engine *e = (struct curl_engine *)base;
    curl_abort(base);
    for (unsigned i = 0; i < e->config.max_inflight; i++)
        slot_fini(&e->slots[i]);
    for (unsigned i = 0; i < e->num_shards; i++)
        curl_multi_cleanup(e->shards[i].multi);
    waiter_fini(&e->waiter);
    curl_slist_free_all(e->pinned);
    curl_slist_free_all(e->headers);
    free(e->slots);
    free(e->shards);
    free(e);
}

const struct engine_calls engine_curl = {curl_open, curl_close, curl_start,
    curl_inflight, curl_run, curl_wake, curl_abort};
