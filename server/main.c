/*
 * flamekit-server: opens the store, serves HTTP, prints one line `ready
 * http://ADDR:PORT` on stdout, reads its configuration again when it gets
 * SIGHUP, and drains when it gets SIGTERM or SIGINT.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/rlimit.h"
#include "server/http.h"
#include "server/maintain.h"
#include "server/notify.h"
#include "server/server.h"
#include "server/tenant.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (10 * FK_NS_PER_S)
#define FILES_MAX   65536 /* of many tenants with some days each */

/* One a process; large, because of the counters. */
static struct server server = {.agents = AGENTS_INITIALIZER};

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

/* Whole days, rounded up. */
static uint32_t keep_days(int64_t ns)
{
    const int64_t day_ns = 86400 * FK_NS_PER_S;

    return (uint32_t)((ns + day_ns - 1) / day_ns);
}

static struct store_options store_options_of(const struct server_options *o)
{
    struct store_options options;

    store_options_init(&options);
    options.dir = o->data;
    options.max_series = (uint32_t)o->max_series;
    options.keep_days = keep_days(o->retention_ns);
    options.keep = (struct store_keep){o->keep_profiles_ns / FK_NS_PER_MS,
        o->keep_minutes_ns / FK_NS_PER_MS, o->keep_tens_ns / FK_NS_PER_MS,
        o->keep_hours_ns / FK_NS_PER_MS, o->keep_series_ns / FK_NS_PER_MS};
    return options;
}

static enum fk_err store_start(struct server *s, struct fk_diag *diag)
{
    const struct store_ops *ops;
    struct store_options options = store_options_of(&s->options);
    enum fk_err err = store_of_name(s->options.engine, &ops, diag);

    if (err)
        return err;
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
        "address can read and write all profiles; use 127.0.0.1, or "
        "--tokens FILE, unless that is wanted\n",
        address);
}

struct command {
    int argc;
    char **argv;
    sigset_t signals; /* that are waited for */
};

static void reload(struct server *s, const struct command *c)
{
    struct fk_diag diag = {{0}};
    char state[64];

    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
        (long long)(fk_mono_ns() / 1000));
    notify_send(state);
    if (server_reload(s, c->argc, c->argv, &diag) == FK_OK)
        fk_log(
            FK_LOG_INFO, "reloaded", "tokens=%u", server_live(s)->tokens.count);
    else
        fk_log(FK_LOG_ERROR, "reload_failed", "why=%s kept=old",
            fk_log_quote(diag.text));
    notify_send("READY=1");
}

static void wait_for_end(struct server *s, const struct command *c)
{
    int signal_number;

    while (sigwait(&c->signals, &signal_number) == 0 && signal_number == SIGHUP)
        reload(s, c);
    fk_log(FK_LOG_INFO, "stopping", "signal=%d", signal_number);
    notify_send("STOPPING=1");
}

static int serve(struct server *s, const struct command *c)
{
    struct listen_sockets sockets;
    struct http *http;
    struct fk_diag diag = {{0}};

    if (listen_open(s->options.listen, &sockets, &diag) != FK_OK)
        return fail(diag.text);
    if (sockets.exposed && !s->options.live.tokens_file) {
        if (s->options.kit)
            return fail("--kit starts a program for whoever asks: listen on "
                        "127.0.0.1, or use --tokens FILE");
        say_exposed(sockets.address);
    }
    if (http_start(s, &sockets, &http, &diag) != FK_OK)
        return fail(diag.text);
    atomic_store(&s->ready, true);
    printf("ready http%s://%s\n", s->options.cert ? "s" : "", sockets.address);
    fflush(stdout);
    notify_send("READY=1");
    wait_for_end(s, c);
    atomic_store(&s->ready, false);
    if (!http_stop(http, PATIENCE_NS)) {
        fk_log(FK_LOG_ERROR, "request_hangs", "action=exit");
        _Exit(1);
    }
    return 0;
}

/* Before the first thread, which inherits the mask. */
static void block_signals(sigset_t *set)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(set, signals[i]);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* What is done to a data directory instead of serving it. */
static bool is_maintenance(const struct server_options *o)
{
    return o->check || o->backup || o->compact;
}

static enum fk_err maintain(
    const struct server_options *o, struct fk_diag *diag)
{
    struct store_options options = store_options_of(o);
    enum fk_err err = FK_OK;

    if (o->check)
        err = maintain_check(o->check, stdout, diag);
    if (err == FK_OK && o->compact)
        err = maintain_compact(&options, diag);
    if (err == FK_OK && o->backup)
        err = maintain_backup(o->data, o->backup, diag);
    return err;
}

int main(int argc, char **argv)
{
    struct fk_diag diag = {{0}};
    struct command command = {.argc = argc, .argv = argv};
    enum fk_err err = options_parse(&server.options, argc, argv, &diag);

    if (err == FK_ERR_CANCELLED)
        return 0;
    if (err == FK_OK)
        err = server_load_tokens(
            &server.options.live, server.options.multitenancy, &diag);
    if (err) {
        fail(diag.text);
        return 2;
    }
    fk_log_set_level(server.options.verbose ? FK_LOG_DEBUG : FK_LOG_INFO);
    if (is_maintenance(&server.options))
        return maintain(&server.options, &diag) ? fail(diag.text) : 0;
    server.started_ms = fk_wall_ns() / FK_NS_PER_MS;
    fk_rlimit_files(FILES_MAX);
    block_signals(&command.signals);
    if (store_start(&server, &diag) != FK_OK)
        return fail(diag.text);
    int status = serve(&server, &command);
    server.store->ops->close(server.store);
    return status;
}
