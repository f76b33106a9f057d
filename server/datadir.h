/*
 * The data directory: who owns it, and a folder for each tenant. A tenant's
 * name comes from strangers and never becomes a path as it is.
 */
#ifndef SERVER_DATADIR_H
#define SERVER_DATADIR_H

#include "common/err.h"
#include "common/slice.h"

#include <limits.h>

/* Make the directory if needed and own it until *lock_fd is closed or the
 * process ends. FK_ERR_EXISTS names the process that has it. */
FK_MUST_USE enum fk_err datadir_lock(
    const char *dir, int *lock_fd, struct fk_diag *diag);

/* DIR/t-NAME for names of lower-case letters, digits, '-' and '_'; else
 * DIR/x-BASE32. One to one, also where files ignore case. */
FK_MUST_USE enum fk_err datadir_tenant(const char *dir, struct fk_slice name,
    char path[PATH_MAX], struct fk_diag *diag);
/* Is there one already? Makes nothing. */
bool datadir_has_tenant(const char *dir, struct fk_slice name);
/* How many there are. */
uint32_t datadir_tenants(const char *dir);

/* Sum of the sizes of its files. */
uint64_t datadir_bytes(const char *path);

#endif
