#include "server/tenant.h"

#include "server/request_check.h"
#include "server/server.h"

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

bool tenant_resolve(struct request *r, const struct route *route)
{
    struct server *s = r->server;
    struct fk_diag diag = {{0}};

    r->tenant = s->anonymous;
    if (!s->options.multitenancy || route->family == ROUTE_PAGE ||
        route->family == ROUTE_OPS)
        return true;
    struct fk_slice name = fk_slice_trim(request_header(r, "X-Scope-OrgID"));
    if (name.len == 0) {
        reply_refuse(r, route, 401, "unauthenticated", "no org id");
        return false;
    }
    if (!tenant_name_ok(name)) {
        reply_refuse(r, route, 400, "invalid_argument",
            "X-Scope-OrgID must name one tenant: up to 150 letters, digits "
            "and !-_.*'()");
        return false;
    }
    enum fk_err err = s->store->ops->tenant(s->store, name, &r->tenant, &diag);
    if (err == FK_OK)
        return true;
    reply_refuse(r, route, reply_status_of(err),
        err == FK_ERR_LIMIT ? "resource_exhausted" : "unavailable", diag.text);
    return false;
}
