/* Recordings as files: see recording.h. */
#include "cli/recording.h"

#include "common/gzip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEST_LEVEL = 9 };

enum fk_err recording_path(const struct kit *kit, const char *scenario,
    char *out, struct fk_diag *diag)
{
    char dir[PATH_MAX], folder[300] = "";
    enum fk_err err = kit_path(dir, kit->root, "scenarios");
    DIR *d = err ? NULL : opendir(dir);
    struct dirent *e;
    size_t n = strlen(scenario);
    while (d && (e = readdir(d)))
        if (n && !strncmp(e->d_name, scenario, n) && e->d_name[n] == '-')
            snprintf(folder, sizeof folder, "%s/golden.rec", e->d_name);
    if (d)
        closedir(d);
    if (!*folder)
        return fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "there is no scenario '%s'; see the folder scenarios", scenario);
    return kit_path(out, dir, folder);
}

enum fk_err recording_read(const char *path, json_t **out, struct fk_diag *diag)
{
    struct fk_buf file, text;
    fk_buf_init(&text, RECORDING_MAX_BYTES);
    enum fk_err err = kit_read_file(path, RECORDING_MAX_BYTES, &file, diag);
    if (!err)
        err = fk_gzip_read(fk_buf_slice(&file), &text, diag);
    json_t *json = err ? NULL : json_loadb(text.ptr, text.len, 0, NULL);
    fk_buf_fini(&file);
    fk_buf_fini(&text);
    if (!err && (json_integer_value(json_object_get(json, "recording")) != 1 ||
                    !json_is_array(json_object_get(json, "runs")))) {
        json_decref(json);
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "%s is no recording of this kit", path);
    }
    *out = json;
    return err;
}

enum fk_err recording_write(
    const char *path, const json_t *recording, struct fk_diag *diag)
{
    struct fk_buf zipped;
    char *text = json_dumps(recording, JSON_COMPACT | JSON_SORT_KEYS);
    fk_buf_init(&zipped, RECORDING_MAX_BYTES);
    enum fk_err err =
        text ? fk_gzip_write(fk_slice_of(text), BEST_LEVEL, &zipped)
             : FK_ERR_NOMEM;
    free(text);
    if (err)
        fk_diag_set(diag, err, "the recording is too large");
    else
        err = kit_write_file(path, fk_buf_slice(&zipped), diag);
    fk_buf_fini(&zipped);
    return err;
}
