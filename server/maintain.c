#include "server/maintain.h"

#include "common/clock.h"
#include "server/blob.h"
#include "server/chunk.h"
#include "server/datadir.h"
#include "server/days.h"
#include "server/meta.h"
#include "server/meta_load.h"
#include "server/tar.h"
#include "server/totals.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any server is set to; it costs address space only. */
enum { MAX_SERIES = 1 << 20 };

#define ROUND_MS 20

/* ---- the files of a directory ---- */

struct files {
    char **path; /* below the directory, sorted: days before meta.db */
    size_t count;
    enum fk_err err;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void files_fini(struct files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->path[i]);
    free(f->path);
}

static void add_file(struct files *f, const char *folder, const char *name)
{
    char *path = NULL;
    char **more = reallocarray(f->path, f->count + 1, sizeof *more);
    if (more)
        f->path = more;
    if (!more || asprintf(&path, "%s/%s", folder, name) < 0) {
        f->err = FK_ERR_NOMEM;
        return;
    }
    f->path[f->count++] = path;
}

static bool is_ours(const char *name)
{
    size_t n = strlen(name);
    bool db = n > 3 && strcmp(name + n - 3, ".db") == 0;
    return db &&
           (strcmp(name, "meta.db") == 0 || strncmp(name, "day-", 4) == 0);
}

static void add_folder(struct files *f, const char *dir, const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, folder);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (is_ours(e->d_name))
            add_file(f, folder, e->d_name);
    if (d)
        closedir(d);
}

static enum fk_err files_list(
    struct files *f, const char *dir, struct fk_diag *diag)
{
    *f = (struct files){0};
    DIR *d = opendir(dir);
    if (!d)
        return fk_diag_set(diag, FK_ERR_IO,
            "cannot list the data directory %s: %s", dir, strerror(errno));
    for (struct dirent *e; (e = readdir(d));)
        if (!strncmp(e->d_name, "t-", 2) || !strncmp(e->d_name, "x-", 2))
            add_folder(f, dir, e->d_name);
    closedir(d);
    if (f->count)
        qsort(f->path, f->count, sizeof *f->path, by_name);
    return f->err ? fk_diag_set(diag, f->err, "out of memory") : FK_OK;
}

static bool is_meta(const char *path)
{
    return strcmp(strrchr(path, '/'), "/meta.db") == 0;
}

/* ---- checking ---- */

struct checking {
    struct catalog *catalog;
    struct blob_codec *codec;

    uint64_t profiles, sums, damaged;
    FILE *out;
    bool quiet;
};

static bool blob_is_good(
    struct checking *c, struct fk_slice data, uint32_t series, int64_t time_ms)
{
    struct blob_pairs pairs;
    const struct series_entry *e =
        catalog_entry(c->catalog, series & (LEVELS_GROUP - 1));
    return e && !blob_read(c->codec, data,
                    catalog_trie_of(c->catalog, e, time_ms)->num_nodes, &pairs);
}

static enum fk_err check_profile(
    void *arg, uint32_t series, int64_t time_ms, struct db_stmt *row)
{
    struct checking *c = arg;
    c->profiles++;
    if (blob_is_good(c, journal_blob(row), series, time_ms))
        return FK_OK;
    c->damaged++;
    if (!c->quiet)
        fprintf(c->out, "damaged: profile of series %u at %lld ms\n", series,
            (long long)time_ms);
    return FK_OK;
}

static enum fk_err check_sum(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct checking *c = arg;
    c->sums++;
    struct totals totals;
    bool good = level == LEVEL_CHUNK ? !chunk_check(data)
                : level == LEVEL_TOTALS
                    ? !totals_decode(data, &totals)
                    : blob_is_good(c, data, id, start * 1000);
    if (good)
        return FK_OK;
    c->damaged++;
    if (!c->quiet)
        fprintf(c->out, "damaged: sum of level %d of %u at %lld s\n",
            (int)level, id, (long long)start);
    return FK_OK;
}

static enum fk_err check_rows(
    struct checking *c, struct db *db, int64_t version)
{
    c->profiles = c->sums = c->damaged = 0;
    enum fk_err err = journal_scan(db, 0, INT64_MAX, check_profile, c);
    if (!err && version > 1)
        err = levels_scan_all(db, check_sum, c);
    return err;
}

/* All of its tables as they were at one time. */
static enum fk_err load_meta(
    struct db *db, struct catalog *out, struct fk_diag *diag)
{
    enum fk_err err = db_snapshot(db);
    err = err ? db_explain(db, err, diag) : meta_load(db, out, diag);
    db_rollback(db);
    return err;
}

static enum fk_err load_beside(
    const char *path, struct catalog *out, struct fk_diag *diag)
{
    char meta[PATH_MAX + 16];
    struct db *db = NULL;
    snprintf(meta, sizeof meta, "%.*s/meta.db",
        (int)(strrchr(path, '/') - path), path);
    enum fk_err err = db_open(meta, NULL, DB_READ, &db, diag);
    if (!err)
        err = load_meta(db, out, diag);
    db_close(db);
    return err;
}

/* A server may be writing: a row of a series or a stack that came after
 * meta.db was read is not damaged. So what looks like it is looked at once
 * more, with a meta.db that is newer than the rows. */
static enum fk_err check_day(struct checking *c, const char *path,
    struct db *db, int64_t version, struct fk_diag *diag)
{
    struct catalog *before = c->catalog, fresh;
    c->quiet = true;
    enum fk_err err = check_rows(c, db, version);
    if (err || !c->damaged)
        return err;
    err = catalog_init(&fresh, MAX_SERIES);
    c->quiet = false;
    c->catalog = &fresh;
    if (!err)
        err = db_snapshot(db);
    if (!err)
        err = db_version(db, &version); /* the first read fixes the state */
    if (!err)
        err = load_beside(path, &fresh, diag);
    if (!err)
        err = check_rows(c, db, version);
    db_rollback(db);
    catalog_fini(&fresh);
    c->catalog = before;
    return err;
}

static enum fk_err check_file(
    struct checking *c, const char *dir, const char *file, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct db *db;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    c->profiles = c->sums = c->damaged = 0;
    enum fk_err err = db_open(path, NULL, DB_READ, &db, diag);
    if (err)
        return err;
    int64_t version = 0; /* stays 0 where making the file was cut short */
    err = db_check(db);
    if (!err)
        err = db_version(db, &version);
    if (!err && version && !is_meta(file))
        err = check_day(c, path, db, version, diag);
    db_explain(db, err, diag);
    if (!err && version && is_meta(file))
        err = load_meta(db, c->catalog, diag);
    db_close(db);
    if (!err && c->damaged)
        err = fk_diag_set(diag, FK_ERR_CORRUPT,
            "%llu damaged rows; the server leaves them out of its answers and "
            "sets them aside",
            (unsigned long long)c->damaged);
    return err;
}

static bool is_gone(const char *dir, const char *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    return access(path, F_OK) != 0;
}

/* The meta.db of a folder comes first: days are checked against it. */
static enum fk_err check_folder(
    struct checking *c, const char *dir, const struct files *f, size_t *at)
{
    enum fk_err result = FK_OK;
    size_t first = *at, end = first,
           name = (size_t)(strrchr(f->path[first], '/') - f->path[first] + 1);
    while (end < f->count && !strncmp(f->path[end], f->path[first], name))
        end++;
    for (size_t i = 0; i < end - first; i++) {
        const char *file = f->path[i ? first + i - 1 : end - 1];
        struct fk_diag why = {""};
        enum fk_err err = check_file(c, dir, file, &why);
        if (err && is_gone(dir, file))
            continue; /* a day that was dropped meanwhile */
        result = err ? FK_ERR_CORRUPT : result;
        if (err)
            fprintf(c->out, "BAD %s: %s\n", file, why.text);
        else
            fprintf(c->out, "ok  %s: %llu profiles, %llu sums\n", file,
                (unsigned long long)c->profiles, (unsigned long long)c->sums);
    }
    *at = end;
    return result;
}

enum fk_err maintain_check(const char *dir, FILE *out, struct fk_diag *diag)
{
    struct files files;
    enum fk_err err = files_list(&files, dir, diag), bad = FK_OK;
    for (size_t at = 0; !err && at < files.count;) {
        struct catalog catalog;
        struct checking c = {.catalog = &catalog, .out = out};
        c.codec = blob_codec_new();
        err = catalog_init(&catalog, MAX_SERIES);
        if (!err && !c.codec)
            err = FK_ERR_NOMEM;
        if (!err && check_folder(&c, dir, &files, &at))
            bad = FK_ERR_CORRUPT;
        catalog_fini(&catalog);
        blob_codec_free(c.codec);
    }
    files_fini(&files);
    if (!err && bad)
        err = fk_diag_set(diag, bad,
            "%s is damaged, see above: the server sets what is damaged aside "
            "and serves the rest; restore a backup to get it back",
            dir);
    return err;
}

/* ---- copying ---- */

/* By way of a copy beside the archive, for the file goes on changing. */
static enum fk_err copy_file(struct tar *tar, const char *dir, const char *file,
    const char *beside, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct db *db;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (is_gone(dir, file))
        return FK_OK; /* a day that was dropped meanwhile */
    enum fk_err err = db_open(path, NULL, DB_READ, &db, diag);
    if (err)
        return err;
    unlink(beside);
    err = db_explain(db, db_copy(db, beside), diag);
    db_close(db);
    if (!err)
        tar_add_file(tar, file, beside);
    unlink(beside);
    return err ? err : fk_diag_set(diag, tar->err, "%s", tar->why.text);
}

static void add_folder_entry(struct tar *tar, const char *file, char *last)
{
    char folder[PATH_MAX];
    int n = (int)(strrchr(file, '/') - file + 1);
    snprintf(folder, sizeof folder, "%.*s", n, file);
    if (strcmp(folder, last) == 0)
        return;
    tar_add_folder(tar, folder);
    memcpy(last, folder, (size_t)n + 1);
}

static size_t count_there(const char *dir, const struct files *files)
{
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++)
        count += !is_gone(dir, files->path[i]);
    return count;
}

static enum fk_err copy_all(struct tar *tar, const char *dir,
    const struct files *files, const char *beside, struct fk_diag *diag)
{
    char folder[PATH_MAX] = "";
    enum fk_err err = FK_OK;
    size_t before = count_there(dir, files);
    /* A folder's meta.db is the last of it: it knows at least the stacks of
     * the days that were copied before. */
    for (size_t i = 0; !err && i < files->count; i++) {
        add_folder_entry(tar, files->path[i], folder);
        err = copy_file(tar, dir, files->path[i], beside, diag);
    }
    tar_finish(tar);
    /* Stacks that only it had may be gone from the meta.db that was copied. */
    if (!err && count_there(dir, files) < before)
        err = fk_diag_set(diag, FK_ERR_RETRY,
            "a day was forgotten while it was being copied: copy again");
    return err ? err : fk_diag_set(diag, tar->err, "%s", tar->why.text);
}

static enum fk_err close_archive(FILE *out, const char *part, const char *file,
    enum fk_err err, struct fk_diag *diag)
{
    if (!err && (fflush(out) || fsync(fileno(out))))
        err = fk_diag_set(
            diag, FK_ERR_IO, "cannot write %s: %s", part, strerror(errno));
    fclose(out);
    if (!err && rename(part, file))
        err = fk_diag_set(
            diag, FK_ERR_IO, "cannot name %s: %s", file, strerror(errno));
    if (err)
        unlink(part);
    return err;
}

enum fk_err maintain_backup(
    const char *dir, const char *file, struct fk_diag *diag)
{
    char part[PATH_MAX], beside[PATH_MAX];
    struct files files;
    snprintf(part, sizeof part, "%s.part", file);
    snprintf(beside, sizeof beside, "%s.copy", file);
    enum fk_err err = files_list(&files, dir, diag);
    if (!err && !files.count)
        err = fk_diag_set(
            diag, FK_ERR_NOT_FOUND, "there is nothing to copy in %s", dir);
    FILE *out = err ? NULL : fopen(part, "we");
    if (!err && !out)
        err = fk_diag_set(
            diag, FK_ERR_IO, "cannot write %s: %s", part, strerror(errno));
    if (out) {
        struct tar tar = {.out = out};
        err = copy_all(&tar, dir, &files, beside, diag);
        err = close_archive(out, part, file, err, diag);
    }
    files_fini(&files);
    return err;
}

/* ---- compacting ---- */

static enum fk_err open_tenant(struct store *store, const char *dir,
    const char *file, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct db *db;
    struct fk_buf name;
    struct store_tenant *t;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    enum fk_err err = db_open(path, NULL, DB_READ, &db, diag);
    if (err)
        return err;
    fk_buf_init(&name, STORE_TENANT_MAX_BYTES);
    err = db_explain(db, meta_tenant_name(db, &name), diag);
    db_close(db);
    if (!err)
        err = store->ops->tenant(store, fk_buf_slice(&name), &t, diag);
    fk_buf_fini(&name);
    return err;
}

/* The store does its own housekeeping; wait until it has nothing to do. */
static enum fk_err keep_house(const struct store_options *options,
    const struct files *files, struct fk_diag *diag)
{
    struct store_options quick = *options;
    struct store_stats stats;
    struct store *store;
    uint64_t tenants = 0;
    quick.seal_every_ms = ROUND_MS;
    enum fk_err err = store_sqlite_ops.open(&quick, &store, diag);
    if (err)
        return err;
    for (size_t i = 0; !err && i < files->count; i++)
        if (is_meta(files->path[i])) {
            err = open_tenant(store, options->dir, files->path[i], diag);
            tenants++;
        }
    do {
        fk_sleep_until_mono(fk_mono_ns() + ROUND_MS * FK_NS_PER_MS);
        store->ops->stats(store, &stats);
    } while (!err && stats.idle_tenants < tenants);
    store->ops->close(store);
    return err;
}

static enum fk_err rewrite(
    const char *dir, const char *file, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct db *db;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    if (access(path, F_OK))
        return FK_OK; /* it was old, and dropped */
    enum fk_err err = db_open(path, NULL, DB_WRITE, &db, diag);
    if (err)
        return err;
    err = db_explain(db, db_vacuum(db), diag);
    db_close(db);
    return err;
}

enum fk_err maintain_compact(
    const struct store_options *options, struct fk_diag *diag)
{
    struct files files;
    int lock = -1;
    enum fk_err err = files_list(&files, options->dir, diag);
    if (!err)
        err = keep_house(options, &files, diag);
    if (!err)
        err = datadir_lock(options->dir, &lock, diag);
    for (size_t i = 0; !err && i < files.count; i++)
        err = rewrite(options->dir, files.path[i], diag);
    if (lock >= 0)
        close(lock);
    files_fini(&files);
    return err;
}
