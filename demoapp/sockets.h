/*
 * Listening sockets from text: "127.0.0.1:5000", "[::1]:0", or
 * "localhost:5000", which is both loopback addresses on one port, because
 * clients try ::1 first for that name. Port 0 lets the kernel choose.
 */
#ifndef FK_DEMOAPP_SOCKETS_H
#define FK_DEMOAPP_SOCKETS_H

#include "common/err.h"

#include <stdbool.h>

enum { SOCKETS_MAX = 2 };

struct sockets {
    int fd[SOCKETS_MAX];
    int count;
    bool loopback; /* nobody outside this machine can connect */
    char url[80];  /* http://ADDR:PORT of the first */
};

/* The caller closes the sockets. */
FK_MUST_USE enum fk_err sockets_open(
    const char *text, struct sockets *out, struct fk_diag *diag);

/* Is this the address of a client on the same machine? */
struct sockaddr;
bool sockets_is_loopback(const struct sockaddr *a);

#endif
