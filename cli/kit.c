/* Where the kit is and what runs: see kit.h. */
#include "cli/kit.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENV_MAX_BYTES = 64 * 1024 };

enum fk_err kit_path(char *out, const char *dir, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return n > 0 && n < PATH_MAX ? FK_OK : FK_ERR_LIMIT;
}

enum fk_err kit_read_file(
    const char *path, size_t limit, struct fk_buf *out, struct fk_diag *diag)
{
    fk_buf_init(out, limit);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fk_diag_set(diag, errno == ENOENT ? FK_ERR_NOT_FOUND : FK_ERR_IO,
            "cannot read %s: %s", path, strerror(errno));
    char chunk[16384];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        fk_buf_add(out, chunk, (size_t)n);
    close(fd);
    if (n < 0)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    if (out->err)
        return fk_diag_set(diag, out->err,
            "%s is larger than %zu bytes; shorten it", path, limit);
    return FK_OK;
}

enum fk_err kit_write_file(
    const char *path, struct fk_slice bytes, struct fk_diag *diag)
{
    if (fk_file_replace(path, bytes, 0600) == FK_OK)
        return FK_OK;
    return fk_diag_set(
        diag, FK_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

static bool is_root(const char *dir)
{
    char path[PATH_MAX];
    return !kit_path(path, dir, "exercises") && !access(path, X_OK) &&
           !kit_path(path, dir, "scenarios") && !access(path, X_OK);
}

/* Up from `dir` until a folder looks like the kit. */
static bool find_root(const char *dir, char *out)
{
    char here[PATH_MAX];
    if (!realpath(dir, here))
        return false;
    for (;;) {
        if (is_root(here)) {
            memcpy(out, here, strlen(here) + 1);
            return true;
        }
        char *slash = strrchr(here, '/');
        if (!slash || slash == here)
            return false;
        *slash = '\0';
    }
}

static void copy(char *out, size_t size, struct fk_slice value)
{
    size_t n = value.len < size - 1 ? value.len : size - 1;
    memcpy(out, value.ptr ? value.ptr : "", n);
    out[n] = '\0';
}

/* The variables of the env file: one table for reading and writing. */
static const struct {
    const char *name;
    size_t offset, size;
} variables[] = {
    {"FLAMEKIT_RUN", offsetof(struct kit, run), sizeof(((struct kit *)0)->run)},
    {"FLAMEKIT_SERVER", offsetof(struct kit, server),
        sizeof(((struct kit *)0)->server)},
    {"FLAMEKIT_APP", offsetof(struct kit, app), sizeof(((struct kit *)0)->app)},
    {"FLAMEKIT_NIGHT", offsetof(struct kit, night),
        sizeof(((struct kit *)0)->night)},
};

enum { NUM_VARIABLES = sizeof variables / sizeof *variables };

static void set_variable(
    struct kit *kit, struct fk_slice name, struct fk_slice value)
{
    for (size_t i = 0; i < NUM_VARIABLES; i++)
        if (fk_slice_eqz(name, variables[i].name))
            copy((char *)kit + variables[i].offset, variables[i].size, value);
}

static void read_env(struct kit *kit)
{
    char path[PATH_MAX];
    struct fk_buf text;
    if (kit_path(path, kit->state, "env"))
        return;
    if (!kit_read_file(path, ENV_MAX_BYTES, &text, NULL)) {
        struct fk_slice rest = fk_buf_slice(&text), line;
        while (fk_slice_split(&rest, '\n', &line)) {
            struct fk_slice name;
            fk_slice_split(&line, '=', &name);
            set_variable(kit, name, line);
        }
    }
    fk_buf_fini(&text);
    for (size_t i = 0; i < NUM_VARIABLES; i++) {
        const char *value = getenv(variables[i].name);
        if (value && *value)
            set_variable(
                kit, fk_slice_of(variables[i].name), fk_slice_of(value));
    }
}

enum fk_err kit_open(struct kit *kit, struct fk_diag *diag)
{
    *kit = (struct kit){0};
    ssize_t n = readlink("/proc/self/exe", kit->bin, sizeof kit->bin - 1);
    if (n <= 0)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot find this program: %s", strerror(errno));
    kit->bin[n] = '\0';
    char *slash = strrchr(kit->bin, '/');
    if (slash)
        *slash = '\0';
    if (!find_root(".", kit->root) && !find_root(kit->bin, kit->root))
        return fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "this is not a Flamekit folder: run the command inside the "
            "checkout, where exercises/ and scenarios/ are");
    const char *state = getenv("FLAMEKIT_STATE");
    enum fk_err err =
        state ? (strlen(state) < sizeof kit->state ? FK_OK : FK_ERR_LIMIT)
              : kit_path(kit->state, kit->root, ".flamekit");
    if (err)
        return fk_diag_set(diag, err, "the path of the kit is too long");
    if (state)
        memcpy(kit->state, state, strlen(state) + 1);
    read_env(kit);
    return FK_OK;
}

enum fk_err kit_save_env(const struct kit *kit, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct fk_buf text;
    if (mkdir(kit->state, 0700) && errno != EEXIST)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot make %s: %s", kit->state, strerror(errno));
    enum fk_err err = kit_path(path, kit->state, "env");
    if (err)
        return fk_diag_set(diag, err, "the path of the kit is too long");
    fk_buf_init(&text, ENV_MAX_BYTES);
    for (size_t i = 0; i < NUM_VARIABLES; i++)
        fk_buf_printf(&text, "%s=%s\n", variables[i].name,
            (const char *)kit + variables[i].offset);
    err = kit_write_file(path, fk_buf_slice(&text), diag);
    fk_buf_fini(&text);
    return err;
}
