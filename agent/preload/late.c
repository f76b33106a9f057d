#include "agent/preload/late.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libflamekit_push.so"

static const struct fk_late_calls *late;

/* The library beside our own; "" when its place is not known. */
static void beside_us(char *path, size_t size)
{
    Dl_info us;
    path[0] = '\0';
    if (dladdr(&late, &us) == 0 || us.dli_fname == NULL)
        return;
    const char *slash = strrchr(us.dli_fname, '/');
    int folder = slash ? (int)(slash - us.dli_fname) + 1 : 0;
    int n = snprintf(path, size, "%.*s" LIBRARY, folder, us.dli_fname);
    if (n < 0 || (size_t)n >= size)
        path[0] = '\0';
}

static bool is_needed(const flamekit_config *config)
{
    const char *file = config->output_file;
    size_t n = file != NULL ? strlen(file) : 0;
    return file == NULL || (n > 3 && strcmp(file + n - 3, ".gz") == 0);
}

void fk_late_load(const flamekit_config *config)
{
    char path[4096];
    if (!is_needed(config))
        return;
    beside_us(path, sizeof(path));
    void *library = path[0] ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library != NULL)
        late = dlsym(library, "flamekit_late_calls");
}

/* ---- what the agent calls ------------------------------------------------
 */

struct fk_push *fk_push_new(const flamekit_config *config, struct fk_diag *diag)
{
    if (late != NULL)
        return late->open(config, diag);
    fk_diag_set(diag, FK_ERR_NOT_FOUND,
        LIBRARY " or libcurl cannot be loaded: it must lie beside "
                "libflamekit_preload.so");
    return NULL;
}

void fk_push_free(struct fk_push *push)
{
    if (push != NULL)
        late->free(push);
}

void fk_push_begin(struct fk_push *push, const struct fk_push_body *body)
{
    late->begin(push, body);
}

void fk_push_wait(struct fk_push *push, int wait_ms)
{
    late->wait(push, wait_ms);
}

void fk_push_crank(struct fk_push *push, struct fk_push_result *result)
{
    late->crank(push, result);
}

bool fk_push_busy(const struct fk_push *push)
{
    return push != NULL && late->busy(push);
}

void fk_push_cancel(struct fk_push *push)
{
    late->cancel(push);
}

enum fk_err fk_gzip_write(struct fk_slice body, int level, struct fk_buf *out)
{
    return late != NULL ? late->gzip_write(body, level, out)
                        : FK_ERR_UNAVAILABLE;
}
