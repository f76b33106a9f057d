#include "server/access.h"

#include "common/base64.h"
#include "server/request_check.h"
#include "server/server.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_CREDENTIALS 4096

static bool refuse(struct request *r, const struct route *route, int status,
    const char *code, const char *text)
{
    metrics_add(&r->server->metrics, METRIC_ACCESS_REFUSED, 1);
    reply_refuse(r, route, status, code, text);
    return false;
}

/* ---- Host -------------------------------------------------------------- */

static bool ends_with(struct fk_slice s, const char *tail)
{
    size_t n = strlen(tail);

    return s.len > n && strncasecmp(s.ptr + s.len - n, tail, n) == 0;
}

/* Without the port, and without the dot that ends a full name. */
static struct fk_slice host_name(struct fk_slice host)
{
    ptrdiff_t colon = fk_slice_rfind(host, ':');
    ptrdiff_t bracket = fk_slice_rfind(host, ']');

    if (colon > bracket)
        host = fk_slice_sub(host, 0, (size_t)colon);
    if (host.len > 1 && host.ptr[host.len - 1] == '.')
        host.len--;
    return host;
}

/* An address: digits and dots, or what is in brackets. */
static bool is_number(struct fk_slice host)
{
    bool six = host.len && host.ptr[0] == '[';

    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (!isdigit(c) && c != '.' &&
            !(six && (isxdigit(c) || strchr(":[]", c))))
            return false;
    }
    return true;
}

bool access_host_safe(struct fk_slice host)
{
    static const char *const zones[] = {".localhost", ".local", ".internal"};

    host = host_name(host);
    if (is_number(host) || fk_slice_find(host, '.') < 0)
        return true;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
        if (ends_with(host, zones[i]))
            return true;
    return false;
}

static bool listed(const struct fk_opt_list *list, struct fk_slice text)
{
    for (int i = 0; i < list->count; i++) {
        size_t n = strlen(list->item[i]);
        if (strcmp(list->item[i], "*") == 0 ||
            (n == text.len && strncasecmp(list->item[i], text.ptr, n) == 0))
            return true;
    }
    return false;
}

/* A page of another site whose name was pointed here has no token; where
 * tokens are asked for, every name will do. */
static bool host_ok(const struct request *r, const struct live *live)
{
    struct fk_slice host = request_header(r, "Host");

    return live->tokens_file || access_host_safe(host) ||
           listed(&live->allow_host, host_name(host));
}

/* ---- Origin ------------------------------------------------------------ */

static const char *text_of(struct request *r, struct fk_slice s)
{
    const char *text = fk_arena_strdup(&r->arena, s);
    return text ? text : "";
}

static bool may_read(struct request *r, const struct live *live)
{
    struct fk_slice origin = request_header(r, "Origin");

    if (!origin.len || !listed(&live->cors_origin, origin))
        return false;
    reply_header(r, "Access-Control-Allow-Origin", text_of(r, origin));
    reply_header(r, "Vary", "Origin");
    return true;
}

bool access_preflight(struct request *r)
{
    struct fk_slice asks = request_header(r, "Access-Control-Request-Method");

    if (!fk_slice_eqz(r->method, "OPTIONS") || !asks.len ||
        !may_read(r, server_live(r->server)))
        return false;
    reply_header(r, "Access-Control-Allow-Methods", "GET, POST, DELETE");
    reply_header(r, "Access-Control-Allow-Headers",
        text_of(r, request_header(r, "Access-Control-Request-Headers")));
    reply_header(r, "Access-Control-Max-Age", "600");
    r->reply.status = 204;
    return true;
}

/* ---- tokens ------------------------------------------------------------ */

/* What is no exception below follows from the method. */
static const struct {
    const char *path;
    enum right right;
} rights[] = {
    {"/ready", RIGHT_NONE},
    {"/health", RIGHT_NONE},
    {"/api/v1/status/config", RIGHT_ADMIN},
    {"/api/v1/status/config/diff", RIGHT_ADMIN},
    {"/config", RIGHT_ADMIN},
    {"/healthz", RIGHT_NONE},
    {"/merge", RIGHT_READ},
    {"/api/exemplars:merge", RIGHT_READ},
    {"/settings.v1.SettingsService/Set", RIGHT_ADMIN},
    {"/settings.v1.SettingsService/Delete", RIGHT_ADMIN},
    {"/adhocprofiles.v1.AdHocProfileService/Upload", RIGHT_WRITE},
};

enum right access_right(const struct request *r, const struct route *route)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        if (fk_slice_eqz(r->path, rights[i].path))
            return rights[i].right;
    if (route->lane == LANE_INGEST)
        return RIGHT_WRITE;
    bool reads = route->family == ROUTE_CONNECT ||
                 fk_slice_eqz(r->method, "GET") ||
                 fk_slice_eqz(r->method, "HEAD");
    return reads ? RIGHT_READ : RIGHT_WRITE;
}

static bool scheme(struct fk_slice *rest, const char *word)
{
    size_t n = strlen(word);

    if (rest->len <= n || strncasecmp(rest->ptr, word, n) != 0 ||
        rest->ptr[n] != ' ')
        return false;
    *rest = fk_slice_trim(fk_slice_sub(*rest, n + 1, rest->len));
    return true;
}

/* The token of `Bearer TOKEN`, or the password of `Basic`. */
static struct fk_slice secret_of(struct request *r)
{
    struct fk_slice given = request_header(r, "Authorization");
    const struct fk_slice none = {0};

    if (given.len > MAX_CREDENTIALS)
        return none;
    if (scheme(&given, "Bearer"))
        return given;
    if (!scheme(&given, "Basic"))
        return none;
    uint8_t *plain = fk_arena_alloc(&r->arena, given.len + 3);
    ptrdiff_t n = plain ? fk_base64_decode(given, plain) : -1;
    if (n < 0)
        return none;
    struct fk_slice pair = {(const char *)plain, (size_t)n};
    ptrdiff_t colon = fk_slice_find(pair, ':');
    return colon < 0 ? none : fk_slice_sub(pair, (size_t)colon + 1, pair.len);
}

static bool token_ok(
    struct request *r, const struct route *route, const struct live *live)
{
    enum right right = access_right(r, route);
    struct fk_slice secret = secret_of(r);

    if (!live->tokens_file)
        return true;
    if (secret.len)
        r->token = tokens_find(&live->tokens, secret);
    if (right == RIGHT_NONE)
        return true;
    if (!r->token) {
        reply_header(r, "WWW-Authenticate",
            "Basic realm=\"Flamekit\", charset=\"UTF-8\"");
        return refuse(r, route, 401, "unauthenticated",
            secret.len ? "this token is not known here"
                       : "send a token: Authorization: Bearer TOKEN, or basic "
                         "with the token as the password");
    }
    if (!(r->token->rights & right))
        return refuse(r, route, 403, "permission_denied",
            right == RIGHT_READ    ? "this token may not read"
            : right == RIGHT_WRITE ? "this token may not write"
                                   : "this needs a token with the right admin");
    return true;
}

bool access_check(struct request *r, const struct route *route)
{
    const struct live *live = server_live(r->server);

    if (!host_ok(r, live))
        return refuse(r, route, 403, "permission_denied",
            "the server does not answer under this name (its Host header): "
            "a page could have pointed it here; if it is yours, start the "
            "server with --allow-host NAME");
    if (!may_read(r, live) && request_foreign_origin(r))
        return refuse(r, route, 403, "permission_denied",
            "the request comes from a page of another site (its Origin "
            "differs from Host)");
    return token_ok(r, route, live);
}
