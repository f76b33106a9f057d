/*
 * The kit around a command: where it lies on disk, which run is up, and
 * what `.flamekit/env` says. Read once when the program starts; single
 * threaded, like all of cli/.
 */
#ifndef CLI_KIT_H
#define CLI_KIT_H

#include "common/buf.h"
#include "common/err.h"

#include <limits.h>

struct kit {
    char root[PATH_MAX];  /* the checkout: has exercises/ and scenarios/ */
    char state[PATH_MAX]; /* root/.flamekit, or $FLAMEKIT_STATE */
    char bin[PATH_MAX];   /* where this program and its siblings are */
    char run[64];         /* "" when nothing is up */
    char server[256];     /* http://127.0.0.1:4040 */
    char app[256];
    char night[256]; /* the second instance, "" = not started */
};

/* Finds the root from the program's own place or the working directory, and
 * reads the env file; variables of the environment win. */
FK_MUST_USE enum fk_err kit_open(struct kit *kit, struct fk_diag *diag);
/* Writes run, server and app to the env file, whole or not at all. */
FK_MUST_USE enum fk_err kit_save_env(
    const struct kit *kit, struct fk_diag *diag);

/* PATH_MAX bytes in `out`; FK_ERR_LIMIT when it does not fit. */
FK_MUST_USE enum fk_err kit_path(char *out, const char *dir, const char *name);
/* A whole text file of at most `limit` bytes. */
FK_MUST_USE enum fk_err kit_read_file(
    const char *path, size_t limit, struct fk_buf *out, struct fk_diag *diag);
/* Written to a temporary name beside it, then renamed. */
FK_MUST_USE enum fk_err kit_write_file(
    const char *path, struct fk_slice bytes, struct fk_diag *diag);

#endif
