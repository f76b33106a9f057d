/* Progress files: see progress.h. */
#include "cli/progress.h"

#include "cli/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PROGRESS_MAX_BYTES = 256 * 1024 };

enum fk_err progress_open(const struct kit *kit, const char *exercise_id,
    struct progress *p, struct fk_diag *diag)
{
    char dir[PATH_MAX];
    fk_buf_init(&p->text, PROGRESS_MAX_BYTES);
    if (kit_path(dir, kit->state, "progress") ||
        kit_path(p->path, dir, exercise_id))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    if ((mkdir(kit->state, 0700) && errno != EEXIST) ||
        (mkdir(dir, 0700) && errno != EEXIST))
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot make %s: %s", dir, strerror(errno));
    enum fk_err err =
        kit_read_file(p->path, PROGRESS_MAX_BYTES, &p->text, diag);
    if (err != FK_ERR_NOT_FOUND)
        return err;
    if (diag)
        diag->text[0] = '\0'; /* the first fact is still to come */
    return FK_OK;
}

void progress_close(struct progress *p)
{
    fk_buf_fini(&p->text);
}

bool progress_get(const struct progress *p, const char *kind, const char *name,
    char *value, size_t size)
{
    struct fk_slice rest = fk_buf_slice(&p->text), line;
    bool found = false;
    while (fk_slice_split(&rest, '\n', &line)) {
        struct words w;
        if (!words_split(line, &w) || !words_is(&w, 0, kind) ||
            !words_is(&w, 1, name))
            continue;
        words_copy(&w, 2, value, size);
        found = true;
    }
    return found;
}

enum fk_err progress_set(struct progress *p, const char *kind, const char *name,
    const char *value, struct fk_diag *diag)
{
    fk_buf_printf(&p->text, "%s \"%s\" \"", kind, name);
    for (; *value; value++)
        fk_buf_addc(&p->text,
            *value == '"' || (unsigned char)*value < ' ' ? ' ' : *value);
    fk_buf_adds(&p->text, "\"\n");
    if (p->text.err)
        return fk_diag_set(diag, p->text.err,
            "%s is full; `make reset` starts afresh", p->path);
    return kit_write_file(p->path, fk_buf_slice(&p->text), diag);
}

enum progress_state progress_state(
    const struct kit *kit, const char *exercise_id)
{
    static const char *const started[] = {"opened", "ran", "predict"};
    enum progress_state state = PROGRESS_FRESH;
    struct progress p;
    char value[64];
    if (!progress_open(kit, exercise_id, &p, NULL)) {
        for (size_t i = 0; i < sizeof started / sizeof *started; i++)
            if (progress_get(&p, started[i], "", value, sizeof value))
                state = PROGRESS_STARTED;
        if (progress_get(&p, "passed", "", value, sizeof value))
            state = PROGRESS_PASSED;
    }
    progress_close(&p);
    return state;
}
