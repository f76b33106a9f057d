/* The one table of options: command line, environment, file, --help,
 * docs/config.md and /api/v1/status/config all come from it. */
#include "common/clock.h"
#include "common/opt.h"
#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE   (1 << 20)
#define MAX_BYTES  (256l << 20)
#define MAX_NODES  (1l << 20)
#define MAX_COUNT  1000000
#define MAX_LABELS 100
#define MAX_TEXT   65535

void options_init(struct server_options *o)
{
    *o = (struct server_options){
        .listen = "localhost:4040",
        .data = ".flamekit/data",
        .engine = "sqlite",
        .run = "",
        .retention_ns = 168 * 3600 * FK_NS_PER_S,
        .keep_profiles_ns = 2 * 3600 * FK_NS_PER_S,
        .keep_minutes_ns = 48 * 3600 * FK_NS_PER_S,
        .keep_tens_ns = 336 * 3600 * FK_NS_PER_S,
        .keep_hours_ns = 9600 * 3600 * FK_NS_PER_S,
        .keep_series_ns = 2160 * 3600 * FK_NS_PER_S,
        .max_series = 5000,
    };
    limits_init(&o->live.limits);
}

/* Rows in four parts, so that each reads on a screen. */
struct rows {
    struct fk_opt *next;
};

#define ROW(...)                                                               \
    *rows->next++ = (struct fk_opt)                                            \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

static void add_basics(struct rows *rows, struct server_options *o)
{
    ROW("listen", 'l', "FLAMEKIT_LISTEN", FK_OPT_STRING, &o->listen, 0, 0,
        "ADDR:PORT",
        "where to serve; port 0 picks a free one, localhost means 127.0.0.1 "
        "and ::1 (default localhost:4040)");
    ROW("data", 'd', "FLAMEKIT_DATA", FK_OPT_STRING, &o->data, 0, 0, "DIR",
        "where profiles are kept (default .flamekit/data)");
    ROW("engine", 0, "FLAMEKIT_ENGINE", FK_OPT_STRING, &o->engine, 0, 0, "NAME",
        "sqlite (default), or memory, which forgets");
    ROW("retention", 0, "FLAMEKIT_RETENTION", FK_OPT_PERIOD, &o->retention_ns,
        0, 0, "TIME|off",
        "forget profiles older than this, in whole days (default 168h)");
    ROW("compactor.blocks-retention-period", 0, NULL, FK_OPT_PERIOD,
        &o->retention_ns, 0, 0, "TIME|off", "the same as --retention");
    ROW("keep", 0, NULL, FK_OPT_PERIOD, &o->retention_ns, 0, 0, "TIME|off",
        "the same as --retention");
    ROW("keep-profiles", 0, "FLAMEKIT_KEEP_PROFILES", FK_OPT_PERIOD,
        &o->keep_profiles_ns, 0, 0, "TIME|off",
        "keep profiles one by one for so long, later only sums of minutes "
        "(default 2h)");
    ROW("keep-minutes", 0, "FLAMEKIT_KEEP_MINUTES", FK_OPT_PERIOD,
        &o->keep_minutes_ns, 0, 0, "TIME|off",
        "keep those for so long, later only sums of ten minutes (default "
        "48h)");
    ROW("keep-ten-minutes", 0, "FLAMEKIT_KEEP_TEN_MINUTES", FK_OPT_PERIOD,
        &o->keep_tens_ns, 0, 0, "TIME|off",
        "keep those for so long, later only sums of hours (default 336h)");
    ROW("keep-hours", 0, "FLAMEKIT_KEEP_HOURS", FK_OPT_PERIOD,
        &o->keep_hours_ns, 0, 0, "TIME|off",
        "keep those for so long, later only sums of days, as far as "
        "--retention goes (default 9600h)");
    ROW("keep-series", 0, "FLAMEKIT_KEEP_SERIES", FK_OPT_PERIOD,
        &o->keep_series_ns, 0, 0, "TIME|off",
        "keep series one by one for so long, later only sums of all of a "
        "service, and no spans (default 2160h)");
    ROW("ui-dir", 0, "FLAMEKIT_UI_DIR", FK_OPT_STRING, &o->ui_dir, 0, 0, "DIR",
        "serve the page from this folder while working on it");
    ROW("run", 0, "FLAMEKIT_RUN", FK_OPT_STRING, &o->run, 0, 0, "ID",
        "run id that /api/kit/hello tells");
    ROW("kit", 0, NULL, FK_OPT_STRING, &o->kit, 0, 0, "PROGRAM",
        "the program flamekit: the page then shows and checks its exercises; "
        "only where no stranger reaches the server");
    ROW("config", 0, "FLAMEKIT_CONFIG", FK_OPT_STRING, &o->config, 0, 0, "FILE",
        "lines `name: value` with the names of this list");
    ROW("config.file", 0, NULL, FK_OPT_STRING, &o->config, 0, 0, "FILE",
        "the same as --config");
    ROW("check", 0, NULL, FK_OPT_STRING, &o->check, 0, 0, "DIR",
        "read every page and row of a data directory, say what is damaged, "
        "and exit");
    ROW("compact", 0, NULL, FK_OPT_FLAG, &o->compact, 0, 0, NULL,
        "make the files of --data as small as they can be, and exit");
    ROW("backup", 0, NULL, FK_OPT_STRING, &o->backup, 0, 0, "FILE",
        "copy --data into a tar archive, also while a server uses it, and "
        "exit");
    ROW("verbose", 'v', "FLAMEKIT_VERBOSE", FK_OPT_FLAG, &o->verbose, 0, 0,
        NULL, "log every request and more on stderr");
    ROW("access-log", 0, "FLAMEKIT_ACCESS_LOG", FK_OPT_FLAG,
        &o->live.access_log, 0, 0, NULL, "log every request on stderr");
}

static void add_access(struct rows *rows, struct server_options *o)
{
    ROW("multitenancy", 0, "FLAMEKIT_MULTITENANCY", FK_OPT_FLAG,
        &o->multitenancy, 0, 0, NULL, "ask every request for X-Scope-OrgID");
    ROW("auth.multitenancy-enabled", 0, NULL, FK_OPT_FLAG, &o->multitenancy, 0,
        0, NULL, "the same as --multitenancy");
    ROW("tokens", 0, "FLAMEKIT_TOKENS", FK_OPT_STRING, &o->live.tokens_file, 0,
        0, "FILE",
        "ask every request for a token of this file, of mode 0600: lines "
        "NAME RIGHTS TENANT SHA256");
    ROW("cert", 0, "FLAMEKIT_CERT", FK_OPT_STRING, &o->cert, 0, 0, "FILE",
        "serve https with this certificate (PEM)");
    ROW("server.http-tls-cert-path", 0, NULL, FK_OPT_STRING, &o->cert, 0, 0,
        "FILE", "the same as --cert");
    ROW("key", 0, "FLAMEKIT_KEY", FK_OPT_STRING, &o->key, 0, 0, "FILE",
        "the certificate's key (PEM)");
    ROW("server.http-tls-key-path", 0, NULL, FK_OPT_STRING, &o->key, 0, 0,
        "FILE", "the same as --key");
    ROW("allow-host", 0, "FLAMEKIT_ALLOW_HOST", FK_OPT_LIST,
        &o->live.allow_host, 0, 0, "NAME",
        "answer under this name too (* = any), besides numbers, names "
        "without a dot, *.localhost, *.local and *.internal");
    ROW("cors-origin", 0, "FLAMEKIT_CORS_ORIGIN", FK_OPT_LIST,
        &o->live.cors_origin, 0, 0, "URL",
        "let pages of this site read and write (* = any)");
}

static void add_ingest(struct rows *rows, struct limits *l)
{
    ROW("ingest-window", 0, "FLAMEKIT_INGEST_WINDOW", FK_OPT_PERIOD,
        &l->older_than_ns, 0, 0, "TIME|off",
        "refuse profiles older than this (default 168h)");
    ROW("validation.reject-older-than", 0, NULL, FK_OPT_PERIOD,
        &l->older_than_ns, 0, 0, "TIME|off", "the same as --ingest-window");
    ROW("validation.reject-newer-than", 0, NULL, FK_OPT_PERIOD,
        &l->newer_than_ns, 0, 0, "TIME|off",
        "refuse profiles further in the future (default 10m)");
    ROW("distributor.ingestion-rate-limit-mb", 0, NULL, FK_OPT_INT, &l->rate_mb,
        0, MAX_COUNT, "MB",
        "what a tenant may send in a second, uncompressed; 0 = any (default)");
    ROW("distributor.ingestion-burst-size-mb", 0, NULL, FK_OPT_INT,
        &l->burst_mb, 1, MAX_COUNT, "MB",
        "what it may send at once, if there is a rate (default 2)");
    ROW("validation.max-length-label-name", 0, NULL, FK_OPT_INT,
        &l->label_name_bytes, 1, MAX_TEXT, "BYTES", "default 1024");
    ROW("validation.max-length-label-value", 0, NULL, FK_OPT_INT,
        &l->label_value_bytes, 1, MAX_TEXT, "BYTES", "default 2048");
    ROW("validation.max-label-names-per-series", 0, NULL, FK_OPT_INT,
        &l->label_names, 1, MAX_LABELS, "N", "default 30");
    ROW("validation.max-profile-size-bytes", 0, NULL, FK_OPT_INT,
        &l->profile_bytes, 1, MAX_BYTES, "BYTES",
        "of one profile, uncompressed (default 4194304)");
    ROW("validation.max-profile-stacktrace-samples", 0, NULL, FK_OPT_INT,
        &l->profile_samples, 1, MAX_COUNT, "N",
        "of one profile (default 16000)");
    ROW("validation.max-profile-stacktrace-sample-labels", 0, NULL, FK_OPT_INT,
        &l->sample_labels, 1, MAX_COUNT, "N", "of one sample (default 100)");
    ROW("validation.max-profile-stacktrace-depth", 0, NULL, FK_OPT_INT,
        &l->stack_depth, 1, 1000, "N",
        "deeper stacks lose their leaf side (default 1000)");
    ROW("validation.max-profile-symbol-value-length", 0, NULL, FK_OPT_INT,
        &l->symbol_bytes, 1, MAX_TEXT, "BYTES",
        "longer names keep their tail (default 65535)");
}

static void add_queries(struct rows *rows, struct server_options *o)
{
    struct limits *l = &o->live.limits;

    ROW("ingester.max-global-series-per-tenant", 0, NULL, FK_OPT_INT,
        &o->max_series, 1, 1 << 20, "N",
        "series with data, a tenant (default 5000)");
    ROW("querier.max-query-length", 0, NULL, FK_OPT_PERIOD, &l->query_length_ns,
        0, 0, "TIME|off", "longest range of a query (default off)");
    ROW("querier.max-query-lookback", 0, NULL, FK_OPT_PERIOD,
        &l->query_lookback_ns, 0, 0, "TIME|off",
        "how far back a query sees (default off)");
    ROW("querier.max-flamegraph-nodes-default", 0, NULL, FK_OPT_INT,
        &l->nodes_default, 1, MAX_NODES, "N",
        "of a flame graph, if none is asked for (default 8192)");
    ROW("querier.max-flamegraph-nodes-max", 0, NULL, FK_OPT_INT, &l->nodes_max,
        1, MAX_NODES, "N", "that may be asked for (default 1048576)");
}

void options_table(
    struct server_options *o, struct fk_opt table[OPTIONS_MAX_ROWS])
{
    struct rows rows = {table};

    add_basics(&rows, o);
    add_access(&rows, o);
    add_ingest(&rows, &o->live.limits);
    add_queries(&rows, o);
    *rows.next = (struct fk_opt){0};
}

/* ---- reading ----------------------------------------------------------- */

static enum fk_err read_argv(
    struct server_options *o, int argc, char **argv, struct fk_diag *diag)
{
    struct fk_opt table[OPTIONS_MAX_ROWS];
    int first = 0;

    options_table(o, table);
    enum fk_err err = fk_opt_parse(table, argc, argv,
        "flamekit-server [options]\n"
        "Receives, keeps and shows profiles.",
        &first, diag);
    if (err == FK_OK && first < argc)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "%s: the server takes options only; see --help", argv[first]);
    return err;
}

/* The whole file; the caller keeps it, for options are views of it. */
static enum fk_err read_file(const char *path, char **out, struct fk_diag *diag)
{
    FILE *f = fopen(path, "re");
    char *text = f ? calloc(1, MAX_FILE + 1) : NULL;
    size_t n = text ? fread(text, 1, MAX_FILE, f) : 0;
    enum fk_err err = FK_OK;

    if (!text || ferror(f))
        err = fk_diag_set(diag, FK_ERR_ARG, "--config %s cannot be read: %s",
            path, strerror(errno));
    else if (n == MAX_FILE || strlen(text) != n)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "--config %s is no text of less than 1 MiB", path);
    if (f)
        fclose(f);
    if (err)
        free(text);
    else
        *out = text;
    return err;
}

static enum fk_err read_config(struct server_options *o, struct fk_diag *diag)
{
    struct fk_opt table[OPTIONS_MAX_ROWS];
    char where[128], *text;
    const char *path = o->config;
    enum fk_err err = read_file(path, &text, diag);

    if (err)
        return err;
    options_init(o);
    options_table(o, table);
    o->live.file = text;
    snprintf(where, sizeof(where), "--config %.100s", path);
    err = fk_opt_read(table, text, where, diag);
    if (err == FK_OK && o->config)
        err = fk_diag_set(
            diag, FK_ERR_ARG, "%s: a file cannot name another one", where);
    return err;
}

static enum fk_err check(const struct server_options *o, struct fk_diag *diag)
{
    if (!o->cert != !o->key)
        return fk_diag_set(
            diag, FK_ERR_ARG, "--cert and --key belong together: give both");
    if (o->retention_ns < 0 || o->keep_profiles_ns < 0 ||
        o->keep_minutes_ns < 0 || o->keep_tens_ns < 0 || o->keep_hours_ns < 0 ||
        o->keep_series_ns < 0 || o->live.limits.older_than_ns < 0)
        return fk_diag_set(diag, FK_ERR_ARG, "times must not be negative");
    return FK_OK;
}

/* argv is read twice: for the file's name, and again over what is in it. */
enum fk_err options_parse(
    struct server_options *o, int argc, char **argv, struct fk_diag *diag)
{
    options_init(o);
    enum fk_err err = read_argv(o, argc, argv, diag);

    if (err == FK_OK && o->config && *o->config) {
        err = read_config(o, diag);
        if (err == FK_OK)
            err = read_argv(o, argc, argv, diag);
    }
    return err ? err : check(o, diag);
}

/* ---- showing ----------------------------------------------------------- */

void options_print(const struct server_options *o, struct fk_buf *out)
{
    struct server_options copy = *o;
    struct fk_opt table[OPTIONS_MAX_ROWS];

    options_table(&copy, table);
    for (const struct fk_opt *row = table; row->name; row++) {
        if (fk_opt_alias(table, row) || row->target == &copy.config)
            continue;
        fk_buf_printf(out, "%s: ", row->name);
        fk_opt_show(row, out);
        fk_buf_addc(out, '\n');
    }
}

bool options_reloadable(
    const struct server_options *o, const struct fk_opt *row)
{
    const char *at = row->target, *live = (const char *)&o->live;

    return at >= live && at < live + sizeof(o->live);
}

/* `|` would end a cell. */
static void add_cell(struct fk_buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fk_buf_addc(out, '\\');
        fk_buf_addc(out, *text);
    }
}

void options_document(struct fk_buf *out)
{
    struct server_options o;
    struct fk_opt table[OPTIONS_MAX_ROWS];

    options_init(&o);
    options_table(&o, table);
    fk_buf_adds(out, "| option | environment | default | SIGHUP | meaning |\n"
                     "| --- | --- | --- | --- | --- |\n");
    for (const struct fk_opt *row = table; row->name; row++) {
        fk_buf_printf(out, "| `--%s%s", row->name, row->value_name ? " " : "");
        add_cell(out, row->value_name ? row->value_name : "");
        fk_buf_printf(out, "` | %s%s%s | `", row->env ? "`" : "",
            row->env ? row->env : "", row->env ? "`" : "");
        fk_opt_show(row, out);
        fk_buf_printf(
            out, "` | %s | ", options_reloadable(&o, row) ? "yes" : "");
        add_cell(out, row->help);
        fk_buf_adds(out, " |\n");
    }
}
