/* Whole files: plans, reports. */
#ifndef FK_LOADGEN_FILE_H
#define FK_LOADGEN_FILE_H

#include "common/buf.h"

/* As much as the buffer may hold; FK_ERR_NOT_FOUND or FK_ERR_LIMIT. */
FK_MUST_USE enum fk_err file_read(
    const char *path, struct fk_buf *text, struct fk_diag *diag);
/* See common/file.h. */
FK_MUST_USE enum fk_err file_write(
    const char *path, const struct fk_buf *text, struct fk_diag *diag);

#endif
