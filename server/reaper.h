/*
 * Deadlines of connections. microhttpd's time-out counts inactivity only, so
 * a client that sends one byte a second would hold its place for ever; here
 * each phase of a connection (head, body, answer, rest) has an absolute
 * deadline, and one thread shuts down the sockets that are past theirs. The
 * HTTP thread then sees a closed peer and cleans up in its own way.
 *
 * Where more connections are open than `crowd`, those that have kept us
 * waiting longest go early, though none before REAPER_LEAST_NS: whoever holds
 * all places with idle connections does not keep others out.
 */
#ifndef SERVER_REAPER_H
#define SERVER_REAPER_H

#include "common/err.h"

#include <stdint.h>

#define REAPER_LEAST_NS 1000000000ll

struct reaper;
struct reaper_entry;

/* *count grows by one for each socket shut down. */
FK_MUST_USE enum fk_err reaper_start(
    unsigned crowd, _Atomic uint64_t *count, struct reaper **out);
void reaper_stop(struct reaper *r); /* NULL is allowed */

/* Watch a socket; NULL when there is no memory. The owner calls
 * reaper_forget before it closes the socket. */
struct reaper_entry *reaper_watch(struct reaper *r, int fd, int64_t for_ns);
void reaper_forget(struct reaper *r, struct reaper_entry *e);
/* A new deadline, from now; 0 = none: it is we who keep the client waiting. */
void reaper_arm(struct reaper *r, struct reaper_entry *e, int64_t for_ns);

#endif
