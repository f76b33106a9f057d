#include "agent/outfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
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
        err = fk_file_replace(out->path, fk_buf_slice(&bytes), 0644);
    out->changed = err != FK_OK;
    fk_buf_fini(&body);
    fk_buf_fini(&bytes);
    return err;
}
