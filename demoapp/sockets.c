#include "demoapp/sockets.h"

#include "common/slice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 511, PORT_TRIES = 20 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool address_parse(struct fk_slice host, uint16_t port, union address *a)
{
    char text[INET6_ADDRSTRLEN];
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(port);
        return true;
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    return inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1;
}

static uint16_t address_port(const union address *a)
{
    return ntohs(
        a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

static bool is_loopback(const union address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

/* A listening socket, or -1; *a then holds the port in use. */
static int open_one(union address *a)
{
    socklen_t len = a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
    int on = 1;
    int fd =
        socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, &a->any, len) || listen(fd, BACKLOG) ||
        getsockname(fd, &a->any, &len)) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static enum fk_err open_failed(const char *text, struct fk_diag *diag)
{
    if (errno == EADDRINUSE)
        return fk_diag_set(diag, FK_ERR_EXISTS,
            "%s is in use by another process; stop it or choose another "
            "port with --listen (port 0 picks a free one).",
            text);
    return fk_diag_set(
        diag, FK_ERR_IO, "Cannot listen on %s: %s.", text, strerror(errno));
}

static enum fk_err open_both_loopbacks(
    const char *text, uint16_t port, struct sockets *out, struct fk_diag *diag)
{
    for (int try = 0; try < PORT_TRIES; try++) {
        union address v4 = {0}, v6 = {0};
        if (!address_parse(FK_SLICE("127.0.0.1"), port, &v4))
            return FK_ERR_ARG;
        int first = open_one(&v4);
        if (first < 0)
            return open_failed(text, diag);
        if (!address_parse(FK_SLICE("::1"), address_port(&v4), &v6))
            return FK_ERR_ARG;
        int second = open_one(&v6);
        bool taken = second < 0 && errno == EADDRINUSE;
        if (!taken) { /* a machine without IPv6 has one loopback */
            *out =
                (struct sockets){{first, second}, second < 0 ? 1 : 2, true, ""};
            snprintf(out->url, sizeof out->url, "http://127.0.0.1:%u",
                (unsigned)address_port(&v4));
            return FK_OK;
        }
        close(first);
        errno = EADDRINUSE;
        if (port)
            break;
    }
    return open_failed(text, diag);
}

static bool split(const char *text, struct fk_slice *host, uint16_t *port)
{
    struct fk_slice all = fk_slice_of(text);
    ptrdiff_t colon = fk_slice_rfind(all, ':');
    uint64_t number;
    if (colon < 0 ||
        !fk_slice_u64(fk_slice_sub(all, (size_t)colon + 1, all.len), &number) ||
        number > 65535)
        return false;
    *port = (uint16_t)number;
    *host = fk_slice_sub(all, 0, (size_t)colon);
    if (host->len > 2 && host->ptr[0] == '[' && host->ptr[host->len - 1] == ']')
        *host = fk_slice_sub(*host, 1, host->len - 1);
    return true;
}

enum fk_err sockets_open(
    const char *text, struct sockets *out, struct fk_diag *diag)
{
    struct fk_slice host;
    uint16_t port;
    union address a;
    bool readable = split(text, &host, &port);
    if (readable && fk_slice_eqz(host, "localhost"))
        return open_both_loopbacks(text, port, out, diag);
    if (!readable || !address_parse(host, port, &a))
        return fk_diag_set(diag, FK_ERR_ARG,
            "\"%s\" is not ADDR:PORT; write for example 127.0.0.1:5000, "
            "[::1]:5000 or localhost:5000.",
            text);
    int fd = open_one(&a);
    if (fd < 0)
        return open_failed(text, diag);
    *out = (struct sockets){{fd, -1}, 1, is_loopback(&a), ""};
    bool v4 = a.any.sa_family == AF_INET;
    snprintf(out->url, sizeof out->url, "http://%s%.*s%s:%u", v4 ? "" : "[",
        FK_SLICE_ARG(host), v4 ? "" : "]", (unsigned)address_port(&a));
    return FK_OK;
}

bool sockets_is_loopback(const struct sockaddr *a)
{
    union address copy = {0};
    if (a->sa_family == AF_INET)
        memcpy(&copy, a, sizeof copy.v4);
    else if (a->sa_family == AF_INET6)
        memcpy(&copy, a, sizeof copy.v6);
    else
        return false;
    return is_loopback(&copy);
}
