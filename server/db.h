/*
 * SQLite, and the only place that knows it: files with a schema version,
 * statements prepared once, transactions that know where they began, errors
 * that say which file and which statement.
 *
 * A connection is used by one thread at a time (db_pool.h hands out
 * readers). SQL is literal text of ours; what strangers send is only ever
 * bound. Errors: FK_ERR_UNAVAILABLE (disk full, I/O), _CORRUPT, _RETRY
 * (busy), _LIMIT, _NOMEM; db_why explains the latest.
 */
#ifndef SERVER_DB_H
#define SERVER_DB_H

#include "common/err.h"
#include "common/slice.h"

struct db;
struct db_stmt; /* belongs to its connection */

/* Step i brings a file of version i to version i + 1; NULL ends. A file's
 * version is its user_version. */
struct db_schema {
    const char *const *steps;
};

enum db_mode { DB_READ, DB_WRITE };

/* DB_WRITE makes the file if needed and brings it to the newest version;
 * refuses a file written by a newer program. Without a schema the file stays
 * of its version. */
FK_MUST_USE enum fk_err db_open(const char *path,
    const struct db_schema *schema, enum db_mode mode, struct db **out,
    struct fk_diag *diag);
void db_close(struct db *db); /* NULL is fine */
const char *db_why(const struct db *db);
/* For `return db_explain(db, err, diag)`. */
enum fk_err db_explain(
    const struct db *db, enum fk_err err, struct fk_diag *diag);

/* Statements are cached by the address of their text: use literals. The
 * result is reset, its bindings are old. */
FK_MUST_USE enum fk_err db_prepare(
    struct db *db, const char *sql, struct db_stmt **out);
/* The same with its first parameter bound. */
FK_MUST_USE enum fk_err db_prepare_int(
    struct db *db, const char *sql, int64_t v, struct db_stmt **out);
/* First parameter and first column are 1 and 0, as in SQLite. Bound bytes
 * must stay until the statement is reset. */
void db_bind_int(struct db_stmt *s, int at, int64_t v);
void db_bind_text(struct db_stmt *s, int at, struct fk_slice v);
void db_bind_blob(struct db_stmt *s, int at, struct fk_slice v);
/* *row = false at the end, when the statement has been reset. */
FK_MUST_USE enum fk_err db_step(struct db_stmt *s, bool *row);
/* To the end, rows thrown away. */
FK_MUST_USE enum fk_err db_run(struct db_stmt *s);
void db_reset(struct db_stmt *s); /* before the end was reached */
int64_t db_int(struct db_stmt *s, int column);
struct fk_slice db_bytes(struct db_stmt *s, int column); /* until next step */
int db_changes(struct db *db); /* rows of the latest statement */

/* What is read from here to db_rollback is one state of the file. */
FK_MUST_USE enum fk_err db_snapshot(struct db *db);
/* `where` is a literal that names the transaction in messages. */
FK_MUST_USE enum fk_err db_begin(struct db *db, const char *where);
FK_MUST_USE enum fk_err db_commit(struct db *db);
void db_rollback(struct db *db); /* without a transaction: nothing */

/* Pages that hold nothing, and giving some of them back to the disk. */
FK_MUST_USE enum fk_err db_free_pages(struct db *db, int64_t *pages);
FK_MUST_USE enum fk_err db_shrink(struct db *db, int pages);
FK_MUST_USE enum fk_err db_version(struct db *db, int64_t *version);
/* Write the file anew, or as a new file, without gaps. */
FK_MUST_USE enum fk_err db_vacuum(struct db *db);
FK_MUST_USE enum fk_err db_copy(struct db *db, const char *path);
/* Reads the whole file: FK_ERR_CORRUPT, with the first fault in db_why. */
FK_MUST_USE enum fk_err db_check(struct db *db);

/* Sees the query plan of each statement prepared from now on, one step a
 * call. For tests; NULL ends. */
typedef void (*db_plan_fn)(const char *sql, const char *step);
void db_watch_plans(db_plan_fn fn);

#endif
