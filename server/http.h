/*
 * The HTTP server: libmicrohttpd's epoll threads read requests and write
 * answers; routes run on pools of workers (for ingest, queries and probes),
 * so that nothing slow ever holds an HTTP thread. Only http.c
 * knows microhttpd.
 *
 * Limits: body by route, 512 MiB of bodies in all, 1,000 connections, 10 s
 * for a head, 256 KiB of a body each 30 s, answers read at 8 KiB/s, 75 s of
 * rest between requests. With three quarters of the connections in use, those
 * that have kept the server waiting longest are closed to make room.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server/listen.h"
#include "server/server.h"

struct http;

/* Takes the sockets over, also when it fails. */
FK_MUST_USE enum fk_err http_start(struct server *server,
    const struct listen_sockets *sockets, struct http **out,
    struct fk_diag *diag);
/* Refuses newcomers at once, lets the requests under way finish for as long
 * as `patience_ns`, then cancels the rest, waits as long again and ends.
 * False: a request hangs, so nothing was freed; the process should end. */
bool http_stop(struct http *h, int64_t patience_ns);

#endif
