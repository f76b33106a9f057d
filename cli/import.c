/*
 * `flamekit push FILE...` sends pprof files as a client would (Push), with
 * labels of your choice; `flamekit import FILE...` sends files of any kind
 * through /ingest, which names the app. Both work with a real Pyroscope.
 */
#include "cli/remote.h"
#include "cli/verbs.h"
#include "common/clock.h"
#include "common/gzip.h"
#include "common/pb.h"
#include "common/pprof.h"
#include "common/url.h"

#include <stdio.h>
#include <string.h>

#define MAX_FILE ((size_t)256 << 20)
#define PUSH     "/push.v1.PusherService/Push"

struct sending {
    struct remote remote;
    const char *name; /* of the service */
    const char *metric, *format, *at;
    struct fk_opt_list labels;
    size_t files, bytes;
};

static enum fk_err read_file(
    const char *path, struct fk_buf *plain, struct fk_diag *diag)
{
    struct fk_buf file;
    enum fk_err err = kit_read_file(path, MAX_FILE, &file, diag);
    fk_buf_init(plain, MAX_FILE);
    if (!err && fk_gzip_is(fk_buf_slice(&file)))
        err = fk_gzip_read(fk_buf_slice(&file), plain, diag);
    else if (!err)
        fk_buf_add_slice(plain, fk_buf_slice(&file));
    fk_buf_fini(&file);
    if (!err && plain->err)
        err = plain->err;
    return err ? fk_diag_set(diag, err, "%s cannot be read", path) : FK_OK;
}

/* ---- push -------------------------------------------------------------- */

static void add_label(
    struct fk_buf *out, struct fk_slice name, struct fk_slice value)
{
    size_t mark = fk_pb_begin(out, 1);
    fk_pb_add_bytes(out, 1, name);
    fk_pb_add_bytes(out, 2, value);
    fk_pb_end(out, mark);
}

static enum fk_err add_labels(
    const struct sending *s, struct fk_buf *out, struct fk_diag *diag)
{
    add_label(out, FK_SLICE("__name__"), fk_slice_of(s->metric));
    add_label(out, FK_SLICE("service_name"), fk_slice_of(s->name));
    for (int i = 0; i < s->labels.count; i++) {
        struct fk_slice value = fk_slice_of(s->labels.item[i]), name;
        if (fk_slice_find(value, '=') <= 0)
            return fk_diag_set(diag, FK_ERR_ARG,
                "--label wants NAME=VALUE, not '%s'", s->labels.item[i]);
        fk_slice_split(&value, '=', &name);
        add_label(out, name, value);
    }
    return FK_OK;
}

/* A profile's time can be said anew: field 9 once more, the last one wins. */
static enum fk_err set_time(
    const struct sending *s, struct fk_buf *pprof, struct fk_diag *diag)
{
    int64_t ms;
    if (!s->at)
        return FK_OK;
    enum fk_err err = remote_time(s->at, &ms, diag);
    if (!err)
        fk_pb_add_i64(pprof, 9, ms * FK_NS_PER_MS);
    return err;
}

static enum fk_err push_file(
    struct sending *s, const char *path, struct fk_diag *diag)
{
    struct fk_buf pprof, body, answer;
    enum fk_err err = read_file(path, &pprof, diag);
    fk_buf_init(&body, MAX_FILE + (1 << 20));
    fk_buf_init(&answer, 0);
    if (!err)
        err = set_time(s, &pprof, diag);
    if (!err) {
        size_t series = fk_pb_begin(&body, 1);
        err = add_labels(s, &body, diag);
        size_t sample = fk_pb_begin(&body, 2);
        fk_pb_add_bytes(&body, 1, fk_buf_slice(&pprof));
        fk_pb_end(&body, sample);
        fk_pb_end(&body, series);
    }
    if (!err && body.err)
        err = fk_diag_set(diag, body.err, "%s is too large", path);
    if (!err)
        err = remote_post(&s->remote, PUSH, "application/proto",
            fk_buf_slice(&body), &answer, diag);
    s->bytes += pprof.len;
    fk_buf_fini(&pprof);
    fk_buf_fini(&body);
    fk_buf_fini(&answer);
    return err;
}

/* ---- import ------------------------------------------------------------ */

static const char *format_of(
    const struct sending *s, const char *path, struct fk_slice bytes)
{
    size_t n = strlen(path);
    struct fk_slice text = fk_slice_trim(bytes);
    if (s->format)
        return s->format;
    if (n > 4 && !strcmp(path + n - 4, ".jfr"))
        return "jfr";
    if (text.len && text.ptr[0] == '{')
        return "speedscope";
    for (size_t i = 0; i < text.len && i < 256; i++)
        if ((unsigned char)text.ptr[i] < '\t')
            return "pprof";
    return "folded";
}

/* NAME{label=value,...}: for text the last word tells the type. */
static enum fk_err ingest_path(const struct sending *s, const char *format,
    struct fk_buf *path, struct fk_diag *diag)
{
    struct fk_buf name;
    int64_t ms;
    enum fk_err err = remote_time(s->at ? s->at : "now", &ms, diag);
    fk_buf_init(&name, 1 << 16);
    fk_buf_printf(&name, "%s{", s->name);
    for (int i = 0; i < s->labels.count; i++)
        fk_buf_printf(&name, "%s%s", i ? "," : "", s->labels.item[i]);
    fk_buf_addc(&name, '}');
    fk_buf_adds(path, "/ingest?name=");
    fk_url_encode(path, fk_buf_slice(&name));
    fk_buf_printf(path, "&from=%lld&until=%lld&spyName=flamekit&format=%s",
        (long long)ms, (long long)ms, format);
    fk_buf_fini(&name);
    if (!err && path->err)
        err = fk_diag_set(diag, path->err, "the labels are too long");
    return err;
}

static enum fk_err import_file(
    struct sending *s, const char *path, struct fk_diag *diag)
{
    struct fk_buf bytes, to, answer;
    enum fk_err err = read_file(path, &bytes, diag);
    fk_buf_init(&to, 1 << 20);
    fk_buf_init(&answer, 0);
    if (!err)
        err =
            ingest_path(s, format_of(s, path, fk_buf_slice(&bytes)), &to, diag);
    if (!err)
        err = remote_post(&s->remote, to.ptr, "application/octet-stream",
            fk_buf_slice(&bytes), &answer, diag);
    s->bytes += bytes.len;
    fk_buf_fini(&bytes);
    fk_buf_fini(&to);
    fk_buf_fini(&answer);
    return err;
}

/* ---- the verbs --------------------------------------------------------- */

typedef enum fk_err (*send_fn)(
    struct sending *s, const char *path, struct fk_diag *diag);

/* One file after the other; the first that fails ends it and is named. */
static int send_all(struct sending *s, int argc, char **argv, send_fn fn)
{
    struct fk_diag diag = {""};
    for (int i = 0; i < argc; i++) {
        struct fk_diag why = {""};
        enum fk_err err = fn(s, argv[i], &why);
        if (err) {
            fk_diag_set(&diag, err, "%s: %.400s (%zu of %d files were sent)",
                argv[i], why.text, s->files, argc);
            return remote_fail(err, &diag);
        }
        s->files++;
    }
    if (s->remote.json)
        printf("{\"files\":%zu,\"bytes\":%zu}\n", s->files, s->bytes);
    else
        printf("sent      %zu file%s, %zu bytes\n", s->files,
            s->files == 1 ? "" : "s", s->bytes);
    return 0;
}

#define SEND_ROWS(s)                                                           \
    {"name", 'n', NULL, FK_OPT_STRING, &(s)->name, 0, 0, "APP",                \
        "the service it is of"},                                               \
        {"label", 'l', NULL, FK_OPT_LIST, &(s)->labels, 0, 0, "NAME=VALUE",    \
            "a label, may be given again"},                                    \
    {                                                                          \
        "at", 0, NULL, FK_OPT_STRING, &(s)->at, 0, 0, "TIME",                  \
            "the profile's time: now, now-1h, seconds or ms"                   \
    }

static int start(struct sending *s, enum fk_err err, int first, int argc,
    char **argv, send_fn fn, struct fk_diag *diag)
{
    if (!err && first >= argc)
        err = fk_diag_set(
            diag, FK_ERR_ARG, "a file is missing, after the options");
    if (!err && !s->name)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "--name is missing: which service is the profile of?");
    return err ? remote_fail(err, diag)
               : send_all(s, argc - first, argv + first, fn);
}

int verb_push(struct kit *kit, int argc, char **argv)
{
    struct sending s = {.metric = "process_cpu"};
    struct fk_diag diag = {""};
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&s.remote), SEND_ROWS(&s),
        {"metric", 'm', NULL, FK_OPT_STRING, &s.metric, 0, 0, "NAME",
            "process_cpu (default), memory, wall, mutex, block..."},
        {0}};
    remote_init(&s.remote, kit);
    enum fk_err err = remote_parse(&s.remote, opts, argc, argv,
        "flamekit push --name APP [options] FILE...\n"
        "Sends pprof files; without --at each keeps its own time.",
        &first, &diag);
    return start(&s, err, first, argc, argv, push_file, &diag);
}

int verb_import(struct kit *kit, int argc, char **argv)
{
    struct sending s = {.metric = NULL};
    struct fk_diag diag = {""};
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&s.remote), SEND_ROWS(&s),
        {"format", 'f', NULL, FK_OPT_STRING, &s.format, 0, 0, "NAME",
            "pprof, folded, speedscope, jfr, trie, tree (by what is inside)"},
        {0}};
    remote_init(&s.remote, kit);
    enum fk_err err = remote_parse(&s.remote, opts, argc, argv,
        "flamekit import --name APP.TYPE [options] FILE...\n"
        "Sends profiles of any kind; for text, APP.cpu and so on tell the "
        "type.",
        &first, &diag);
    return start(&s, err, first, argc, argv, import_file, &diag);
}
