#include "server/db.h"

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_STATEMENTS = 40, BUSY_MS = 5000, MAX_SQL_SHOWN = 60 };

#define SLOW_NS (100 * FK_NS_PER_MS)

struct db_stmt {
    struct db *db;
    const char *sql;
    sqlite3_stmt *handle;
    bool begun;
    bool watched;     /* a query or a commit: worth reporting when slow */
    int64_t began_ns; /* of the run at hand, when watched */
};

struct db {
    sqlite3 *handle;
    char path[PATH_MAX];
    const char *where; /* the open transaction began; NULL = none */
    struct db_stmt stmts[MAX_STATEMENTS];
    int num_stmts;
    struct fk_diag why;
};

static _Atomic(db_plan_fn) plan_watcher;

static enum fk_err map_code(int code)
{
    static const struct {
        int code;
        enum fk_err err;
    } rows[] = {
        {SQLITE_OK, FK_OK},
        {SQLITE_NOMEM, FK_ERR_NOMEM},
        {SQLITE_BUSY, FK_ERR_RETRY},
        {SQLITE_LOCKED, FK_ERR_RETRY},
        {SQLITE_CORRUPT, FK_ERR_CORRUPT},
        {SQLITE_NOTADB, FK_ERR_CORRUPT},
        {SQLITE_TOOBIG, FK_ERR_LIMIT},
        {SQLITE_INTERRUPT, FK_ERR_CANCELLED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == (code & 0xFF))
            return rows[i].err;
    return FK_ERR_UNAVAILABLE;
}

/* Every failure of SQLite comes by here. */
static enum fk_err failed(struct db *db, int code, const char *doing)
{
    enum fk_err err = map_code(code);
    if (!err)
        return FK_OK;
    db->why.text[0] = '\0';
    return fk_diag_set(&db->why, err, "%s: %s%s%s (in \"%.*s\")%s", db->path,
        db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code),
        db->where ? " while writing " : "", db->where ? db->where : "",
        MAX_SQL_SHOWN, doing,
        err == FK_ERR_UNAVAILABLE ? ": free space on this disk, or check it"
                                  : "");
}

const char *db_why(const struct db *db)
{
    return db->why.text;
}

enum fk_err db_explain(
    const struct db *db, enum fk_err err, struct fk_diag *diag)
{
    return err ? fk_diag_set(diag, err, "%s", db->why.text) : FK_OK;
}

static enum fk_err exec(struct db *db, const char *sql)
{
    return failed(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL), sql);
}

static void show_plan(struct db *db, const char *sql, db_plan_fn fn)
{
    sqlite3_stmt *plan = NULL;
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    if (!sqlite3_prepare_v2(db->handle, explain, -1, &plan, NULL))
        while (sqlite3_step(plan) == SQLITE_ROW)
            fn(sql, (const char *)sqlite3_column_text(plan, 3));
    sqlite3_finalize(plan);
    sqlite3_free(explain);
}

void db_watch_plans(db_plan_fn fn)
{
    atomic_store(&plan_watcher, fn);
}

enum fk_err db_prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    for (int i = 0; i < db->num_stmts; i++)
        if (db->stmts[i].sql == sql) {
            *out = &db->stmts[i];
            return FK_OK;
        }
    FK_ASSERT(db->num_stmts < MAX_STATEMENTS);
    db_plan_fn watcher = atomic_load(&plan_watcher);
    if (watcher)
        show_plan(db, sql, watcher);
    struct db_stmt *s = &db->stmts[db->num_stmts];
    enum fk_err err = failed(db,
        sqlite3_prepare_v3(
            db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL),
        sql);
    if (err)
        return err;
    s->db = db;
    s->sql = sql;
    s->watched = sqlite3_stmt_readonly(s->handle);
    db->num_stmts++;
    *out = s;
    return FK_OK;
}

/* Binding fails only for a position that the text does not have. */
enum fk_err db_prepare_int(
    struct db *db, const char *sql, int64_t v, struct db_stmt **out)
{
    enum fk_err err = db_prepare(db, sql, out);
    if (!err)
        db_bind_int(*out, 1, v);
    return err;
}

void db_bind_int(struct db_stmt *s, int at, int64_t v)
{
    FK_ASSERT(!sqlite3_bind_int64(s->handle, at, v));
}

void db_bind_text(struct db_stmt *s, int at, struct fk_slice v)
{
    FK_ASSERT(v.len <= INT_MAX);
    FK_ASSERT(!sqlite3_bind_text(
        s->handle, at, v.len ? v.ptr : "", (int)v.len, SQLITE_STATIC));
}

void db_bind_blob(struct db_stmt *s, int at, struct fk_slice v)
{
    FK_ASSERT(v.len <= INT_MAX);
    FK_ASSERT(!sqlite3_bind_blob(
        s->handle, at, v.len ? v.ptr : "", (int)v.len, SQLITE_STATIC));
}

/* At debug level: what read a whole table or took long. */
static void report(struct db_stmt *s)
{
    if (!s->watched)
        return;
    int64_t ns = fk_mono_ns() - s->began_ns;
    int scanned =
        sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    int sorted = sqlite3_stmt_status(s->handle, SQLITE_STMTSTATUS_SORT, 1);
    if (scanned || sorted || ns > SLOW_NS)
        fk_log(FK_LOG_DEBUG, "sql",
            "file=%s ms=%lld scanned=%d sorted=%d sql=%s", s->db->path,
            (long long)(ns / FK_NS_PER_MS), scanned, sorted,
            fk_log_quote(s->sql));
}

void db_reset(struct db_stmt *s)
{
    if (!s->begun)
        return;
    report(s);
    s->begun = false;
    sqlite3_reset(s->handle);
}

enum fk_err db_step(struct db_stmt *s, bool *row)
{
    if (!s->begun && s->watched)
        s->began_ns = fk_mono_ns();
    s->begun = true;
    int code = sqlite3_step(s->handle);
    *row = code == SQLITE_ROW;
    if (*row)
        return FK_OK;
    enum fk_err err = code == SQLITE_DONE ? FK_OK : failed(s->db, code, s->sql);
    db_reset(s);
    return err;
}

enum fk_err db_run(struct db_stmt *s)
{
    enum fk_err err;
    bool row;
    do
        err = db_step(s, &row);
    while (!err && row);
    return err;
}

int64_t db_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->handle, column);
}

struct fk_slice db_bytes(struct db_stmt *s, int column)
{
    const char *ptr = sqlite3_column_blob(s->handle, column);
    int len = sqlite3_column_bytes(s->handle, column);
    return (struct fk_slice){ptr ? ptr : "", (size_t)len};
}

int db_changes(struct db *db)
{
    return sqlite3_changes(db->handle);
}

enum fk_err db_snapshot(struct db *db)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db, "BEGIN", &s);
    return err ? err : db_run(s);
}

enum fk_err db_begin(struct db *db, const char *where)
{
    struct db_stmt *s;
    FK_ASSERT(!db->where);
    enum fk_err err = db_prepare(db, "BEGIN IMMEDIATE", &s);
    if (!err)
        err = db_run(s);
    if (!err)
        db->where = where;
    return err;
}

enum fk_err db_commit(struct db *db)
{
    struct db_stmt *s;
    FK_ASSERT(db->where);
    enum fk_err err = db_prepare(db, "COMMIT", &s);
    if (!err)
        err = db_run(s);
    if (!err)
        db->where = NULL;
    return err;
}

void db_rollback(struct db *db)
{
    db->where = NULL;
    for (int i = 0; i < db->num_stmts; i++)
        db_reset(&db->stmts[i]);
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum fk_err get_number(struct db *db, const char *sql, int64_t *number)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = db_prepare(db, sql, &s);
    if (!err)
        err = db_step(s, &row);
    if (err)
        return err;
    *number = row ? db_int(s, 0) : 0;
    db_reset(s);
    return FK_OK;
}

enum fk_err db_free_pages(struct db *db, int64_t *pages)
{
    return get_number(db, "PRAGMA freelist_count", pages);
}

enum fk_err db_shrink(struct db *db, int pages)
{
    char sql[48];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", pages);
    return exec(db, sql);
}

enum fk_err db_version(struct db *db, int64_t *version)
{
    return get_number(db, "PRAGMA user_version", version);
}

enum fk_err db_vacuum(struct db *db)
{
    return exec(db, "VACUUM");
}

enum fk_err db_copy(struct db *db, const char *path)
{
    struct db_stmt *s;
    /* The file is opened for reading; only the new one is written. */
    enum fk_err err = exec(db, "PRAGMA query_only=OFF");
    if (!err)
        err = db_prepare(db, "VACUUM INTO ?1", &s);
    if (err)
        return err;
    db_bind_text(s, 1, fk_slice_of(path));
    return db_run(s);
}

enum fk_err db_check(struct db *db)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = db_prepare(db, "PRAGMA integrity_check(1)", &s);
    if (!err)
        err = db_step(s, &row);
    if (err)
        return err;
    struct fk_slice said = row ? db_bytes(s, 0) : (struct fk_slice){"", 0};
    if (!fk_slice_eqz(said, "ok"))
        err = fk_diag_set(&db->why, FK_ERR_CORRUPT, "%s: " FK_SLICE_FMT,
            db->path, FK_SLICE_ARG(said));
    db_reset(s);
    return err;
}

static enum fk_err run_step(struct db *db, const char *sql, int64_t version)
{
    char pragma[48];
    snprintf(
        pragma, sizeof pragma, "PRAGMA user_version=%lld", (long long)version);
    enum fk_err err = db_begin(db, "the schema");
    if (!err)
        err = exec(db, sql);
    if (!err)
        err = exec(db, pragma);
    if (!err)
        err = db_commit(db);
    if (err)
        db_rollback(db);
    return err;
}

static enum fk_err migrate(
    struct db *db, const struct db_schema *schema, int64_t version)
{
    enum fk_err err = FK_OK;
    int64_t newest = 0;
    while (schema->steps[newest])
        newest++;
    if (version > newest)
        return fk_diag_set(&db->why, FK_ERR_FORMAT,
            "%s has format %lld and this program knows up to %lld: use the "
            "newer program, or another data directory",
            db->path, (long long)version, (long long)newest);
    for (; !err && version < newest; version++)
        err = run_step(db, schema->steps[version], version + 1);
    return err;
}

/* A new file is only safe once its directory entry is. */
static void sync_parent(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* page_size and auto_vacuum have no effect once a table exists, but
 * auto_vacuum would write to the file each time. */
static enum fk_err set_up(
    struct db *db, const struct db_schema *schema, enum db_mode mode)
{
    static const char both[] =
        "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; "
        "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;";
    static const char fresh[] =
        "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL;";
    static const char writer[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA wal_autocheckpoint=2000; PRAGMA cache_size=-16384; "
        "PRAGMA journal_size_limit=67108864;";
    static const char reader[] =
        "PRAGMA query_only=ON; PRAGMA cache_size=-8192;";
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    int64_t version = 0;
    enum fk_err err = exec(db, both);
    if (!err && mode == DB_WRITE)
        err = db_version(db, &version);
    if (!err && mode == DB_WRITE && !version)
        err = exec(db, fresh);
    if (!err)
        err = exec(db, mode == DB_WRITE ? writer : reader);
    if (!err && mode == DB_WRITE && schema)
        err = migrate(db, schema, version);
    return err;
}

enum fk_err db_open(const char *path, const struct db_schema *schema,
    enum db_mode mode, struct db **out, struct fk_diag *diag)
{
    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    snprintf(db->path, sizeof db->path, "%s", path);
    bool new = mode == DB_WRITE &&access(path, F_OK) != 0;
    /* Who only reads must still be able to roll back what a power cut left
     * half-written; query_only keeps it from anything else. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (mode == DB_WRITE ? SQLITE_OPEN_CREATE : 0);
    enum fk_err err =
        failed(db, sqlite3_open_v2(path, &db->handle, flags, NULL), "open");
    if (!err && mode == DB_READ)
        sqlite3_db_config(
            db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!err)
        err = set_up(db, schema, mode);
    if (err) {
        fk_diag_set(diag, err, "%s", db->why.text);
        db_close(db);
        return err;
    }
    if (new)
        sync_parent(path);
    *out = db;
    return FK_OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (int i = 0; i < db->num_stmts; i++)
        sqlite3_finalize(db->stmts[i].handle);
    sqlite3_close(db->handle);
    free(db);
}
