/* What only the store on disk promises: that it is still there. */
#include "common/clock.h"
#include "server/journal.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_new(struct fx *fx)
{
    fx_init(fx, &store_sqlite_ops);
    fx_open(fx);
}

static void reopen(struct fx *fx)
{
    fx_close(fx);
    fx_open(fx);
}

TEST(reopening_keeps_all)
{
    struct fx fx;
    open_new(&fx);
    for (int i = 0; i < 300; i++) {
        char folded[128], labels[64];
        snprintf(folded, sizeof folded, "main;f%d;g%d;h%d 5\nmain;f%d 2", i,
            i * 7, i * 13, i / 2);
        snprintf(labels, sizeof labels, "service_name=app%d,pod=p\"%d", i % 3,
            i % 10);
        CHECK_INT(fx_put(&fx, labels, T0 + i * FX_DAY_MS / 100, folded), 0);
    }
    CHECK_INT(fx_doc(&fx, "d1", T0, 0, "{\"x\":1}"), 0);
    char *merged = strdup(fx_merge(&fx, ALL, 0, T0 * 2));
    char *series = strdup(fx_series(&fx, ALL, 0, 0));
    char *timeline = strdup(fx_timeline(&fx, ALL, 0, T0 * 2));
    for (int i = 0; i < 3; i++) {
        reopen(&fx);
        CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), merged);
        CHECK_STR(fx_series(&fx, ALL, 0, 0), series);
        CHECK_STR(fx_timeline(&fx, ALL, 0, T0 * 2), timeline);
        CHECK_STR(fx_docs(&fx, "note", 0, 0), "d1@1700000000000-0:{\"x\":1}");
    }
    /* The tries go on where they were. */
    CHECK_INT(fx_put(&fx, "service_name=app0", T0, "main;f0;g0;h0 5"), 0);
    CHECK_INT(fx_put(&fx, "service_name=app0", T0, "main;new;new 1"), 0);
    reopen(&fx);
    CHECK_STR(fx_merge(&fx, "{service_name=\"app0\",pod=\"\"}", T0, T0 + 1),
        "main;f0;g0;h0 5\nmain;new;new 1");
    free(merged);
    free(series);
    free(timeline);
    fx_fini(&fx);
}

TEST(duplicates_are_known_after_reopening)
{
    struct fx fx;
    struct fx_batch b;
    open_new(&fx);
    fx_batch_init(&b);
    fx_batch_add(&b, APP_A, T0, "a 1")->dedup = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        CHECK_INT(fx_append(&fx, &b), 0);
        reopen(&fx);
    }
    fx_batch_fini(&b);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "a 1");
    fx_fini(&fx);
}

/* ---- files ---- */

#define DAY_FILE  "t-anonymous/day-20231114.db"
#define META_FILE "t-anonymous/meta.db"

static struct db *open_file(struct fx *fx, const char *file)
{
    static const char *const none[] = {NULL};
    static const struct db_schema any = {none};
    struct fk_diag diag = {""};
    struct db *db;
    bool day = strcmp(file, META_FILE) != 0;
    if (db_open(fx_path(fx, file), day ? &journal_schema : &any,
            day ? DB_WRITE : DB_READ, &db, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    return db;
}

static const char *ask(struct db *db, const char *sql)
{
    static char answer[256];
    struct db_stmt *s;
    bool row;
    CHECK_INT(db_prepare(db, sql, &s), 0);
    CHECK_INT(db_step(s, &row), 0);
    CHECK(row);
    struct fk_slice text = db_bytes(s, 0);
    snprintf(answer, sizeof answer, FK_SLICE_FMT, FK_SLICE_ARG(text));
    db_reset(s);
    return answer;
}

TEST(files_are_set_up_before_their_first_table)
{
    static const char *const files[] = {DAY_FILE, META_FILE};
    struct fx fx;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    for (int i = 0; i < 2; i++) {
        struct db *db = open_file(&fx, files[i]);
        CHECK_STR(ask(db, "PRAGMA auto_vacuum"), "2"); /* incremental */
        CHECK_STR(ask(db, "PRAGMA page_size"), "8192");
        CHECK_STR(ask(db, "PRAGMA journal_mode"), "wal");
        CHECK_STR(ask(db, "PRAGMA user_version"), i ? "2" : "4");
        CHECK_STR(ask(db, "PRAGMA integrity_check"), "ok");
        db_close(db);
    }
    struct db *db = open_file(&fx, DAY_FILE);
    CHECK_STR(ask(db, "PRAGMA synchronous"), "2"); /* full */
    db_close(db);
    fx_fini(&fx);
}

static bool plans_bad;

static void check_plan(const char *sql, const char *step)
{
    if (!strstr(step, "SCAN") && !strstr(step, "TEMP B-TREE"))
        return;
    if (strstr(step, "SCAN CONSTANT ROW"))
        return;
    tap_diag("%s: %s", step, sql);
    plans_bad = true;
}

/* Reading the catalog and a day's list of series when opening is meant to
 * read all of it; nothing else is. */
TEST(no_statement_scans_or_sorts)
{
    struct fx fx;
    open_new(&fx);
    db_watch_plans(check_plan);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a;b 1"), 0);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "a 1\na;b 1");
    CHECK_STR(
        fx_timeline(&fx, ALL, T0, T0 + 1), "1700000000000=1 1700000000000=1");
    CHECK_INT(fx_doc(&fx, "d", 1, 0, ""), 0);
    CHECK_STR(fx_docs(&fx, "note", 0, 0), "d@1-0:");
    CHECK_INT(fx.ops->doc_del(fx.tenant, FK_SLICE("note"), FK_SLICE("d")), 0);
    CHECK(!plans_bad);
    db_watch_plans(NULL);
    fx_fini(&fx);
}

static void flip_blob(struct fx *fx, int at)
{
    struct db_stmt *s;
    bool row;
    uint8_t bytes[256];
    struct db *db = open_file(fx, DAY_FILE);
    CHECK_INT(
        db_prepare(db, "SELECT data FROM journal ORDER BY key LIMIT 1", &s), 0);
    CHECK_INT(db_step(s, &row), 0);
    CHECK(row);
    struct fk_slice blob = db_bytes(s, 0);
    size_t n = blob.len;
    CHECK(n <= sizeof bytes && (size_t)at < n);
    memcpy(bytes, blob.ptr, n);
    db_reset(s);
    bytes[at] ^= 0x40;
    CHECK_INT(db_prepare(db,
                  "UPDATE journal SET data = ?1 WHERE key = "
                  "(SELECT min(key) FROM journal)",
                  &s),
        0);
    db_bind_blob(s, 1, (struct fk_slice){(char *)bytes, n});
    CHECK_INT(db_run(s), 0);
    db_close(db);
}

TEST(a_damaged_profile_does_not_hide_the_others)
{
    struct fx fx;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx_put(&fx, APP_A, T0 + 1000, "a 2\nb 3"), 0);
    for (int at = 0; at < 9; at++) {
        flip_blob(&fx, at);
        CHECK_STR(
            fx_merge(&fx, ALL, T0, T0 + 2000), "a 2\nb 3\nerror: corrupt");
        CHECK_STR(fx_timeline(&fx, ALL, T0, T0 + 2000),
            "1700000001000=5\nerror: corrupt");
        CHECK_STR(fx_merge(&fx, ALL, T0 + 1, T0 + 2000), "a 2\nb 3");
        flip_blob(&fx, at);
        CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 2000), "a 3\nb 3");
    }
    CHECK_INT(fx_stats(&fx).corrupt, 18);
    fx_fini(&fx);
}

static void overwrite(const char *path, size_t bytes)
{
    FILE *f = fopen(path, "r+b");
    CHECK(f);
    for (size_t i = 0; i < bytes; i++)
        fputc('x', f);
    CHECK_INT(fclose(f), 0);
}

TEST(a_damaged_day_does_not_hide_the_others)
{
    struct fx fx;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx_put(&fx, APP_A, T0 + FX_DAY_MS, "a 2"), 0);
    CHECK_INT(fx_put(&fx, APP_A, T0 - FX_DAY_MS, "a 4"), 0);
    fx_close(&fx);
    overwrite(fx_path(&fx, DAY_FILE), 16384);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, T0 + 10000000, T0 * 2), "a 2");
    int64_t deadline = fk_mono_ns() + 20 * FK_NS_PER_S;
    while (!fx_stats(&fx).set_aside && fk_mono_ns() < deadline)
        usleep(1000);
    CHECK_INT(fx_stats(&fx).set_aside, 1);
    CHECK(!access(fx_path(&fx, "t-anonymous/bad-20231114.db"), F_OK));
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 6");
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 8"), 0);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 14");
    fx_fini(&fx);
}

TEST(files_a_crash_left_empty_are_finished)
{
    struct fx fx;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    fx_close(&fx);
    FILE *f = fopen(fx_path(&fx, "t-anonymous/day-20231113.db"), "w");
    CHECK(f);
    CHECK_INT(fclose(f), 0);
    fx_open(&fx);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 1");
    CHECK_INT(fx_put(&fx, APP_A, T0 - FX_DAY_MS, "a 2"), 0);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 3");
    fx_fini(&fx);
}

static enum fk_err open_fails(struct fx *fx, const char *expected)
{
    struct fk_diag diag = {""};
    enum fk_err err = fx->ops->open(&fx->options, &fx->store, &diag);
    if (!err)
        err = fx->ops->tenant(
            fx->store, FK_SLICE("anonymous"), &fx->tenant, &diag);
    CHECK(err);
    if (!strstr(diag.text, expected))
        tap_fail(
            __FILE__, __LINE__, "\"%s\" lacks \"%s\"", diag.text, expected);
    return err;
}

TEST(a_damaged_catalog_is_refused_with_a_sentence)
{
    struct fx fx;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    fx_close(&fx);
    overwrite(fx_path(&fx, META_FILE), 100);
    CHECK_INT(open_fails(&fx, "meta.db"), FK_ERR_CORRUPT);
    fx_fini(&fx);
}

TEST(files_of_a_newer_program_are_refused)
{
    struct fx fx;
    struct db_stmt *s;
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    struct db *db = open_file(&fx, DAY_FILE);
    CHECK_INT(db_prepare(db, "PRAGMA user_version=99", &s), 0);
    CHECK_INT(db_run(s), 0);
    db_close(db);
    reopen(&fx);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), FK_ERR_UNAVAILABLE);
    fx_fini(&fx);
}

TEST(one_server_owns_the_directory)
{
    struct fx fx;
    struct store *second;
    struct fk_diag diag = {""};
    char pid[24];
    open_new(&fx);
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    CHECK_INT(fx.ops->open(&fx.options, &second, &diag), FK_ERR_EXISTS);
    CHECK(strstr(diag.text, pid));
    CHECK(strstr(diag.text, fx.dir));
    fx_close(&fx);
    CHECK_INT(fx.ops->open(&fx.options, &second, &diag), FK_OK);
    fx.ops->close(second);
    fx_fini(&fx);
}

TEST(no_tenant_leaves_the_directory)
{
    static const struct fk_slice names[] = {{"../x", 4}, {"..", 2},
        {"a/../../x", 9}, {"\0", 1}, {"Team", 4}, {"x-y", 3}};
    struct fx fx;
    int folders = 0;
    open_new(&fx);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_INT(fx.ops->tenant(fx.store, names[i], &fx.tenant, NULL), 0);
    DIR *d = opendir(fx.dir);
    CHECK(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || !strcmp(e->d_name, "lock"))
            continue;
        CHECK(!strncmp(e->d_name, "t-", 2) || !strncmp(e->d_name, "x-", 2));
        for (const char *z = e->d_name; *z; z++)
            CHECK(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", *z));
        folders++;
    }
    closedir(d);
    CHECK_INT(folders, 7);
    fx_fini(&fx);
}

TEST(old_days_are_dropped)
{
    struct fx fx;
    struct timespec old[2] = {{T0 / 1000, 0}, {T0 / 1000, 0}};
    fx_init(&fx, &store_sqlite_ops);
    fx.options.max_series = 2;
    fx_open(&fx);
    int64_t now = fk_wall_ns() / FK_NS_PER_MS;
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx_put(&fx, APP_B, now, "b 2"), 0);
    CHECK_INT(fx_put(&fx, "service_name=c", now, "c 4"), FK_ERR_LIMIT);
    fx_close(&fx);
    fx.options.keep_days = 7;
    fx_open(&fx); /* an old day that was written just now stays */
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 1\nb 2");
    fx_close(&fx);
    CHECK_INT(utimensat(AT_FDCWD, fx_path(&fx, DAY_FILE), old, 0), 0);
    fx_open(&fx);
    int64_t deadline = fk_mono_ns() + 20 * FK_NS_PER_S;
    while (!access(fx_path(&fx, DAY_FILE), F_OK) && fk_mono_ns() < deadline)
        usleep(1000);
    while (
        strstr(fx_series(&fx, ALL, 0, 0), "\"a\"") && fk_mono_ns() < deadline)
        usleep(1000);
    CHECK(access(fx_path(&fx, DAY_FILE), F_OK) != 0);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "b 2");
    CHECK_STR(fx_series(&fx, "{service_name=\"a\"}", 0, 0), "");
    /* What is gone does not count against the limit. */
    CHECK_INT(fx_put(&fx, "service_name=c", now, "c 4"), 0);
    CHECK_INT(fx_put(&fx, APP_A, now, "a 8"), FK_ERR_LIMIT);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "b 2\nc 4");
    fx_fini(&fx);
}

TAP_MAIN
