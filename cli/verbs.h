/*
 * The verbs of the `flamekit` program. Each takes the arguments after its
 * name and returns the exit status. Output for people goes to stdout,
 * reasons of a failure to stderr.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/kit.h"

#include <stdbool.h>

typedef int verb_fn(struct kit *kit, int argc, char **argv);

struct verb {
    const char *name;
    verb_fn *fn;
    const char *args;
    const char *help; /* one line */
};

verb_fn verb_up, verb_down, verb_status, verb_restart, verb_reset; /* stack */
verb_fn verb_load, verb_doctor, verb_hello, verb_mark, verb_probe, verb_plan;
verb_fn verb_list, verb_next, verb_predict, verb_run, verb_check, verb_hint,
    verb_answer, verb_solve, verb_reset_exercise, verb_drawer; /* exercises */
verb_fn verb_replay, verb_catch_up, verb_keep;                 /* recordings */
verb_fn verb_record, verb_top, verb_flame;

verb_fn verb_query, verb_diff, verb_series, verb_labels; /* a server's data */
verb_fn verb_export, verb_import, verb_push;

const struct verb *verbs_find(const char *name); /* or NULL */
/* Does it work with the kit's files? Else it runs anywhere. */
bool verbs_need_kit(const struct verb *verb);
int verbs_help(void);
/* Prints "flamekit: SENTENCE" on stderr; returns `status`. */
int verb_fail(int status, const struct fk_diag *diag);

#endif
