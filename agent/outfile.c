#include "agent/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/pprof_file.h"

/* Absolute, because the host may go elsewhere. */
static bool expand(char *out, size_t size, const char *path)
{
    char folder[2048] = "";
    if (path[0] != '/' && getcwd(folder, sizeof(folder) - 1) != NULL)
        folder[strlen(folder)] = '/';
    const char *mark = strstr(path, "%p");
    int n = mark == NULL
                ? snprintf(out, size, "%s%s", folder, path)
                : snprintf(out, size, "%s%.*s%d%s", folder, (int)(mark - path),
                      path, (int)getpid(), mark + 2);
    return n > 0 && (size_t)n < size;
}

struct fk_outfile *fk_outfile_new(const char *path)
{
    struct fk_outfile *out = calloc(1, sizeof(*out));
    if (out == NULL || !expand(out->path, sizeof(out->path), path)) {
        free(out);
        return NULL;
    }
    fk_pprof_merge_init(&out->merge, FK_OUTFILE_BYTES);
    return out;
}

void fk_outfile_free(struct fk_outfile *out)
{
    if (out == NULL)
        return;
    fk_pprof_merge_fini(&out->merge);
    free(out);
}

static enum fk_err read_back(
    struct fk_slice pprof, struct fk_arena *arena, struct fk_pprof *profile)
{
    const struct fk_pprof_limits limits = {.max_samples = UINT32_MAX};
    struct fk_diag diag = {""};
    return fk_pprof_read(pprof, &limits, arena, profile, &diag);
}

enum fk_err fk_outfile_add(struct fk_outfile *out, struct fk_slice pprof)
{
    struct fk_arena arena;
    struct fk_pprof profile;
    fk_arena_init(&arena, 32 * FK_OUTFILE_BYTES);
    enum fk_err err = read_back(pprof, &arena, &profile);
    if (err == FK_OK)
        err = fk_pprof_merge_add(&out->merge, &profile, FK_MERGE_LATER);
    fk_arena_fini(&arena);
    out->changed = true;
    return err;
}

/* ---- writing -------------------------------------------------------------
 */

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

static enum fk_err replace(const char *path, struct fk_slice bytes)
{
    char temporary[4096 + 32];
    snprintf(temporary, sizeof(temporary), "%s.%d.part", path, (int)getpid());
    /* Its name can be guessed, and others may write to the folder: nothing that
     * lies there is written through. */
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return FK_ERR_IO;
    bool ok = write_all(fd, bytes);
    ok = close(fd) == 0 && ok && rename(temporary, path) == 0;
    if (ok)
        return FK_OK;
    int why = errno;
    unlink(temporary);
    errno = why;
    return FK_ERR_IO;
}

enum fk_err fk_outfile_write(struct fk_outfile *out)
{
    if (!out->changed)
        return FK_OK;
    struct fk_buf body, bytes;
    fk_buf_init(&body, FK_OUTFILE_BYTES);
    fk_buf_init(&bytes, FK_OUTFILE_BYTES);
    enum fk_err err = fk_pprof_merge_write(&out->merge, &body);
    if (err == FK_OK)
        err = fk_pprof_convert(out->path, fk_buf_slice(&body), &bytes);
    if (err == FK_OK)
        err = replace(out->path, fk_buf_slice(&bytes));
    out->changed = err != FK_OK;
    fk_buf_fini(&body);
    fk_buf_fini(&bytes);
    return err;
}
