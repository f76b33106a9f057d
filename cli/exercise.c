/* Exercises on disk: see exercise.h. */
#include "cli/exercise.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 256 * 1024 };

/* The seed's bare numbers belong to scenario 07. */
#define ALIAS_SCENARIO "07"

static void take(char *out, size_t size, struct fk_slice value)
{
    snprintf(out, size, FK_SLICE_FMT, FK_SLICE_ARG(value));
}

static void take_minutes(struct exercise *ex, struct fk_slice value)
{
    char text[32];
    take(text, sizeof text, value);
    if (sscanf(text, "[%d, %d]", &ex->minutes_low, &ex->minutes_high) != 2)
        ex->minutes_low = ex->minutes_high = 0;
}

/* "mixed for 120s", or "timeline" */
static void take_load(struct exercise *ex, struct fk_slice value)
{
    char text[128];
    take(text, sizeof text, value);
    int n = sscanf(text, "%63s for %15s", ex->plan, ex->duration);
    if (n < 1 || (n == 1 && strchr(text, ' ')))
        ex->plan[0] = '\0';
}

static void take_field(
    struct exercise *ex, struct fk_slice name, struct fk_slice value)
{
    if (fk_slice_eqz(name, "id"))
        take(ex->id, sizeof ex->id, value);
    else if (fk_slice_eqz(name, "title"))
        take(ex->title, sizeof ex->title, value);
    else if (fk_slice_eqz(name, "minutes"))
        take_minutes(ex, value);
    else if (fk_slice_eqz(name, "load"))
        take_load(ex, value);
    else if (fk_slice_eqz(name, "instance"))
        ex->night = fk_slice_eqz(value, "night");
    else if (fk_slice_eqz(name, "optional"))
        ex->optional = fk_slice_eqz(value, "yes");
    else if (fk_slice_eqz(name, "predict"))
        take(ex->predict, sizeof ex->predict, value);
}

static enum fk_err read_front_matter(
    struct exercise *ex, struct fk_slice text, struct fk_diag *diag)
{
    struct fk_slice line;
    bool closed = false;
    if (!fk_slice_split(&text, '\n', &line) || !fk_slice_eqz(line, "---"))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "%s/README.md does not begin with a front matter (---)", ex->dir);
    while (!closed && fk_slice_split(&text, '\n', &line)) {
        struct fk_slice name;
        closed = fk_slice_eqz(line, "---");
        fk_slice_split(&line, ':', &name);
        take_field(ex, fk_slice_trim(name), fk_slice_trim(line));
    }
    const char *missing = !closed             ? "its closing ---"
                          : !*ex->id          ? "id"
                          : !*ex->title       ? "title"
                          : !ex->minutes_high ? "minutes: [low, high]"
                          : !*ex->plan        ? "load: PLAN [for DURATION]"
                                              : NULL;
    if (missing)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "%s/README.md: the front matter lacks %s", ex->dir, missing);
    return FK_OK;
}

enum fk_err exercise_file(const struct kit *kit, const struct exercise *ex,
    const char *name, struct fk_buf *out, struct fk_diag *diag)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s/%s", kit->root, ex->dir, name);
    fk_buf_init(out, FILE_MAX_BYTES);
    if (n < 0 || n >= (int)sizeof path)
        return fk_diag_set(diag, FK_ERR_LIMIT, "%s is too long", ex->dir);
    return kit_read_file(path, FILE_MAX_BYTES, out, diag);
}

struct fk_slice exercise_body(struct fk_slice text)
{
    struct fk_slice rest = text, line;
    if (!fk_slice_split(&rest, '\n', &line) || !fk_slice_eqz(line, "---"))
        return text;
    while (fk_slice_split(&rest, '\n', &line))
        if (fk_slice_eqz(line, "---"))
            break;
    return rest;
}

/* What texts say, and what it is in this kit; "" while nothing is up. */
static struct fk_slice address_here(
    const struct kit *kit, struct fk_slice text, size_t *len)
{
    const struct {
        struct fk_slice said;
        const char *url;
    } addresses[] = {{FK_SLICE("localhost:5000"), kit->app},
        {FK_SLICE("localhost:4040"), kit->server}};

    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const char *host = strstr(addresses[i].url, "://");
        *len = addresses[i].said.len;
        if (host && fk_slice_starts(text, addresses[i].said))
            return fk_slice_of(host + 3);
    }
    *len = 1;
    return fk_slice_sub(text, 0, 1);
}

enum fk_err exercise_text(const struct kit *kit, const struct exercise *ex,
    const char *name, struct fk_buf *out, struct fk_diag *diag)
{
    struct fk_buf file;
    fk_buf_init(out, FILE_MAX_BYTES);
    enum fk_err err = exercise_file(kit, ex, name, &file, diag);
    struct fk_slice rest = exercise_body(fk_buf_slice(&file));
    for (size_t n; !err && rest.len; rest = fk_slice_sub(rest, n, rest.len))
        fk_buf_add_slice(out, address_here(kit, rest, &n));
    fk_buf_fini(&file);
    return err;
}

static enum fk_err load(const struct kit *kit, const char *folder,
    struct exercise *ex, struct fk_diag *diag)
{
    struct fk_buf text;
    *ex = (struct exercise){0};
    snprintf(ex->dir, sizeof ex->dir, "exercises/%s", folder);
    enum fk_err err = exercise_file(kit, ex, "README.md", &text, diag);
    if (!err)
        err = read_front_matter(ex, fk_buf_slice(&text), diag);
    fk_buf_fini(&text);
    return err;
}

static int by_id(const void *a, const void *b)
{
    const struct exercise *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* NN.M-name */
static bool is_exercise(const char *folder)
{
    return strlen(folder) > 5 && strspn(folder, "0123456789") == 2 &&
           folder[2] == '.';
}

enum fk_err exercise_list(const struct kit *kit, struct exercise *out,
    size_t *n, struct fk_diag *diag)
{
    char path[PATH_MAX];
    enum fk_err err = kit_path(path, kit->root, "exercises");
    DIR *dir = err ? NULL : opendir(path);
    if (!dir)
        return fk_diag_set(diag, FK_ERR_IO, "cannot read %s", path);
    struct dirent *e;
    *n = 0;
    while (!err && *n < EXERCISES_MAX && (e = readdir(dir)))
        if (is_exercise(e->d_name))
            err = load(kit, e->d_name, &out[(*n)++], diag);
    closedir(dir);
    if (!err)
        qsort(out, *n, sizeof *out, by_id);
    return err;
}

enum fk_err exercise_find(const struct kit *kit, const char *name,
    struct exercise *out, struct fk_diag *diag)
{
    static struct exercise all[EXERCISES_MAX];
    char wanted[16];
    size_t n;
    enum fk_err err = exercise_list(kit, all, &n, diag);
    if (err)
        return err;
    snprintf(wanted, sizeof wanted, "%s%s",
        strchr(name, '.') ? "" : ALIAS_SCENARIO ".", name);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].id, wanted))
            continue;
        *out = all[i];
        return FK_OK;
    }
    return fk_diag_set(diag, FK_ERR_NOT_FOUND,
        "there is no exercise '%s'; `flamekit list` shows them", name);
}
