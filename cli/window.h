/*
 * The time an exercise looks at: the latest phase of a name in this run,
 * from the server's annotations, or from the posted load run when markers
 * are missing.
 */
#ifndef CLI_WINDOW_H
#define CLI_WINDOW_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct window_rule {
    char phase[64]; /* "" = the last `last_ms` */
    int64_t last_ms, trim_ms;
};

struct window {
    int64_t from_ms, until_ms; /* trimmed */
    bool open;                 /* the phase goes on */
};

/* FK_ERR_NOT_FOUND: no load of that phase was played yet. */
FK_MUST_USE enum fk_err window_find(const char *server, const char *run,
    const struct window_rule *rule, struct window *out, struct fk_diag *diag);

#endif
