/*
 * Command-line options from one table: getopt_long behind it, an environment
 * variable for each, and `--help` printed from it.
 */
#ifndef FK_COMMON_OPT_H
#define FK_COMMON_OPT_H

#include "common/buf.h"
#include "common/err.h"

#include <stddef.h>

enum fk_opt_kind {
    FK_OPT_FLAG,     /* bool *; the value =true may be left out */
    FK_OPT_STRING,   /* const char ** (borrowed from argv or the environment) */
    FK_OPT_INT,      /* long *, with min and max */
    FK_OPT_DURATION, /* int64_t * in ns: 30s, 5m */
    FK_OPT_PERIOD,   /* the same, or off = 0 */
    FK_OPT_LIST,     /* struct fk_opt_list *, may be given again */
};

struct fk_opt_list {
    const char *item[64];
    int count;
};

struct fk_opt {
    const char *name; /* without the dashes */
    char letter;      /* or 0 */
    const char *env;  /* environment variable, or NULL */
    enum fk_opt_kind kind;
    void *target;           /* holds the default before parsing */
    long min, max;          /* FK_OPT_INT */
    const char *value_name; /* in the help, such as "ADDR:PORT" */
    const char *help;       /* one sentence */
};

/* Rows with one target are names of one option, the first is its own. A
 * table with a dot in some name (as Go programs have) takes one dash as well
 * as two. */

/* `opts` ends with a row whose name is NULL. argv first, then the environment
 * for what it left open. *first_arg = index of the first argument that is no
 * option; parsing stops there or at `--`. A list in the environment is
 * separated by commas; one on the command line replaces it. Not thread-safe.
 * FK_ERR_ARG with a sentence in diag; FK_ERR_CANCELLED after --help or
 * --version was printed: exit 0. */
FK_MUST_USE enum fk_err fk_opt_parse(const struct fk_opt *opts, int argc,
    char **argv, const char *usage, int *first_arg, struct fk_diag *diag);
void fk_opt_help(const struct fk_opt *opts, const char *usage);

/* A configuration file: lines `name: value` with # comments, lists separated
 * by commas. Before fk_opt_parse, whose sources then win. The values are
 * views of `text`, which is cut into strings. `where` names the file. */
FK_MUST_USE enum fk_err fk_opt_read(const struct fk_opt *opts, char *text,
    const char *where, struct fk_diag *diag);
/* The value of a row, as the file would have it. */
void fk_opt_show(const struct fk_opt *o, struct fk_buf *out);
/* Is the row a second name of another one? */
bool fk_opt_alias(const struct fk_opt *opts, const struct fk_opt *o);

/* For opt_text.c: FK_ERR_ARG with a sentence that names KIND and NAME. */
enum fk_err fk_opt_set(const struct fk_opt *o, const char *kind,
    const char *name, const char *value, struct fk_diag *diag);
enum fk_err fk_opt_set_list(const struct fk_opt *o, const char *kind,
    const char *name, char *values, struct fk_diag *diag);

#endif
