/*
 * flamekit-server: opens the store, serves HTTP, prints one line `ready
 * http://ADDR:PORT` on stdout, and drains when it gets SIGTERM or SIGINT.
 */
#include "common/clock.h"
#include "common/log.h"
#include "server/http.h"
#include "server/server.h"
#include "server/tenant.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (10 * FK_NS_PER_S)

/* One a process; large, because of the counters. */
static struct server server;

static int fail(const char *text)
{
    fprintf(stderr, "flamekit-server: %s\n", text);
    return 1;
}

static enum fk_err store_of_name(
    const char *name, const struct store_ops **out, struct fk_diag *diag)
{
    static const struct store_ops *const engines[] = {
        &store_sqlite_ops, &store_memory_ops};

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        *out = engines[i];
        if (strcmp(engines[i]->name, name) == 0)
            return FK_OK;
    }
    return fk_diag_set(
        diag, FK_ERR_ARG, "--engine %s is unknown; use sqlite or memory", name);
}

static enum fk_err store_start(struct server *s, struct fk_diag *diag)
{
    const struct store_ops *ops;
    struct store_options options;
    enum fk_err err = store_of_name(s->options.engine, &ops, diag);

    if (err)
        return err;
    store_options_init(&options);
    options.dir = s->options.data;
    err = ops->open(&options, &s->store, diag);
    if (err)
        return err;
    err = ops->tenant(s->store, FK_SLICE(TENANT_DEFAULT), &s->anonymous, diag);
    if (err)
        ops->close(s->store);
    return err;
}

static void say_exposed(const char *address)
{
    fprintf(stderr,
        "flamekit-server: listening on %s: everybody who reaches this "
        "address can read and write all profiles; use 127.0.0.1 unless that "
        "is wanted\n",
        address);
}

/* Serves until a signal of `stop` comes. */
static int serve(struct server *s, const sigset_t *stop)
{
    struct listen_sockets sockets;
    struct http *http;
    struct fk_diag diag = {{0}};
    int signal_number;

    if (listen_open(s->options.listen, &sockets, &diag) != FK_OK)
        return fail(diag.text);
    if (sockets.exposed)
        say_exposed(sockets.address);
    if (http_start(s, &sockets, &http, &diag) != FK_OK)
        return fail(diag.text);
    atomic_store(&s->ready, true);
    printf("ready http://%s\n", sockets.address);
    fflush(stdout);
    sigwait(stop, &signal_number);
    fk_log(FK_LOG_INFO, "stopping", "signal=%d", signal_number);
    atomic_store(&s->ready, false);
    if (!http_stop(http, PATIENCE_NS)) {
        fk_log(FK_LOG_ERROR, "request_hangs", "action=exit");
        _Exit(1);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct fk_diag diag = {{0}};
    sigset_t stop;
    enum fk_err err = options_parse(&server.options, argc, argv, &diag);

    if (err == FK_ERR_CANCELLED)
        return 0;
    if (err) {
        fail(diag.text);
        return 2;
    }
    fk_log_set_level(server.options.verbose ? FK_LOG_DEBUG : FK_LOG_INFO);
    server.started_ms = fk_wall_ns() / FK_NS_PER_MS;
    /* Before the first thread, which inherits the mask. */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    if (store_start(&server, &diag) != FK_OK)
        return fail(diag.text);
    int status = serve(&server, &stop);
    server.store->ops->close(server.store);
    return status;
}
