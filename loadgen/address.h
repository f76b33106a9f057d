/*
 * Where a target is: the number behind its name, found before the run, so
 * that no connection waits for a name or for the refusal of another number.
 */
#ifndef FK_LOADGEN_ADDRESS_H
#define FK_LOADGEN_ADDRESS_H

#include "loadgen/engine.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };

    socklen_t len;
};

/* NULL, or why the fast engine cannot ask it. */
const char *address_find(
    const struct engine_target *target, struct address *out);
/* HOST:PORT:NUMBER for libcurl; false when there is nothing to tell. */
bool address_pin(const struct engine_target *target, char *out, size_t size);

#endif
