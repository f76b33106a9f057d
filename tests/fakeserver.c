#include "tests/fakeserver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define KEPT     64
#define MAX_HEAD 8192
#define MAX_BODY (16 << 20)
#define PATIENCE 10 /* ms between looks at the mode */

struct request {
    char *head;
    char *body;
    size_t len;
};

struct fake_server {
    int listener;
    pthread_t thread;
    _Atomic enum fake_mode mode;
    _Atomic bool stop;
    _Atomic unsigned count;
    char url[64];
    struct request kept[KEPT];
};

static bool wait_readable(struct fake_server *s, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (!atomic_load(&s->stop))
        if (poll(&p, 1, PATIENCE) > 0)
            return true;
    return false;
}

static bool read_head(struct fake_server *s, int fd, char *head)
{
    size_t n = 0;
    while (n < MAX_HEAD - 1) {
        if (!wait_readable(s, fd) || read(fd, head + n, 1) != 1)
            return false;
        head[++n] = '\0';
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? strtoul(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

static bool read_body(struct fake_server *s, int fd, struct request *r)
{
    r->len = content_length(r->head);
    if (r->len > MAX_BODY)
        return false;
    r->body = malloc(r->len + 1);
    for (size_t n = 0; n < r->len;) {
        ssize_t got = -1;
        if (wait_readable(s, fd))
            got = read(fd, r->body + n, r->len - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    return true;
}

static void reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return;
}

static void drip_for_ever(struct fake_server *s, int fd)
{
    char block[4096];
    memset(block, 'x', sizeof(block));
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (!atomic_load(&s->stop) &&
           send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
        ;
}

static void be_silent(struct fake_server *s)
{
    while (!atomic_load(&s->stop) && atomic_load(&s->mode) == FAKE_SILENT)
        fk_sleep_until_mono(fk_mono_ns() + PATIENCE * FK_NS_PER_MS);
}

/* True: the connection stays open. */
static bool answer(struct fake_server *s, int fd)
{
    static const char *const text[] = {
        [FAKE_OK] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        [FAKE_500] = "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops",
        [FAKE_429] = "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n",
        [FAKE_400] = "HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbad",
        [FAKE_HALF] = "HTTP/1.1 200 OK\r\nContent-Le",
        [FAKE_GARBAGE] = "\x16\x03\x01 this is not HTTP\r\n\r\n",
    };
    enum fake_mode mode = atomic_load(&s->mode);
    if (mode == FAKE_ENDLESS)
        drip_for_ever(s, fd);
    else if (mode == FAKE_SILENT)
        be_silent(s);
    else if (mode == FAKE_RESET)
        reset(fd);
    else
        say(fd, text[mode]);
    return mode <= FAKE_400;
}

static bool serve_one(struct fake_server *s, int fd)
{
    char head[MAX_HEAD];
    if (!read_head(s, fd, head))
        return false;
    struct request r = {.head = strdup(head)};
    if (!read_body(s, fd, &r)) {
        free(r.head);
        free(r.body);
        return false;
    }
    unsigned n = atomic_load(&s->count);
    if (n < KEPT) {
        s->kept[n] = r;
    } else {
        free(r.head);
        free(r.body);
    }
    atomic_store(&s->count, n + 1);
    return answer(s, fd);
}

static void *serve(void *arg)
{
    struct fake_server *s = arg;
    while (wait_readable(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);
        while (fd >= 0 && serve_one(s, fd))
            ;
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

struct fake_server *fake_server_start(enum fake_mode mode)
{
    struct fake_server *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->mode = mode;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&at, len) != 0 ||
        listen(s->listener, 16) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&at, &len) != 0)
        abort();
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u",
        (unsigned)ntohs(at.sin_port));
    /* Not sampled: what it burns is not the program's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s;
}

void fake_server_stop(struct fake_server *s)
{
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    close(s->listener);
    for (int i = 0; i < KEPT; i++) {
        free(s->kept[i].head);
        free(s->kept[i].body);
    }
    free(s);
}

void fake_server_set(struct fake_server *s, enum fake_mode mode)
{
    atomic_store(&s->mode, mode);
}

const char *fake_server_url(const struct fake_server *s)
{
    return s->url;
}

unsigned fake_server_count(struct fake_server *s)
{
    return atomic_load(&s->count);
}

bool fake_server_wait(struct fake_server *s, unsigned count, int seconds)
{
    int64_t until = fk_mono_ns() + seconds * FK_NS_PER_S;
    while (fake_server_count(s) < count && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + PATIENCE * FK_NS_PER_MS);
    return fake_server_count(s) >= count;
}

const char *fake_server_head(struct fake_server *s, unsigned i)
{
    return i < KEPT && i < fake_server_count(s) ? s->kept[i].head : NULL;
}

const void *fake_server_body(struct fake_server *s, unsigned i, size_t *len)
{
    if (i >= KEPT || i >= fake_server_count(s))
        return NULL;
    *len = s->kept[i].len;
    return s->kept[i].body;
}
