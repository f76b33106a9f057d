#include "server/docs.h"

static enum fk_err upsert(struct db *db, const struct store_doc *doc)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "INSERT INTO doc(kind, name, from_ms, until_ms, body) "
        "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(kind, name) DO UPDATE SET "
        "from_ms = ?3, until_ms = ?4, body = ?5",
        &s);
    if (err)
        return err;
    db_bind_text(s, 1, doc->kind);
    db_bind_text(s, 2, doc->id);
    db_bind_int(s, 3, doc->from_ms);
    db_bind_int(s, 4, doc->until_ms);
    db_bind_text(s, 5, doc->body);
    return db_run(s);
}

/* One put adds one at most, so one goes at most. */
static enum fk_err drop_oldest(struct db *db, struct fk_slice kind)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "DELETE FROM doc WHERE id = (SELECT id FROM doc WHERE kind = ?1 "
        "ORDER BY from_ms DESC, name DESC LIMIT 1 OFFSET ?2)",
        &s);
    if (err)
        return err;
    db_bind_text(s, 1, kind);
    db_bind_int(s, 2, STORE_DOC_MAX_COUNT);
    return db_run(s);
}

enum fk_err docs_put(struct db *db, const struct store_doc *doc)
{
    enum fk_err err = db_begin(db, "a document");
    if (err)
        return err;
    err = upsert(db, doc);
    if (!err)
        err = drop_oldest(db, doc->kind);
    if (!err)
        err = db_commit(db);
    if (err)
        db_rollback(db);
    return err;
}

enum fk_err docs_del(struct db *db, struct fk_slice kind, struct fk_slice id)
{
    struct db_stmt *s;
    enum fk_err err =
        db_prepare(db, "DELETE FROM doc WHERE kind = ?1 AND name = ?2", &s);
    if (err)
        return err;
    db_bind_text(s, 1, kind);
    db_bind_text(s, 2, id);
    err = db_run(s);
    return err ? err : db_changes(db) ? FK_OK : FK_ERR_NOT_FOUND;
}

static void read_doc(
    struct db_stmt *s, struct fk_slice kind, struct store_doc *out)
{
    *out = (struct store_doc){
        .kind = kind,
        .id = db_bytes(s, 0),
        .from_ms = db_int(s, 1),
        .until_ms = db_int(s, 2),
        .body = db_bytes(s, 3),
    };
}

enum fk_err docs_list(struct db *db, struct fk_slice kind, int64_t t0,
    int64_t t1, store_doc_fn fn, void *arg)
{
    struct db_stmt *s;
    bool row, all = !t0 && !t1;
    enum fk_err err = db_prepare(db,
        "SELECT name, from_ms, until_ms, body FROM doc WHERE kind = ?1 AND "
        "from_ms < ?3 AND (from_ms >= ?2 OR until_ms > ?2) "
        "ORDER BY from_ms, name",
        &s);
    if (err)
        return err;
    db_bind_text(s, 1, kind);
    db_bind_int(s, 2, all ? INT64_MIN : t0);
    db_bind_int(s, 3, all ? INT64_MAX : t1);
    while (!(err = db_step(s, &row)) && row) {
        struct store_doc doc;
        read_doc(s, kind, &doc);
        err = fn(arg, &doc);
        if (err)
            break;
    }
    db_reset(s);
    return err;
}
