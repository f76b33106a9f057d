/* The HTTP server in front of a store that answers when the test wants. */
#include "server/http.h"

#include "common/clock.h"
#include "server/request.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_NS (20 * FK_NS_PER_S)

/* ---- the store --------------------------------------------------------- */

static struct {
    pthread_mutex_t lock; /* held by a test: appends wait */
    enum fk_err append;   /* what append returns */
    _Atomic int waiting;  /* appends not yet answered */
    _Atomic int entered;
    store_done_fn done;
    void *arg;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum fk_err fake_append(struct store_tenant *t,
    const struct store_batch *batch, store_done_fn done, void *arg,
    struct fk_diag *diag)
{
    (void)t;
    CHECK_INT(batch->num_profiles, 1);
    atomic_fetch_add(&fake.entered, 1);
    pthread_mutex_lock(&fake.lock);
    pthread_mutex_unlock(&fake.lock);
    if (fake.append)
        return fk_diag_set(diag, fake.append, "the test says so");
    fake.done = done;
    fake.arg = arg;
    atomic_fetch_add(&fake.waiting, 1);
    return FK_OK;
}

static void fake_answer(enum fk_err err, const char *why)
{
    atomic_fetch_sub(&fake.waiting, 1);
    fake.done(fake.arg, err, why);
}

static const struct store_ops fake_ops = {
    .name = "fake", .append = fake_append};
static struct store fake_store = {&fake_ops};

/* ---- the server and a client -------------------------------------------- */

static struct server server;
static struct http *http;
static int port;

static void start(void)
{
    struct listen_sockets sockets;
    struct fk_diag diag = {{0}};

    options_init(&server.options);
    server.store = &fake_store;
    server.options.run = "r-unit";
    CHECK_INT(listen_open("127.0.0.1:0", &sockets, &diag), FK_OK);
    CHECK_INT(http_start(&server, &sockets, &http, &diag), FK_OK);
    port = (int)strtol(strrchr(sockets.address, ':') + 1, NULL, 10);
}

static int dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    return fd;
}

static void say(int fd, const char *text)
{
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static const char *const upload = "POST /ingest?name=a.cpu HTTP/1.1\r\n"
                                  "Host: localhost\r\nContent-Length: 3\r\n"
                                  "\r\na 1";

/* The answer up to and with its head; "" when none comes in time. */
static const char *hear(int fd, int timeout_ms)
{
    static char text[4096];
    size_t n = 0;
    struct pollfd p = {fd, POLLIN, 0};

    text[0] = '\0';
    while (n < sizeof(text) - 1 && !strstr(text, "\r\n\r\n") &&
           poll(&p, 1, timeout_ms) == 1) {
        ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        text[n] = '\0';
    }
    return text;
}

static void wait_until(const _Atomic int *counter, int at_least)
{
    int64_t until = fk_mono_ns() + LONG_NS;

    while (atomic_load(counter) < at_least && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
    CHECK(atomic_load(counter) >= at_least);
}

/* ---- tests ----------------------------------------------------------------
 */

TEST(an_upload_is_answered_when_it_is_durable)
{
    start();
    int fd = dial();
    say(fd, upload);
    wait_until(&fake.waiting, 1);
    CHECK_STR(hear(fd, 50), "");
    fake_answer(FK_OK, "");
    CHECK(strstr(hear(fd, 10000), "HTTP/1.1 200 OK"));
    CHECK_INT(server.metrics.counter[METRIC_PROFILES_STORED], 1);
    /* The connection goes on. */
    say(fd, "GET /api/kit/hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(strstr(hear(fd, 10000), "HTTP/1.1 200 OK"));
    close(fd);
    CHECK(http_stop(http, LONG_NS));
}

TEST(a_failed_commit_is_said_and_counted)
{
    start();
    int fd = dial();
    say(fd, upload);
    wait_until(&fake.waiting, 1);
    fake_answer(FK_ERR_IO, "disk full");
    CHECK(strstr(hear(fd, 10000), "HTTP/1.1 503"));
    CHECK_INT(server.metrics.rejected[REJECTED_STORE], 1);
    close(fd);
    CHECK(http_stop(http, LONG_NS));
}

TEST(a_full_queue_is_429_with_retry_after)
{
    start();
    fake.append = FK_ERR_FULL;
    int fd = dial();
    say(fd, upload);
    const char *answer = hear(fd, 10000);
    CHECK(strstr(answer, "HTTP/1.1 429"));
    CHECK(strstr(answer, "Retry-After: 1"));
    CHECK_INT(server.metrics.rejected[REJECTED_QUEUE_FULL], 1);
    close(fd);
    CHECK(http_stop(http, LONG_NS));
}

TEST(more_uploads_than_workers_and_queue_are_refused)
{
    enum { MANY = 400 };

    int fd[MANY], busy = 0;

    start();
    pthread_mutex_lock(&fake.lock);
    for (int i = 0; i < MANY; i++)
        say(fd[i] = dial(), upload);
    /* Who is refused hears it at once; the others wait for the lock. */
    int64_t until = fk_mono_ns() + LONG_NS;
    while (atomic_load(&server.metrics.counter[METRIC_HTTP_BUSY]) == 0 &&
           fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
    fake.append = FK_ERR_FULL;
    pthread_mutex_unlock(&fake.lock);
    for (int i = 0; i < MANY; i++) {
        const char *answer = hear(fd[i], 10000);
        if (strstr(answer, "HTTP/1.1 503")) {
            CHECK(strstr(answer, "Retry-After: 1"));
            busy++;
        } else {
            CHECK(strstr(answer, "HTTP/1.1 429"));
        }
        close(fd[i]);
    }
    CHECK(busy > 0 && busy < MANY);
    CHECK(http_stop(http, LONG_NS));
}

static void *answer_later(void *arg)
{
    (void)arg;
    struct sockaddr_in a = {.sin_family = AF_INET};
    int64_t until = fk_mono_ns() + LONG_NS;
    bool refused = false;

    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while (!refused && fk_mono_ns() < until) { /* it is draining by now */
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        refused = connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0;
        close(fd);
    }
    fake_answer(FK_OK, "");
    return NULL;
}

TEST(stopping_waits_for_a_commit_under_way)
{
    pthread_t t;

    start();
    int fd = dial(), idle = dial();
    say(fd, upload);
    wait_until(&fake.waiting, 1);
    CHECK(pthread_create(&t, NULL, answer_later, NULL) == 0);
    CHECK(http_stop(http, LONG_NS));
    pthread_join(t, NULL);
    const char *answer = hear(fd, 10000);
    CHECK(strstr(answer, "HTTP/1.1 200 OK"));
    CHECK(strstr(answer, "Connection: close"));
    close(fd);
    close(idle);
}

TEST(stopping_gives_up_on_a_store_that_hangs)
{
    start();
    int fd = dial();
    say(fd, upload);
    wait_until(&fake.waiting, 1);
    CHECK(!http_stop(http, 20 * FK_NS_PER_MS));
    /* Let it end, so that nothing is left behind. */
    fake_answer(FK_OK, "");
    CHECK(strstr(hear(fd, 10000), "HTTP/1.1 200 OK"));
    close(fd);
    CHECK(http_stop(http, LONG_NS));
}

TEST(a_client_that_leaves_is_noticed)
{
    start();
    int fd = dial();
    say(fd, upload);
    wait_until(&fake.waiting, 1);
    /* The submission begins with the request. */
    struct request *r = *(struct request **)fake.arg;
    CHECK(!request_cancelled(r));
    close(fd);
    int64_t until = fk_mono_ns() + LONG_NS;
    while (!request_cancelled(r) && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
    CHECK(request_cancelled(r));
    fake_answer(FK_OK, "");
    CHECK(http_stop(http, LONG_NS));
}

TAP_MAIN
