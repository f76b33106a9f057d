/*
 * Listening sockets from the text of --listen. "localhost:4040" gives two,
 * 127.0.0.1 and ::1, because clients try either first; the second is left
 * out where the machine has no IPv6.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "common/err.h"

#include <stdbool.h>

struct listen_sockets {
    int fd[2];
    unsigned count;
    char address[64]; /* "127.0.0.1:4040": of the first, as bound */
    bool exposed;     /* other machines can reach it */
};

/* On failure diag says what, who has the port if that is known, and what to
 * do. */
FK_MUST_USE enum fk_err listen_open(
    const char *text, struct listen_sockets *out, struct fk_diag *diag);

/* "flamekit-server (pid 4711)": who listens on the port; false = unknown,
 * for instance somebody else's process. */
bool port_owner(unsigned port, char *text, unsigned long size);

#endif
