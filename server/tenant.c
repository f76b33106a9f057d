#include "server/tenant.h"

#include "server/access.h"
#include "server/request_check.h"
#include "server/server.h"
#include "server/tokens.h"

#include <ctype.h>
#include <string.h>

bool tenant_name_ok(struct fk_slice name)
{
    if (name.len == 0 || name.len > TENANT_MAX_NAME)
        return false;
    if (fk_slice_eqz(name, ".") || fk_slice_eqz(name, ".."))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c == '\0' || (!isalnum(c) && !strchr("!-_.*'()", c)))
            return false;
    }
    return true;
}

/* Reads that add up what several tenants have. */
static bool may_name_several(const struct request *r)
{
    static const char *const reads[] = {"/querier.v1.QuerierService/",
        "/pyroscope/render", "/pyroscope/label-values", "/render", "/labels",
        "/label-values", "/api/apps"};

    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
        if (fk_slice_starts(r->path, fk_slice_of(reads[i])))
            return true;
    return false;
}

static bool refuse(struct request *r, const struct route *route, int status,
    const char *code, const char *text)
{
    reply_refuse(r, route, status, code, text);
    return false;
}

/* Who asks for a tenant that has nothing makes none: all of these see one
 * empty tenant, whose name no request can have. */
static struct fk_slice read_of(
    struct request *r, const struct route *route, struct fk_slice name)
{
    struct store *store = r->server->store;

    if (access_right(r, route) != RIGHT_READ ||
        store->ops->has_tenant(store, name))
        return name;
    return FK_SLICE("/nobody");
}

static bool find(struct request *r, const struct route *route,
    struct fk_slice name, struct store_tenant **out)
{
    struct store *store = r->server->store;
    struct fk_diag diag = {{0}};

    if (!tenant_name_ok(name))
        return refuse(r, route, 400, "invalid_argument",
            "X-Scope-OrgID must name one tenant (a read: one or more, with | "
            "between): up to 150 letters, digits and !-_.*'()");
    enum fk_err err =
        store->ops->tenant(store, read_of(r, route, name), out, &diag);
    if (err == FK_OK)
        return true;
    bool full = err == FK_ERR_LIMIT;
    return refuse(r, route, full ? 429 : reply_status_of(err),
        full ? "resource_exhausted" : "unavailable", diag.text);
}

/* a|b|a: each once. */
static bool find_all(
    struct request *r, const struct route *route, struct fk_slice names)
{
    struct store_tenant *seen[STORE_MAX_TENANTS], *t;
    struct fk_slice name;
    uint32_t n = 0;

    while (fk_slice_split(&names, '|', &name)) {
        uint32_t i = 0;
        if (!find(r, route, fk_slice_trim(name), &t))
            return false;
        while (i < n && seen[i] != t)
            i++;
        if (i == n)
            seen[n++] = t;
    }
    r->tenant = seen[0];
    r->num_more_tenants = n - 1;
    r->more_tenants = fk_arena_array(&r->arena, n, sizeof(*r->more_tenants));
    if (!r->more_tenants)
        return refuse(r, route, 503, "unavailable", "out of memory");
    memcpy(r->more_tenants, seen + 1, (n - 1) * sizeof(*seen));
    return true;
}

bool tenant_resolve(struct request *r, const struct route *route)
{
    struct server *s = r->server;

    r->tenant = s->anonymous;
    if (!s->options.multitenancy || route->family == ROUTE_PAGE ||
        route->family == ROUTE_OPS)
        return true;
    struct fk_slice name = fk_slice_trim(request_header(r, "X-Scope-OrgID"));
    if (r->token && r->token->tenant[0]) {
        struct fk_slice own = fk_slice_of(r->token->tenant);
        if (name.len && !fk_slice_eq(name, own))
            return refuse(r, route, 403, "permission_denied",
                "this token is of another tenant than X-Scope-OrgID says");
        name = own;
    }
    if (name.len == 0)
        return refuse(r, route, 401, "unauthenticated", "no org id");
    return may_name_several(r) ? find_all(r, route, name)
                               : find(r, route, name, &r->tenant);
}
