/*
 * A server that misbehaves on purpose, on 127.0.0.1 and a port the kernel
 * chose. One thread, one connection at a time, which is all that an agent
 * needs. The mode may be changed at any time.
 */
#ifndef FK_TESTS_FAKESERVER_H
#define FK_TESTS_FAKESERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_mode {
    FAKE_OK,
    FAKE_500,
    FAKE_429,
    FAKE_400,
    FAKE_RESET,   /* reads the request, then RST */
    FAKE_HALF,    /* a status line and half a header, then closes */
    FAKE_GARBAGE, /* bytes that are not HTTP */
    FAKE_ENDLESS, /* 200 and a body that does not end */
    FAKE_SILENT,  /* takes the request and never answers */
};

struct fake_server;

struct fake_server *fake_server_start(enum fake_mode mode);
void fake_server_stop(struct fake_server *server);
void fake_server_set(struct fake_server *server, enum fake_mode mode);
const char *fake_server_url(const struct fake_server *server);
/* Whole requests received until now. */
unsigned fake_server_count(struct fake_server *server);
/* Wait until there were `count`; false after seconds. */
bool fake_server_wait(struct fake_server *server, unsigned count, int seconds);
/* Request number i, from 0, of the first 64: copies, valid until stop. */
const char *fake_server_head(struct fake_server *server, unsigned i);
const void *fake_server_body(
    struct fake_server *server, unsigned i, size_t *len);

#endif
