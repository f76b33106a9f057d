/*
 * Writing a tar archive (ustar, with GNU's forms for long names and large
 * files), so that a backup is restored by the tar of every machine. Errors
 * are sticky: FK_ERR_IO with errno's sentence in `why`.
 */
#ifndef SERVER_TAR_H
#define SERVER_TAR_H

#include "common/err.h"

#include <stdint.h>
#include <stdio.h>

struct tar {
    FILE *out;
    enum fk_err err;
    struct fk_diag why;
};

/* Adds the file at `path` under `name`, regular and of mode 0600. */
void tar_add_file(struct tar *t, const char *name, const char *path);
/* A folder; its name ends with '/'. */
void tar_add_folder(struct tar *t, const char *name);
/* The end mark. */
void tar_finish(struct tar *t);

#endif
