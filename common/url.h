/*
 * URLs (RFC 3986) as far as HTTP needs them: percent coding, query strings,
 * and the parts of a base address.
 */
#ifndef FK_COMMON_URL_H
#define FK_COMMON_URL_H

#include "common/arena.h"
#include "common/buf.h"

struct fk_url {
    bool https;
    struct fk_slice host; /* without brackets */
    uint16_t port;        /* 80 or 443 when absent */
    struct fk_slice path; /* "" or starts with '/', no trailing '/' */
};

/* Views into `text`. User info, query and fragment are errors. */
FK_MUST_USE enum fk_err fk_url_parse(
    struct fk_slice text, struct fk_url *out, struct fk_diag *diag);

/* Decode %XX, and '+' as blank; bad escapes stay as they are; NUL bytes are
 * kept. NULL ptr when the arena is full. */
struct fk_slice fk_url_decode(struct fk_arena *a, struct fk_slice s);
void fk_url_encode(struct fk_buf *out, struct fk_slice s); /* for a query */

struct fk_query_param {
    struct fk_slice name, value; /* decoded, in the arena */
};

struct fk_query {
    struct fk_query_param *params;
    size_t count;
};

#define FK_QUERY_MAX_PARAMS 256

FK_MUST_USE enum fk_err fk_query_parse(struct fk_slice text, struct fk_arena *a,
    struct fk_query *out, struct fk_diag *diag);
/* First value of a name; an empty slice with NULL ptr when absent. */
struct fk_slice fk_query_get(const struct fk_query *q, const char *name);

#endif
