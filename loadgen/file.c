#include "loadgen/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum fk_err file_read(
    const char *path, struct fk_buf *text, struct fk_diag *diag)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return fk_diag_set(diag, FK_ERR_NOT_FOUND, "%s cannot be read: %s.",
            path, strerror(errno));
    size_t n = 1;
    while (n > 0 && !text->err) {
        char chunk[4096];
        n = fread(chunk, 1, sizeof chunk, f);
        fk_buf_add(text, chunk, n);
    }
    bool failed = ferror(f);
    fclose(f);
    if (failed || text->err)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "%s is no file, or longer than %zu bytes.", path, text->limit);
    return FK_OK;
}

enum fk_err file_write(
    const char *path, const struct fk_buf *text, struct fk_diag *diag)
{
    char temporary[4096];
    int n = snprintf(
        temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    FILE *f = n < (int)sizeof temporary ? fopen(temporary, "we") : NULL;
    bool good = f && fwrite(text->ptr, 1, text->len, f) == text->len;
    if (f && fclose(f))
        good = false;
    if (good && rename(temporary, path) == 0)
        return FK_OK;
    int why = errno;
    if (f)
        unlink(temporary);
    return fk_diag_set(diag, FK_ERR_IO,
        "The summary could not be written to %s: %s.", path, strerror(why));
}
