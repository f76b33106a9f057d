/*
 * Whose data a request is about: always "anonymous", or with --multitenancy
 * the tenant named by X-Scope-OrgID (spec/pyroscope-api 2.5).
 */
#ifndef SERVER_TENANT_H
#define SERVER_TENANT_H

#include "server/request.h"

#define TENANT_MAX_NAME 150
#define TENANT_DEFAULT  "anonymous"

/* Letters, digits and !-_.*'() as Pyroscope allows, but neither . nor .. */
bool tenant_name_ok(struct fk_slice name);
/* Sets r->tenant, and for a read of `a|b` r->more_tenants, or answers and
 * returns false. May touch the disk when the tenant is new. */
bool tenant_resolve(struct request *r, const struct route *route);

#endif
