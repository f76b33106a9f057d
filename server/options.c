#include "server/server.h"

#include "common/clock.h"
#include "common/opt.h"

#include <string.h>

#define DEFAULT_WINDOW "168h"

static enum fk_err window_parse(struct server_options *o, struct fk_diag *diag)
{
    int64_t ns;

    if (strcmp(o->window, "off") == 0) {
        o->window_ms = 0;
        return FK_OK;
    }
    if (!fk_duration_parse(o->window, &ns) || ns <= 0)
        return fk_diag_set(diag, FK_ERR_ARG,
            "--ingest-window %s is neither a time such as 168h nor off",
            o->window);
    o->window_ms = ns / FK_NS_PER_MS;
    return FK_OK;
}

enum fk_err options_parse(
    struct server_options *o, int argc, char **argv, struct fk_diag *diag)
{
    *o = (struct server_options){
        .listen = "localhost:4040",
        .data = ".flamekit/data",
        .engine = "sqlite",
        .run = "",
        .window = DEFAULT_WINDOW,
    };
    const struct fk_opt table[] = {
        {"listen", 'l', "FLAMEKIT_LISTEN", FK_OPT_STRING, &o->listen, 0, 0,
            "ADDR:PORT",
            "where to serve; port 0 picks a free one, localhost means "
            "127.0.0.1 and ::1 (default localhost:4040)"},
        {"data", 'd', "FLAMEKIT_DATA", FK_OPT_STRING, &o->data, 0, 0, "DIR",
            "where profiles are kept (default .flamekit/data)"},
        {"engine", 0, "FLAMEKIT_ENGINE", FK_OPT_STRING, &o->engine, 0, 0,
            "NAME", "sqlite (default), or memory, which forgets"},
        {"ingest-window", 0, "FLAMEKIT_INGEST_WINDOW", FK_OPT_STRING,
            &o->window, 0, 0, "TIME|off",
            "refuse profiles older than this (default 168h)"},
        {"multitenancy", 0, "FLAMEKIT_MULTITENANCY", FK_OPT_FLAG,
            &o->multitenancy, 0, 0, NULL,
            "ask every request for X-Scope-OrgID"},
        {"ui-dir", 0, "FLAMEKIT_UI_DIR", FK_OPT_STRING, &o->ui_dir, 0, 0, "DIR",
            "serve the page from this folder while working on it"},
        {"run", 0, "FLAMEKIT_RUN", FK_OPT_STRING, &o->run, 0, 0, "ID",
            "run id that /api/kit/hello tells"},
        {"verbose", 'v', "FLAMEKIT_VERBOSE", FK_OPT_FLAG, &o->verbose, 0, 0,
            NULL, "log every request on stderr"},
        {0},
    };
    int first = 0;
    enum fk_err err = fk_opt_parse(table, argc, argv,
        "flamekit-server [options]\n"
        "Receives, keeps and shows profiles.",
        &first, diag);

    if (err == FK_OK && first < argc)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "%s: the server takes options only; see --help", argv[first]);
    return err ? err : window_parse(o, diag);
}
