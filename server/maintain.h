/*
 * What an operator does to a data directory from the command line: check it,
 * compact it, copy it.
 *
 * Checking and copying read only and may run beside the server; compacting
 * wants the directory for itself.
 */
#ifndef SERVER_MAINTAIN_H
#define SERVER_MAINTAIN_H

#include "server/store.h"

#include <stdio.h>

/* Every page, row and checksum, with a line a file on `out`. FK_ERR_CORRUPT:
 * something is damaged, and was named. */
FK_MUST_USE enum fk_err maintain_check(
    const char *dir, FILE *out, struct fk_diag *diag);
/* Add up and drop what is due, then rewrite all files without gaps. */
FK_MUST_USE enum fk_err maintain_compact(
    const struct store_options *options, struct fk_diag *diag);
/* A tar archive of all tenants, each file as of one moment. It appears
 * under its name only when it is whole. */
FK_MUST_USE enum fk_err maintain_backup(
    const char *dir, const char *file, struct fk_diag *diag);

#endif
