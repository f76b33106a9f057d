#include "server/request_check.h"

#include "common/gzip.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { GZIP_FROM_BYTES = 1400 }; /* smaller answers are not worth it */

static bool same_word(struct fk_slice s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.ptr, word, s.len) == 0;
}

static unsigned header_count(const struct request *r, const char *name)
{
    struct request one = {0};
    unsigned n = 0;

    for (size_t i = 0; i < r->num_headers; i++) {
        one.headers = &r->headers[i];
        one.num_headers = 1;
        n += request_header(&one, name).ptr != NULL;
    }
    return n;
}

/* "Transfer-Encoding : chunked" is another header for us, and perhaps not for
 * the proxy in front. */
static bool odd_name(const struct request *r)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < r->num_headers; i++) {
        struct fk_slice name = r->headers[i].name;
        for (size_t k = 0; k < name.len; k++)
            if (!isalnum((unsigned char)name.ptr[k]) &&
                !memchr(marks, name.ptr[k], sizeof marks - 1))
                return true;
    }
    return false;
}

/* Of two of these a proxy in front may look at the other one. */
static bool says_twice(const struct request *r)
{
    static const char *const names[] = {
        "Authorization", "Origin", "X-Scope-OrgID"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (header_count(r, names[i]) > 1)
            return true;
    return false;
}

/* A bare carriage return ends a line for some, and is text for others. */
static bool odd_value(const struct request *r)
{
    for (size_t i = 0; i < r->num_headers; i++) {
        struct fk_slice value = r->headers[i].value;
        for (size_t k = 0; k < value.len; k++)
            if (value.ptr[k] != '\t' && iscntrl((unsigned char)value.ptr[k]))
                return true;
    }
    return false;
}

const char *request_framing_fault(const struct request *r, const char *version)
{
    unsigned lengths = header_count(r, "Content-Length");
    unsigned codings = header_count(r, "Transfer-Encoding");
    unsigned hosts = header_count(r, "Host");

    if (lengths > 1)
        return "the request has several Content-Length headers; send one";
    if (lengths && codings)
        return "the request has both Content-Length and Transfer-Encoding; "
               "send one of them";
    if (codings > 1 ||
        (codings &&
            !same_word(request_header(r, "Transfer-Encoding"), "chunked")))
        return "Transfer-Encoding must be chunked";
    if (odd_name(r))
        return "the name of a header may only have letters, digits and marks "
               "such as -, and the colon follows at once";
    if (says_twice(r))
        return "Authorization, Origin and X-Scope-OrgID may be sent once only";
    if (odd_value(r))
        return "a header may not hold control characters, not even a single "
               "carriage return";
    if (hosts > 1 || (hosts == 0 && strcmp(version, "HTTP/1.1") == 0))
        return "the request needs exactly one Host header";
    return NULL;
}

bool request_foreign_origin(const struct request *r)
{
    struct fk_slice origin = request_header(r, "Origin");
    struct fk_slice host = request_header(r, "Host");

    if (!origin.ptr || fk_slice_eqz(r->method, "GET") ||
        fk_slice_eqz(r->method, "HEAD"))
        return false;
    ptrdiff_t slash = fk_slice_rfind(origin, '/');
    return !fk_slice_eq(
        fk_slice_sub(origin, (size_t)(slash + 1), origin.len), host);
}

void reply_refuse(struct request *r, const struct route *route, int status,
    const char *code, const char *text)
{
    if (route && route->family == ROUTE_CONNECT)
        reply_connect_error(r, code, "%s", text);
    else
        reply_error(r, status, "%s", text);
}

/* "q=0", also as "q=0.000": the client refuses what it belongs to. */
static bool is_refusal(struct fk_slice param)
{
    if (!fk_slice_starts(param, FK_SLICE("q=0")))
        return false;
    for (size_t i = 3; i < param.len; i++)
        if (param.ptr[i] != '0' && param.ptr[i] != '.')
            return false;
    return true;
}

static bool accepts_gzip(struct fk_slice codings)
{
    struct fk_slice one, word = {0};

    while (fk_slice_split(&codings, ',', &one)) {
        fk_slice_split(&one, ';', &word);
        if (fk_slice_eqz(fk_slice_trim(word), "gzip"))
            return !is_refusal(fk_slice_trim(one));
    }
    return false;
}

static bool wants_gzip(const struct request *r)
{
    const struct reply *p = &r->reply;

    return p->content_type && p->body.len >= GZIP_FROM_BYTES &&
           accepts_gzip(request_header(r, "Accept-Encoding"));
}

void reply_compress(struct request *r)
{
    struct fk_buf packed;

    if (!wants_gzip(r))
        return;
    fk_buf_init(&packed, r->reply.body.len);
    if (fk_gzip_write(fk_buf_slice(&r->reply.body), 1, &packed) != FK_OK) {
        fk_buf_fini(&packed);
        return;
    }
    fk_buf_fini(&r->reply.body);
    r->reply.body = packed;
    reply_header(r, "Content-Encoding", "gzip");
    reply_header(r, "Vary", "Accept-Encoding");
}
