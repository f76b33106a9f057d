#include "server/listen.h"

#include "common/slice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024, LISTEN_PORT_TRIES = 16 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool address_make(const char *host, unsigned port, union address *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return true;
    }
    return false;
}

static bool is_loopback(const union address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

/* A listening socket, or -1 and errno. */
static int open_one(const union address *a)
{
    int one = 1;
    bool v6 = a->any.sa_family == AF_INET6;
    int fd =
        socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (v6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, &a->any, v6 ? sizeof(a->v6) : sizeof(a->v4)) == 0 &&
        listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static unsigned port_of(int fd)
{
    union address a;
    socklen_t len = sizeof(a);

    if (getsockname(fd, &a.any, &len) != 0)
        return 0;
    return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void explain(
    const char *host, unsigned port, int err, struct fk_diag *diag)
{
    char owner[128];

    if (err != EADDRINUSE) {
        fk_diag_set(diag, FK_ERR_IO,
            "cannot listen on %s port %u: %s; choose another address with "
            "--listen ADDR:PORT",
            host, port, strerror(err));
        return;
    }
    if (!port_owner(port, owner, sizeof(owner)))
        snprintf(owner, sizeof(owner), "another process");
    fk_diag_set(diag, FK_ERR_EXISTS,
        "cannot listen on %s port %u: %s already does; stop it, or choose "
        "another port with --listen 127.0.0.1:PORT (0 picks a free one)",
        host, port, owner);
}

/* The twin of 127.0.0.1. A machine without IPv6 has none, and that is well;
 * a port taken by somebody else is not, for `localhost` would go there. */
static int open_twin(unsigned port, bool *taken)
{
    union address a;

    address_make("::1", port, &a);
    int fd = open_one(&a);
    *taken = fd < 0 && errno == EADDRINUSE;
    return fd;
}

static enum fk_err open_localhost(
    unsigned port, struct listen_sockets *out, struct fk_diag *diag)
{
    for (int tries = 0; tries < LISTEN_PORT_TRIES; tries++) {
        union address a;
        bool taken;
        address_make("127.0.0.1", port, &a);
        int fd = open_one(&a);
        if (fd < 0) {
            explain("127.0.0.1", port, errno, diag);
            return FK_ERR_IO;
        }
        unsigned bound = port_of(fd);
        int twin = open_twin(bound, &taken);
        if (!taken) {
            out->fd[out->count++] = fd;
            if (twin >= 0)
                out->fd[out->count++] = twin;
            return FK_OK;
        }
        close(fd);
        if (port != 0)
            break;
    }
    explain("::1", port, EADDRINUSE, diag);
    return FK_ERR_IO;
}

/* "HOST:PORT", with brackets around an IPv6 host. */
static bool split(
    const char *text, char *host, size_t host_size, unsigned *port)
{
    struct fk_slice all = fk_slice_of(text);
    ptrdiff_t colon = fk_slice_rfind(all, ':');
    uint64_t number;

    if (colon < 0)
        return false;
    struct fk_slice h = fk_slice_sub(all, 0, (size_t)colon);
    if (!fk_slice_u64(fk_slice_sub(all, (size_t)colon + 1, all.len), &number) ||
        number > 65535)
        return false;
    if (h.len >= 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = fk_slice_sub(h, 1, h.len - 1);
    if (h.len == 0 || h.len >= host_size)
        return false;
    memcpy(host, h.ptr, h.len);
    host[h.len] = '\0';
    *port = (unsigned)number;
    return true;
}

enum fk_err listen_open(
    const char *text, struct listen_sockets *out, struct fk_diag *diag)
{
    char host[INET6_ADDRSTRLEN];
    unsigned port;
    union address a;
    enum fk_err err = FK_OK;

    *out = (struct listen_sockets){0};
    if (!split(text, host, sizeof(host), &port))
        return fk_diag_set(diag, FK_ERR_ARG,
            "--listen %s is not ADDR:PORT, such as 127.0.0.1:4040", text);
    if (strcmp(host, "localhost") == 0) {
        err = open_localhost(port, out, diag);
        snprintf(host, sizeof(host), "127.0.0.1");
    } else if (address_make(host, port, &a)) {
        out->exposed = !is_loopback(&a);
        int fd = open_one(&a);
        if (fd >= 0)
            out->fd[out->count++] = fd;
        else
            explain(host, port, errno, diag);
        err = fd >= 0 ? FK_OK : FK_ERR_IO;
    } else {
        err = fk_diag_set(diag, FK_ERR_ARG,
            "--listen %s: the address must be a number such as 127.0.0.1, "
            "0.0.0.0 or [::1], or localhost",
            text);
    }
    if (err == FK_OK)
        snprintf(out->address, sizeof(out->address),
            strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port_of(out->fd[0]));
    return err;
}
