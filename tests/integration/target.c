/*
 * A web service that does exactly what a test says, for the stories about
 * the load generator: target [--stall-at MS --stall-for MS] [--status N]
 * [--delay MS] [--close-after N] [--end-after N]. One thread, epoll; prints the
 * ready line; SIGTERM, or the N-th answer, ends it with one line: requests,
 * connections. Every POST body is appended to the file given by --log.
 *
 * A stall is a pause of the whole process, counted from the first request.
 */
#include "common/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FDS = 4096, MAX_REQUEST = 65536 };

struct client {
    char *bytes;
    size_t len;
    long served;
};

static struct {
    long stall_at, stall_for, status, delay, close_after, end_after;
    const char *log;
} options = {.status = 200};

static struct client clients[MAX_FDS];
static long requests, connections;
static int64_t first_ns;
static bool stalled;
static volatile sig_atomic_t stop;
static int epoll_fd;

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

/* SIGTERM comes while we wait and at no other time: none is missed between a
 * look at `stop` and the wait. *waiting = what is blocked then. */
static void hold_stop(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = on_stop};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, waiting);
    sigdelset(waiting, SIGTERM);
    sigaction(SIGTERM, &action, NULL);
}

static void drop(int fd)
{
    free(clients[fd].bytes);
    clients[fd] = (struct client){0};
    close(fd);
}

static void log_body(const char *body, size_t len)
{
    FILE *f = options.log && len ? fopen(options.log, "ae") : NULL;
    if (!f)
        return;
    fwrite(body, 1, len, f);
    fputc('\n', f);
    fclose(f);
}

static void stall(void)
{
    int64_t now = fk_mono_ns();
    if (!first_ns)
        first_ns = now;
    if (!options.stall_for || stalled ||
        now < first_ns + options.stall_at * FK_NS_PER_MS)
        return;
    stalled = true;
    fk_sleep_until_mono(now + options.stall_for * FK_NS_PER_MS);
}

/* Length of the first complete request, or 0. */
static size_t request_length(const struct client *c, size_t *head)
{
    const char *end = c->len ? memmem(c->bytes, c->len, "\r\n\r\n", 4) : NULL;
    if (!end)
        return 0;
    *head = (size_t)(end - c->bytes) + 4;
    const char *length = memmem(c->bytes, *head, "Content-Length: ", 16);
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return *head + body <= c->len ? *head + body : 0;
}

static bool reply(int fd)
{
    char text[256];
    if (options.delay)
        fk_sleep_until_mono(fk_mono_ns() + options.delay * FK_NS_PER_MS);
    int n = snprintf(text, sizeof text,
        "HTTP/1.1 %ld Status\r\nContent-Length: 35\r\n\r\n"
        "{\"service\":\"target\",\"timestamp\":5}\n",
        options.status);
    return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

static void serve(int fd)
{
    struct client *c = &clients[fd];
    size_t head = 0, len;
    while ((len = request_length(c, &head)) > 0) {
        stall();
        requests++;
        c->served++;
        log_body(c->bytes + head, len - head);
        memmove(c->bytes, c->bytes + len, c->len - len);
        c->len -= len;
        if (!reply(fd) ||
            (options.close_after && c->served >= options.close_after)) {
            drop(fd);
            return;
        }
        if (requests == options.end_after) {
            stop = 1;
            return;
        }
    }
}

static void receive(int fd)
{
    struct client *c = &clients[fd];
    if (!c->bytes)
        c->bytes = malloc(MAX_REQUEST);
    ssize_t n = c->bytes && c->len < MAX_REQUEST
                    ? recv(fd, c->bytes + c->len, MAX_REQUEST - c->len, 0)
                    : 0;
    if (n <= 0) {
        drop(fd);
        return;
    }
    c->len += (size_t)n;
    serve(fd);
}

static void welcome(int listener)
{
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0)
        return;
    if (fd >= MAX_FDS) {
        close(fd);
        return;
    }
    connections++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int listen_somewhere(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 511) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        return -1;
    printf("ready http://127.0.0.1:%u\n", (unsigned)ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void parse(int argc, char **argv)
{
    static const struct {
        const char *name;
        long *value;
    } numbers[] = {{"--stall-at", &options.stall_at},
        {"--stall-for", &options.stall_for}, {"--status", &options.status},
        {"--delay", &options.delay}, {"--close-after", &options.close_after},
        {"--end-after", &options.end_after}};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--log") == 0)
            options.log = argv[i + 1];
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (strcmp(argv[i], numbers[n].name) == 0)
                *numbers[n].value = strtol(argv[i + 1], NULL, 10);
    }
}

int main(int argc, char **argv)
{
    sigset_t waiting;
    parse(argc, argv);
    hold_stop(&waiting);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_somewhere();
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener};
    if (listener < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev))
        return 1;
    while (!stop) {
        struct epoll_event events[64];
        int n = epoll_pwait(epoll_fd, events, 64, -1, &waiting);
        for (int i = 0; i < n && !stop; i++)
            if (events[i].data.fd == listener)
                welcome(listener);
            else
                receive(events[i].data.fd);
    }
    printf("requests %ld connections %ld\n", requests, connections);
    return 0;
}
