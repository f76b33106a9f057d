#include "common/url.h"

#include <strings.h>

static bool take_prefix(struct fk_slice *s, const char *prefix)
{
    struct fk_slice p = fk_slice_of(prefix);
    if (s->len < p.len || strncasecmp(s->ptr, prefix, p.len))
        return false;
    *s = fk_slice_sub(*s, p.len, s->len);
    return true;
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Names, dotted numbers, and what stands between the brackets of IPv6. */
static bool is_host(struct fk_slice host, bool bracketed)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (!is_alnum((unsigned char)c) && c != '.' && c != '-' && c != '_' &&
            !(bracketed && (c == ':' || c == '%')))
            return false;
    }
    return host.len > 0;
}

static bool parse_authority(struct fk_slice text, struct fk_url *url)
{
    bool bracketed = text.len && text.ptr[0] == '[';
    ptrdiff_t close = fk_slice_find(text, ']');
    if (bracketed && close < 0)
        return false;
    size_t host_end = bracketed ? (size_t)close + 1 : 0;
    struct fk_slice tail = fk_slice_sub(text, host_end, text.len);
    ptrdiff_t colon = fk_slice_find(tail, ':');
    if (bracketed) {
        if (tail.len && colon != 0)
            return false;
        url->host = fk_slice_sub(text, 1, host_end - 1);
    } else {
        url->host = fk_slice_sub(text, 0, colon < 0 ? text.len : (size_t)colon);
    }
    uint64_t port = url->https ? 443 : 80;
    if (colon >= 0 &&
        !fk_slice_u64(fk_slice_sub(tail, (size_t)colon + 1, tail.len), &port))
        return false;
    url->port = (uint16_t)port;
    return port >= 1 && port <= 65535 && is_host(url->host, bracketed);
}

/* A path goes into a request line: nothing that could end it early. */
static bool is_path(struct fk_slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        if (c <= ' ' || c >= 0x7F || c == '?' || c == '#')
            return false;
    }
    return true;
}

enum fk_err fk_url_parse(
    struct fk_slice text, struct fk_url *out, struct fk_diag *diag)
{
    struct fk_url url = {0};
    struct fk_slice rest = text;
    const int shown = (int)(text.len < 200 ? text.len : 200);
    url.https = take_prefix(&rest, "https://");
    if (!url.https && !take_prefix(&rest, "http://"))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the address '%.*s' must start with http:// or https://", shown,
            text.ptr ? text.ptr : "");
    ptrdiff_t slash = fk_slice_find(rest, '/');
    size_t authority = slash < 0 ? rest.len : (size_t)slash;
    url.path = fk_slice_sub(rest, authority, rest.len);
    while (url.path.len && url.path.ptr[url.path.len - 1] == '/')
        url.path.len--;
    if (!parse_authority(fk_slice_sub(rest, 0, authority), &url))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the address '%.*s' needs a host name and perhaps a port from 1 "
            "to 65535, such as http://127.0.0.1:4040",
            shown, text.ptr);
    if (!is_path(url.path))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the path of the address '%.*s' holds a query, a fragment or a "
            "character that must be percent-coded",
            shown, text.ptr);
    *out = url;
    return FK_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct fk_slice fk_url_decode(struct fk_arena *a, struct fk_slice s)
{
    char *out = fk_arena_alloc(a, s.len + 1);
    size_t n = 0;
    if (!out)
        return (struct fk_slice){NULL, 0};
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i] == '+' ? ' ' : s.ptr[i];
        int high = -1, low = -1;
        if (c == '%' && s.len - i > 2) {
            high = hex_digit(s.ptr[i + 1]);
            low = hex_digit(s.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[n++] = c;
    }
    return (struct fk_slice){out, n};
}

void fk_url_encode(struct fk_buf *out, struct fk_slice s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            fk_buf_addc(out, (char)c);
            continue;
        }
        char coded[3] = {'%', hex[c >> 4], hex[c & 15]};
        fk_buf_add(out, coded, sizeof coded);
    }
}

static size_t count_params(struct fk_slice text)
{
    size_t n = 0;
    struct fk_slice part;
    while (n <= FK_QUERY_MAX_PARAMS && fk_slice_split(&text, '&', &part))
        n += part.len > 0;
    return n;
}

enum fk_err fk_query_parse(struct fk_slice text, struct fk_arena *a,
    struct fk_query *out, struct fk_diag *diag)
{
    size_t most = count_params(text);
    if (most > FK_QUERY_MAX_PARAMS)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the query string has more than %d parameters; send fewer",
            FK_QUERY_MAX_PARAMS);
    struct fk_query q = {fk_arena_array(a, most, sizeof *q.params), 0};
    struct fk_slice part;
    while (q.params && fk_slice_split(&text, '&', &part)) {
        if (part.len == 0)
            continue;
        ptrdiff_t equals = fk_slice_find(part, '=');
        size_t name_end = equals < 0 ? part.len : (size_t)equals;
        struct fk_query_param *p = &q.params[q.count++];
        p->name = fk_url_decode(a, fk_slice_sub(part, 0, name_end));
        p->value = fk_url_decode(a, fk_slice_sub(part, name_end + 1, part.len));
    }
    if (a->failed)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the query string is too long for this request; shorten it");
    *out = q;
    return FK_OK;
}

struct fk_slice fk_query_get(const struct fk_query *q, const char *name)
{
    for (size_t i = 0; i < q->count; i++)
        if (fk_slice_eqz(q->params[i].name, name))
            return q->params[i].value;
    return (struct fk_slice){NULL, 0};
}
