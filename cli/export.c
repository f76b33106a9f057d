/* `flamekit export`: what a server stores, as a file that other tools read. */
#include "cli/remote.h"
#include "cli/speedscope.h"
#include "cli/verbs.h"
#include "common/gzip.h"
#include "common/pb.h"
#include "common/pprof_file.h"
#include "common/pprof_merge.h"
#include "common/url.h"

#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)
#define PATH      "/querier.v1.QuerierService/SelectMergeProfile"

enum { RENDER_NODES = 1048576 };

typedef enum fk_err (*convert_fn)(
    struct fk_slice pprof, struct fk_buf *out, struct fk_diag *diag);

static enum fk_err decode(struct fk_slice bytes, struct fk_arena *arena,
    struct fk_pprof *p, struct fk_diag *diag)
{
    const struct fk_pprof_limits limits = {.max_samples = 10000000};
    fk_arena_init(arena, (size_t)2 << 30);
    enum fk_err err = fk_pprof_read(bytes, &limits, arena, p, diag);
    if (!err && !p->num_samples)
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "the server has no such profile in that time; `flamekit series` "
            "lists what it has");
    return err;
}

static enum fk_err as_pprof(
    struct fk_slice pprof, struct fk_buf *out, struct fk_diag *diag)
{
    struct fk_arena arena;
    struct fk_pprof p;
    enum fk_err err = decode(pprof, &arena, &p, diag);
    fk_arena_fini(&arena);
    return err ? err : fk_gzip_write(pprof, 6, out);
}

static enum fk_err as_folded(
    struct fk_slice pprof, struct fk_buf *out, struct fk_diag *diag)
{
    struct fk_arena arena;
    struct fk_pprof p;
    enum fk_err err = decode(pprof, &arena, &p, diag);
    if (!err)
        err = fk_pprof_fold(&p, fk_pprof_default_type(&p), out);
    fk_arena_fini(&arena);
    return err;
}

static enum fk_err as_speedscope(
    struct fk_slice pprof, struct fk_buf *out, struct fk_diag *diag)
{
    struct fk_arena arena;
    struct fk_pprof p;
    enum fk_err err = decode(pprof, &arena, &p, diag);
    if (!err)
        err = speedscope_write(&p, fk_pprof_default_type(&p), out);
    fk_arena_fini(&arena);
    return err;
}

/* The rows without a function are asked of /pyroscope/render. */
static const struct format {
    const char *name, *ending;
    convert_fn convert;
    const char *render; /* its format parameter */
} formats[] = {
    {"pprof", ".pb.gz", as_pprof, NULL},
    {"folded", ".folded", as_folded, NULL},
    {"speedscope", ".speedscope.json", as_speedscope, NULL},
    {"flamebearer", ".json", NULL, "json"},
    {"dot", ".dot", NULL, "dot"},
};

enum { FORMATS = sizeof formats / sizeof *formats };

static bool ends(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n >= m && strcmp(path + n - m, ending) == 0;
}

/* Of the name, or of the file's ending: the longest that fits. */
static const struct format *format_of(const char *name, const char *path)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (name ? !strcmp(name, formats[i].name)
                 : ends(path, formats[i].ending))
            return &formats[i];
    return name ? NULL : &formats[0];
}

/* ---- asking ------------------------------------------------------------ */

static enum fk_err fetch_pprof(const struct remote *r,
    const struct remote_query *q, struct fk_buf *out, struct fk_diag *diag)
{
    struct fk_buf ask;
    fk_buf_init(&ask, 1 << 20);
    fk_pb_add_bytes(&ask, 1, fk_slice_of(q->type));
    fk_pb_add_bytes(&ask, 2, fk_slice_of(q->selector));
    fk_pb_add_i64(&ask, 3, q->from_ms);
    fk_pb_add_i64(&ask, 4, q->until_ms);
    enum fk_err err = remote_post(
        r, PATH, "application/proto", fk_buf_slice(&ask), out, diag);
    fk_buf_fini(&ask);
    return err;
}

static enum fk_err fetch_render(const struct remote *r,
    const struct remote_query *q, const char *format, struct fk_buf *out,
    struct fk_diag *diag)
{
    struct fk_buf path;
    fk_buf_init(&path, 1 << 20);
    fk_buf_adds(&path, "/pyroscope/render?query=");
    fk_url_encode(&path, fk_slice_of(r->query));
    fk_buf_printf(&path, "&from=%lld&until=%lld&max-nodes=%d&format=%s",
        (long long)q->from_ms, (long long)q->until_ms, RENDER_NODES, format);
    enum fk_err err = path.err ? path.err : remote_get(r, path.ptr, out, diag);
    fk_buf_fini(&path);
    return err;
}

static enum fk_err fetch(const struct remote *r, const struct format *format,
    struct fk_buf *out, struct fk_diag *diag)
{
    struct remote_query q;
    struct fk_buf pprof = {0};
    enum fk_err err = remote_query(r, &q, diag);
    if (err)
        return err;
    if (!format->convert)
        return fetch_render(r, &q, format->render, out, diag);
    err = fetch_pprof(r, &q, &pprof, diag);
    if (!err)
        err = format->convert(fk_buf_slice(&pprof), out, diag);
    fk_buf_fini(&pprof);
    return err;
}

/* ---- the verb ---------------------------------------------------------- */

static enum fk_err store(
    const char *path, const struct fk_buf *bytes, struct fk_diag *diag)
{
    if (bytes->err)
        return fk_diag_set(diag, bytes->err,
            "the export is larger than %zu MiB; narrow the time or the labels",
            MAX_BYTES >> 20);
    if (strcmp(path, "-"))
        return kit_write_file(path, fk_buf_slice(bytes), diag);
    if (fwrite(bytes->ptr, 1, bytes->len, stdout) != bytes->len ||
        fflush(stdout))
        return fk_diag_set(diag, FK_ERR_IO, "the output is closed");
    return FK_OK;
}

static void say(const struct remote *r, const char *path, size_t bytes,
    const struct format *format)
{
    if (r->json)
        printf("{\"file\":\"%s\",\"format\":\"%s\",\"bytes\":%zu}\n", path,
            format->name, bytes);
    else if (strcmp(path, "-"))
        fprintf(stderr, "%s: %s, %zu bytes\n", path, format->name, bytes);
}

int verb_export(struct kit *kit, int argc, char **argv)
{
    struct remote r;
    struct fk_diag diag = {""};
    struct fk_buf out;
    const char *path = "-", *name = NULL;
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&r), REMOTE_QUERY_ROWS(&r),
        {"output", 'o', NULL, FK_OPT_STRING, &path, 0, 0, "FILE",
            "where to (- = standard output)"},
        {"format", 'f', NULL, FK_OPT_STRING, &name, 0, 0, "NAME",
            "pprof, folded, speedscope, flamebearer or dot (by the file's "
            "ending)"},
        {0}};
    remote_init(&r, kit);
    fk_buf_init(&out, MAX_BYTES);
    enum fk_err err = remote_parse(
        &r, opts, argc, argv, "flamekit export [options]", &first, &diag);
    const struct format *format = err ? NULL : format_of(name, path);
    if (!err && first < argc)
        err = fk_diag_set(&diag, FK_ERR_ARG, "export wants options only");
    if (!err && !format)
        err = fk_diag_set(&diag, FK_ERR_ARG,
            "--format wants pprof, folded, speedscope, flamebearer or dot, "
            "not '%s'",
            name);
    if (!err)
        err = fetch(&r, format, &out, &diag);
    if (!err)
        err = store(path, &out, &diag);
    if (!err)
        say(&r, path, out.len, format);
    fk_buf_fini(&out);
    return err ? remote_fail(err, &diag) : 0;
}
