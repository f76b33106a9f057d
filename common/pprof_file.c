#include "common/pprof_file.h"

#include <string.h>

#include "common/gzip.h"
#include "common/pprof_merge.h"

#define GZIP_LEVEL 1

static bool ends(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcmp(path + n - m, ending) == 0;
}

static bool is_pprof(const char *path)
{
    static const char *const endings[] = {
        ".pb", ".pprof", ".prof", ".pb.gz", ".pprof.gz", ".prof.gz"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (ends(path, endings[i]))
            return true;
    return false;
}

uint32_t fk_pprof_default_type(const struct fk_pprof *profile)
{
    for (uint32_t i = 0; i < profile->num_types; i++)
        if (fk_slice_eq(profile->types[i].type, profile->default_type))
            return i;
    return 0;
}

static enum fk_err fold(struct fk_slice body, struct fk_buf *out)
{
    const struct fk_pprof_limits limits = {.max_samples = UINT32_MAX};
    struct fk_diag diag = {""};
    struct fk_arena arena;
    struct fk_pprof profile;
    fk_arena_init(&arena, SIZE_MAX);
    enum fk_err err = fk_pprof_read(body, &limits, &arena, &profile, &diag);
    if (err == FK_OK)
        err = fk_pprof_fold(&profile, fk_pprof_default_type(&profile), out);
    fk_arena_fini(&arena);
    return err;
}

enum fk_err fk_pprof_convert(
    const char *path, struct fk_slice body, struct fk_buf *out)
{
    if (!is_pprof(path))
        return fold(body, out);
    if (ends(path, ".gz"))
        return fk_gzip_write(body, GZIP_LEVEL, out);
    fk_buf_add_slice(out, body);
    return out->err;
}
