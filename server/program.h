/*
 * Runs another program and takes what it prints: no shell, nothing inherited
 * but stderr, ended when it takes too long or says too much.
 *
 * Threads: any, each call waits for its own child. The child begins with all
 * signals at their defaults.
 */
#ifndef SERVER_PROGRAM_H
#define SERVER_PROGRAM_H

#include "common/buf.h"

#include <stdint.h>

/* argv ends with NULL; argv[0] is the program's path. FK_ERR_IO: it could not
 * be started or was ended by a signal; FK_ERR_LIMIT: it printed more than
 * `out` takes; FK_ERR_CANCELLED: it was still running after timeout_ns. */
FK_MUST_USE enum fk_err program_run(const char *const argv[],
    int64_t timeout_ns, struct fk_buf *out, int *status, struct fk_diag *diag);

#endif
