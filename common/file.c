#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct fk_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            bytes = fk_slice_sub(bytes, (size_t)n, bytes.len);
    }
    return true;
}

static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Whoever should read a pipe is not waited for; who reads slowly is. */
static bool write_special(const char *path, struct fk_slice bytes)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    fcntl(fd, F_SETFL, 0);
    bool ok = write_all(fd, bytes);
    return close(fd) == 0 && ok;
}

/* The name can be guessed, and others may write to the folder: nothing that
 * lies there is written through. */
static bool write_beside(
    const char *path, const char *beside, struct fk_slice bytes, mode_t mode)
{
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, bytes);
    ok = close(fd) == 0 && ok && rename(beside, path) == 0;
    int why = errno;
    if (!ok)
        unlink(beside);
    errno = why;
    return ok;
}

enum fk_err fk_file_replace(
    const char *path, struct fk_slice bytes, mode_t mode)
{
    char beside[PATH_MAX];
    if (is_special(path))
        return write_special(path, bytes) ? FK_OK : FK_ERR_IO;
    int n =
        snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    if (n < 0 || n >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return FK_ERR_IO;
    }
    return write_beside(path, beside, bytes, mode) ? FK_OK : FK_ERR_IO;
}
