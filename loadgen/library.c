#include "loadgen/library.h"

#include "loadgen/file.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

static bool readable(struct fk_buf *path)
{
    return !path->err && access(path->ptr, R_OK) == 0;
}

static bool in_folders(
    const char *folders, const char *name, struct fk_buf *path)
{
    struct fk_slice rest = fk_slice_of(folders), folder;
    while (fk_slice_split(&rest, ':', &folder)) {
        if (!folder.len)
            continue;
        fk_buf_reset(path);
        fk_buf_add_slice(path, folder);
        fk_buf_printf(path, "/%s.load", name);
        if (readable(path))
            return true;
    }
    return false;
}

/* The program is ROOT/build/MODE/bin/loadgen. */
static bool kit_root(struct fk_buf *root)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    struct fk_slice path = {self, (size_t)n};
    for (int up = 0; up < 4; up++) {
        ptrdiff_t slash = fk_slice_rfind(path, '/');
        if (slash < 0)
            return false;
        path = fk_slice_sub(path, 0, (size_t)slash);
    }
    fk_buf_add_slice(root, path);
    return !root->err;
}

static bool in_kit(const char *name, struct fk_buf *path)
{
    static const char *const places[] = {"loadgen/plans", "scenarios/*"};
    struct fk_buf root;
    bool found = false;
    fk_buf_init(&root, 8192);
    for (size_t i = 0; i < 2 && !found; i++) {
        glob_t hits;
        fk_buf_reset(&root);
        if (!kit_root(&root))
            break;
        fk_buf_printf(&root, "/%s/%s.load", places[i], name);
        if (glob(root.ptr, 0, NULL, &hits) == 0) {
            fk_buf_reset(path);
            fk_buf_adds(path, hits.gl_pathv[0]);
            found = readable(path);
            globfree(&hits);
        }
    }
    fk_buf_fini(&root);
    return found;
}

static bool is_name(const char *plan)
{
    return strspn(plan, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-") == strlen(plan);
}

enum fk_err library_read(const char *plan, const char *folders,
    struct fk_buf *path, struct fk_buf *text, struct fk_diag *diag)
{
    fk_buf_adds(path, plan);
    if (is_name(plan) && access(plan, R_OK) != 0 &&
        !in_folders(folders, plan, path) && !in_kit(plan, path))
        return fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "There is no plan \"%s\": no %s.load in loadgen/plans or in a "
            "folder of scenarios. A path to a file works, too.",
            plan, plan);
    return file_read(path->ptr, text, diag);
}
