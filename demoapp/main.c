/* demoapp: the service the workshop looks into. */
#include "common/clock.h"
#include "common/log.h"
#include "common/opt.h"
#include "demoapp/app.h"
#include "demoapp/calibrate.h"
#include "demoapp/digest.h"
#include "demoapp/http.h"
#include "demoapp/profiler.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "demoapp [--listen ADDR:PORT] [--server URL] [options]\n"
    "A small web service with slow places, which profiles itself.";

struct options {
    const char *listen, *feature;
    struct fk_opt_list tags;
    bool calibrate;
    struct app app;
    struct demo_http_config http;
};

static enum fk_err parse(
    struct options *o, int argc, char **argv, struct fk_diag *diag)
{
    long max_connections = (long)o->http.max_connections;
    const struct fk_opt table[] = {
        {"listen", 'l', NULL, FK_OPT_STRING, &o->listen, 0, 0, "ADDR:PORT",
            "where to answer; port 0 picks a free one (localhost:5000)"},
        {"server", 's', "FLAMEKIT_SERVER", FK_OPT_STRING, &o->app.server, 0, 0,
            "URL", "profiling server; without one nothing is profiled"},
        {"name", 'n', NULL, FK_OPT_STRING, &o->app.service, 0, 0, "SERVICE",
            "service name in the profiles (workshop.demo.app)"},
        {"tag", 't', NULL, FK_OPT_LIST, &o->tags, 0, 0, "KEY=VALUE",
            "label of every profile; may be given again"},
        {"run", 0, "FLAMEKIT_RUN", FK_OPT_STRING, &o->app.run, 0, 0, "ID",
            "run of the kit this process belongs to"},
        {"feature", 0, "FEATURE", FK_OPT_STRING, &o->feature, 0, 0, "LIST",
            "what this version does better: fast_primes, session_ttl, "
            "sharded_lock"},
        {"header-timeout", 0, NULL, FK_OPT_DURATION, &o->http.header_timeout, 0,
            0, "TIME", "a request must have arrived after this (10s)"},
        {"max-connections", 0, NULL, FK_OPT_INT, &max_connections, 1, 100000,
            "N", "more clients wait until others leave (512)"},
        {"calibrate", 0, NULL, FK_OPT_FLAG, &o->calibrate, 0, 0, NULL,
            "measure the cost of each function and exit"},
        {0},
    };
    int first_arg;
    enum fk_err err = fk_opt_parse(table, argc, argv, usage, &first_arg, diag);
    if (err)
        return err;
    if (first_arg < argc)
        return fk_diag_set(diag, FK_ERR_ARG,
            "demoapp takes options only, not \"%s\"; see --help.",
            argv[first_arg]);
    o->http.max_connections = (unsigned)max_connections;
    return features_parse(o->feature, o->app.features, diag);
}

/* Blocked before any thread starts, so that only main receives them. */
static void block_stop_signals(sigset_t *stop)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    sigaddset(stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, stop, NULL);
}

static enum fk_err serve(struct options *o, struct fk_diag *diag)
{
    sigset_t stop;
    struct sockets sockets;
    struct demo_http *http;
    int signal_number;

    block_stop_signals(&stop);
    enum fk_err err = sockets_open(o->listen, &sockets, diag);
    if (err)
        return err;
    if (!sockets.loopback)
        fk_log(FK_LOG_WARN, "exposed", "address=%s text=%s", sockets.url,
            fk_log_quote("everyone who reaches this address can use the "
                         "service; it has no passwords"));
    err = demo_http_start(&o->http, &sockets, &http, diag);
    if (err)
        return err;
    err = profiler_start(o->app.service, o->app.server, &o->tags, diag);
    if (!err) {
        printf("ready %s\n", sockets.url);
        fflush(stdout);
        sigwait(&stop, &signal_number);
    }
    demo_http_stop(http);
    profiler_stop();
    return err;
}

int main(int argc, char **argv)
{
    struct options o = {
        .listen = "localhost:5000",
        .feature = "",
        .app = {.service = "workshop.demo.app", .server = "", .run = ""},
    };
    struct fk_diag diag = {""};
    demo_http_config_init(&o.http, &o.app);
    enum fk_err err = parse(&o, argc, argv, &diag);
    if (err == FK_ERR_CANCELLED)
        return 0;
    if (!err && o.calibrate)
        return calibrate() ? 0 : 1;
    if (!err) {
        o.app.started_ms = fk_wall_ns() / FK_NS_PER_MS;
        o.app.cache = cache_new(APP_CACHE_ENTRIES, compute_hash);
        o.app.sessions = sessions_new();
        err = serve(&o, &diag);
        sessions_free(o.app.sessions);
        cache_free(o.app.cache);
    }
    if (!err)
        return 0;
    fprintf(stderr, "demoapp: %s\n", diag.text);
    return err == FK_ERR_ARG ? 2 : 1;
}
