/*
 * The web page, packed into the program by server/embed.sh, or read from
 * --ui-dir while somebody works on it.
 */
#ifndef SERVER_ASSETS_H
#define SERVER_ASSETS_H

#include "common/slice.h"

struct asset {
    const char *path; /* in server/ui, such as "index.html" */
    const char *mime;
    const char *etag; /* with its quotes */
    struct fk_slice plain, gzip;
};

extern const char assets_build[];   /* hash of all of them */
extern const struct asset assets[]; /* ends with a NULL path */

#endif
