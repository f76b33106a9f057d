/*
 * The command line of loadgen. Strings are those of argv or of the
 * environment, "" when not given.
 */
#ifndef FK_LOADGEN_OPTIONS_H
#define FK_LOADGEN_OPTIONS_H

#include "loadgen/player.h"

enum { OPTIONS_MAX_MERGE = 64 };

struct options {
    const char *plan, *target, *server, *run, *plans, *report, *output;
    const char *csv, *hgrm; /* files */
    struct engine_tls tls;
    const char *seed, *speed, *check, *explain, *diff;
    char **merge; /* reports to add up, instead of playing a plan */
    int num_merge;
    int64_t duration_ns;
    long workers;
    enum engine_kind engine;
    enum priority priority;
    bool quiet;
};

/* FK_ERR_ARG with a sentence; FK_ERR_CANCELLED when help was printed. */
FK_MUST_USE enum fk_err options_parse(
    struct options *o, int argc, char **argv, struct fk_diag *diag);

#endif
