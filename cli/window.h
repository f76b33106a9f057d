/*
 * The times an exercise looks at: the latest phase of a name in this run,
 * from the server's annotations, or from the posted load run when markers
 * are missing. `phase=a..b` is from the start of a to the end of b.
 */
#ifndef CLI_WINDOW_H
#define CLI_WINDOW_H

#include "common/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct window_rule {
    char name[16];       /* "" when there is only one */
    char phase[64];      /* "" = the last `last_ms` */
    char last_phase[64]; /* "" = the same */
    int64_t last_ms, trim_ms;
};

struct window {
    int64_t from_ms, until_ms; /* trimmed */
    int64_t start_ms;          /* of the phase */
    bool open;                 /* the phase goes on */
    int64_t sent, late;        /* requests; late: held up by the machine */
    int64_t answered;          /* 0 = not known yet */
    double rate;               /* of those a second */
};

/* Where phases of loads against `service` are looked up; only those that
 * began between `since_ms` and `before_ms` count. */
struct window_source {
    const char *server, *run, *service;
    int64_t since_ms, before_ms; /* the latter 0 = up to now */
    json_t *markers, *runs;      /* read once, by window_source_open */
};

FK_MUST_USE enum fk_err window_source_open(
    struct window_source *s, struct fk_diag *diag);
void window_source_close(struct window_source *s);

/* FK_ERR_NOT_FOUND: no load of that phase was played yet. */
FK_MUST_USE enum fk_err window_find(const struct window_source *source,
    const struct window_rule *rule, struct window *out, struct fk_diag *diag);

#endif
