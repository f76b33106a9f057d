#include "server/assets.h"

#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX FK_SLICE("/assets/")
#define DEV    "dev" /* stands for the build's hash under --ui-dir */
#define MARK   FK_SLICE("/assets/@BUILD@/")

enum { MAX_FILE = 8 << 20 };

/* Nothing but files of our own; no markup made of strings (names of
 * functions come from strangers). */
#define POLICY                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "        \
    "worker-src 'self'; base-uri 'none'; form-action 'none'; "                 \
    "frame-ancestors 'none'; require-trusted-types-for 'script'"

static const struct asset *find(struct fk_slice path)
{
    for (const struct asset *a = assets; a->path; a++)
        if (fk_slice_eqz(path, a->path))
            return a;
    return NULL;
}

static void not_found(struct request *r)
{
    reply_error(r, 404, "the page has no such file");
}

static void headers(struct request *r, const char *cache)
{
    reply_header(r, "Cache-Control", cache);
    reply_header(r, "Content-Security-Policy", POLICY);
    reply_header(r, "Referrer-Policy", "no-referrer");
    reply_header(r, "Cross-Origin-Resource-Policy", "same-origin");
}

static void serve(struct request *r, const struct asset *a, const char *cache)
{
    struct fk_slice known = request_header(r, "If-None-Match");

    headers(r, cache);
    reply_header(r, "ETag", a->etag);
    reply_header(r, "Vary", "Accept-Encoding");
    r->reply.content_type = a->mime;
    r->reply.fixed = a->plain;
    r->reply.status = 200;
    if (fk_slice_contains(known, fk_slice_of(a->etag))) {
        r->reply.status = 304;
        r->reply.fixed = FK_SLICE("");
    } else if (fk_slice_contains(
                   request_header(r, "Accept-Encoding"), FK_SLICE("gzip"))) {
        reply_header(r, "Content-Encoding", "gzip");
        r->reply.fixed = a->gzip;
    }
}

/* ---- from disk, while developing --------------------------------------- */

static const char *mime_of(struct fk_slice path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".woff2", "font/woff2"},
    };
    ptrdiff_t dot = fk_slice_rfind(path, '.');

    for (size_t i = 0; dot >= 0 && i < sizeof(types) / sizeof(types[0]); i++)
        if (fk_slice_eqz(
                fk_slice_sub(path, (size_t)dot, path.len), types[i][0]))
            return types[i][1];
    return "text/plain; charset=utf-8";
}

/* Letters, digits, '-', '_' and single dots: stays inside of the folder. */
static bool path_ok(struct fk_slice path)
{
    if (path.len == 0 || path.len > 200)
        return false;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        bool hidden = c == '.' && (i == 0 || path.ptr[i - 1] == '.' ||
                                      path.ptr[i - 1] == '/');
        if (hidden || c == '\0' || (!isalnum(c) && !strchr("-_./", c)))
            return false;
    }
    return true;
}

static void read_file(struct request *r, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        return;
    for (;;) {
        char *room = fk_buf_reserve(&r->reply.body, 65536);
        ssize_t n = room ? read(fd, room, 65536) : -1;
        if (n <= 0)
            break;
        r->reply.body.len += (size_t)n;
    }
    r->reply.status = 200;
}

/* index.html with the paths of this server in it. */
static void replace_mark(struct request *r)
{
    struct fk_buf *body = &r->reply.body;
    char *text = fk_arena_strdup(&r->arena, fk_buf_slice(body));

    fk_buf_reset(body);
    for (char *hit; text && (hit = strstr(text, MARK.ptr));) {
        fk_buf_add(body, text, (size_t)(hit - text));
        fk_buf_adds(body, "/assets/" DEV "/");
        text = hit + MARK.len;
    }
    if (text)
        fk_buf_adds(body, text);
}

static void serve_file(struct request *r, struct fk_slice path)
{
    char name[4096];
    int fd = -1;

    if (path_ok(path)) {
        snprintf(name, sizeof(name), "%s/" FK_SLICE_FMT,
            r->server->options.ui_dir, FK_SLICE_ARG(path));
        fd = open(name, O_RDONLY | O_CLOEXEC);
    }
    if (fd >= 0) {
        read_file(r, fd);
        close(fd);
    }
    if (r->reply.status == 0) {
        not_found(r);
        return;
    }
    if (fk_slice_eqz(path, "index.html"))
        replace_mark(r);
    headers(r, "no-cache");
    r->reply.content_type = mime_of(path);
}

/* ---- routes ------------------------------------------------------------ */

static void get_page(struct request *r)
{
    const struct asset *index = find(FK_SLICE("index.html"));

    if (r->server->options.ui_dir)
        serve_file(r, FK_SLICE("index.html"));
    else if (index)
        serve(r, index, "no-cache");
    else
        not_found(r);
}

static void get_asset(struct request *r)
{
    struct fk_slice build,
        path = fk_slice_sub(r->path, PREFIX.len, r->path.len);

    fk_slice_split(&path, '/', &build);
    if (r->server->options.ui_dir) {
        serve_file(r, path);
        return;
    }
    /* Another build's page must not get this build's modules. */
    const struct asset *a =
        fk_slice_eqz(build, assets_build) ? find(path) : NULL;
    if (a)
        serve(r, a, "public, max-age=31536000, immutable");
    else
        not_found(r);
}

static void get_ui(struct request *r)
{
    r->reply.status = 302;
    reply_header(r, "Location", "/");
}

#define PAGE(path, doc)                                                        \
    {                                                                          \
        "GET", path, get_page, 0, ROUTE_PAGE, doc, LANE_INLINE                 \
    }

const struct route assets_routes[] = {
    PAGE("/", "The page: Explore."),
    PAGE("/comparison", "The page: two windows side by side."),
    PAGE("/comparison-diff", "The page: what changed."),
    PAGE("/diff", "The same as /comparison-diff."),
    PAGE("/explore", "The page: Tag explorer."),
    PAGE("/tags", "The same as /explore."),
    PAGE("/adhoc*", "The page: files from disk."),
    PAGE("/docs", "The page: glossary, how a sample becomes a rectangle."),
    PAGE("/status", "The page: is data arriving."),
    PAGE("/workshop*", "The page: the exercises."),
    PAGE("/s/*", "The page: a snapshot, which does not age."),
    {"GET", "/assets/*", get_asset, 0, ROUTE_PAGE,
        "Modules and styles of the page, under the hash of its build.",
        LANE_INLINE},
    {"GET", "/ui", get_ui, 0, ROUTE_PAGE, "Redirects to the page.",
        LANE_INLINE},
    {0},
};
