/*
 * A file that is written whole: it is made under another name beside it and
 * then takes its place, so a reader sees the old one or the new one, never
 * half of one. What is no file, such as /dev/null or a pipe, is written to and
 * never replaced.
 *
 * Any thread; two processes may do it at a time.
 */
#ifndef FK_COMMON_FILE_H
#define FK_COMMON_FILE_H

#include "common/err.h"
#include "common/slice.h"

#include <sys/types.h>

/* `mode` is that of a new file, before the umask. FK_ERR_IO with errno: what
 * was there is as it was. */
FK_MUST_USE enum fk_err fk_file_replace(
    const char *path, struct fk_slice bytes, mode_t mode);

#endif
