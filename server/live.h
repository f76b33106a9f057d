/*
 * What SIGHUP changes without a restart: limits, tokens, who may come from
 * where, the access log. Read by every request, written by nobody: a reload
 * puts a whole new one in its place. The old ones are kept until the end (a
 * few KB each), because requests may still look at them.
 */
#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H

#include "common/opt.h"
#include "server/limits.h"
#include "server/tokens.h"

#include <stdbool.h>

struct live {
    struct limits limits;
    const char *tokens_file;        /* NULL = everybody may do everything */
    struct tokens tokens;           /* what is in it */
    struct fk_opt_list allow_host;  /* names in Host besides the safe ones */
    struct fk_opt_list cors_origin; /* pages that may read, "*" = all */
    bool access_log;
    char *file; /* text of the configuration file, or NULL */
    struct live *before;
};

#endif
