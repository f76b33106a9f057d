#include "loadgen/file.h"

#include "common/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
    if (fk_file_replace(path, fk_buf_slice(text), 0666) == FK_OK)
        return FK_OK;
    return fk_diag_set(
        diag, FK_ERR_IO, "%s cannot be written: %s.", path, strerror(errno));
}
