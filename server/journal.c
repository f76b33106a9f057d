#include "server/journal.h"

#include "server/levels.h"

enum { SECOND_SHIFT = 31, SERIES_SHIFT = 7, SERIES_MASK = (1 << 24) - 1 };

#define MAX_SECOND ((int64_t)UINT32_MAX)

static const char *const steps[] = {
    "CREATE TABLE journal("
    "  key INTEGER PRIMARY KEY,"
    "  ms INTEGER NOT NULL," /* of the second in the key */
    "  dedup INTEGER NOT NULL,"
    "  duration_ns INTEGER NOT NULL,"
    "  id BLOB NOT NULL,"
    "  data BLOB NOT NULL) STRICT;"
    "CREATE TABLE series("
    "  id INTEGER PRIMARY KEY,"
    "  first_ms INTEGER NOT NULL,"
    "  last_ms INTEGER NOT NULL,"
    "  profiles INTEGER NOT NULL) STRICT;",
    LEVELS_SCHEMA,
    "CREATE TABLE spans("
    "  key INTEGER PRIMARY KEY," /* that of the profile */
    "  ms INTEGER NOT NULL,"
    "  data BLOB NOT NULL) STRICT;",
    /* No table, but what older programs would misread: levels_groups. */
    "",
    NULL,
};

const struct db_schema journal_schema = {steps};

static int64_t key_of(int64_t second, uint32_t series)
{
    return second << SECOND_SHIFT | (int64_t)series << SERIES_SHIFT;
}

/* The first number not taken, for one that was damaged left a gap; -1 when
 * the profile itself is there. */
static enum fk_err find_place(
    struct db *db, const struct journal_row *row, int64_t base, int *place)
{
    struct db_stmt *s;
    bool more = false;
    enum fk_err err = db_prepare(db,
        "SELECT key, ms, dedup FROM journal WHERE key BETWEEN ?1 AND ?2 "
        "ORDER BY key",
        &s);
    if (err)
        return err;
    db_bind_int(s, 1, base);
    db_bind_int(s, 2, base + JOURNAL_MAX_SAME - 1);
    *place = 0;
    while (!(err = db_step(s, &more)) && more) {
        if (row->dedup && db_int(s, 1) == row->time_ms % 1000 &&
            (uint64_t)db_int(s, 2) == row->dedup) {
            *place = -1;
            db_reset(s);
            return FK_OK;
        }
        *place += db_int(s, 0) == base + *place;
    }
    return err;
}

static enum fk_err insert(
    struct db *db, const struct journal_row *row, int64_t key)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "INSERT INTO journal(key, ms, dedup, duration_ns, id, data) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        &s);
    if (err)
        return err;
    struct fk_slice id = {(const char *)row->id, sizeof row->id};
    db_bind_int(s, 1, key);
    db_bind_int(s, 2, row->time_ms % 1000);
    db_bind_int(s, 3, (int64_t)row->dedup);
    db_bind_int(s, 4, row->duration_ns);
    db_bind_blob(s, 5, id);
    db_bind_blob(s, 6, row->blob);
    return db_run(s);
}

static enum fk_err note_series(struct db *db, const struct journal_row *row)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "INSERT INTO series(id, first_ms, last_ms, profiles) "
        "VALUES(?1, ?2, ?2, 1) ON CONFLICT(id) DO UPDATE SET "
        "first_ms = min(first_ms, ?2), last_ms = max(last_ms, ?2), "
        "profiles = profiles + 1",
        &s);
    if (err)
        return err;
    db_bind_int(s, 1, row->series);
    db_bind_int(s, 2, row->time_ms);
    return db_run(s);
}

static enum fk_err add_late(struct db *db, int64_t key)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db, "INSERT INTO late(key) VALUES(?1)", &s);
    if (err)
        return err;
    db_bind_int(s, 1, key);
    return db_run(s);
}

/* A late profile may have the key of one that was dropped. */
static enum fk_err add_spans(
    struct db *db, const struct journal_row *row, int64_t key)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "INSERT OR REPLACE INTO spans(key, ms, data) VALUES(?1, ?2, ?3)", &s);
    if (err)
        return err;
    db_bind_int(s, 1, key);
    db_bind_int(s, 2, row->time_ms % 1000);
    db_bind_blob(s, 3, row->spans);
    return db_run(s);
}

enum fk_err journal_add(struct db *db, struct journal_row *row, int64_t closed)
{
    int64_t base = key_of(row->time_ms / 1000, row->series);
    int place;
    enum fk_err err = find_place(db, row, base, &place);
    row->stored = false;
    if (err || place < 0)
        return err;
    if (place == JOURNAL_MAX_SAME)
        return FK_ERR_LIMIT;
    err = insert(db, row, base + place);
    if (!err)
        err = note_series(db, row);
    if (!err && row->spans.len)
        err = add_spans(db, row, base + place);
    if (!err && row->time_ms / 1000 < closed)
        err = add_late(db, base + place);
    row->stored = !err;
    return err;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static enum fk_err scan(struct db *db, const char *sql, int64_t t0, int64_t t1,
    journal_fn fn, void *arg)
{
    struct db_stmt *s;
    bool row = false;
    t0 = clamp(t0, 0, (MAX_SECOND + 1) * 1000);
    t1 = clamp(t1, 0, (MAX_SECOND + 1) * 1000);
    if (t0 >= t1)
        return FK_OK;
    enum fk_err err = db_prepare(db, sql, &s);
    if (err)
        return err;
    int64_t last = (t1 - 1) / 1000;
    db_bind_int(s, 1, key_of(t0 / 1000, 0));
    db_bind_int(s, 2, key_of(last, SERIES_MASK) + JOURNAL_MAX_SAME - 1);
    while (!(err = db_step(s, &row)) && row) {
        int64_t key = db_int(s, 0);
        int64_t time_ms = journal_second(key) * 1000 + db_int(s, 1);
        if (time_ms < t0 || time_ms >= t1)
            continue;
        err = fn(arg, journal_series(key), time_ms, s);
        if (err)
            break;
    }
    db_reset(s);
    return err;
}

enum fk_err journal_scan(
    struct db *db, int64_t t0, int64_t t1, journal_fn fn, void *arg)
{
    return scan(db,
        "SELECT key, ms, data FROM journal WHERE key BETWEEN ?1 AND ?2", t0, t1,
        fn, arg);
}

enum fk_err journal_scan_late(
    struct db *db, int64_t t0, int64_t t1, journal_fn fn, void *arg)
{
    /* CROSS keeps SQLite from walking the long table first. */
    return scan(db,
        "SELECT j.key, j.ms, j.data FROM late l CROSS JOIN journal j "
        "ON j.key = l.key WHERE l.key BETWEEN ?1 AND ?2",
        t0, t1, fn, arg);
}

struct spans_visit {
    journal_spans_fn fn;
    void *arg;
};

static enum fk_err on_spans(
    void *arg, uint32_t series, int64_t time_ms, struct db_stmt *row)
{
    const struct spans_visit *v = arg;
    return v->fn(v->arg, series, time_ms, journal_blob(row));
}

enum fk_err journal_scan_spans(
    struct db *db, int64_t t0, int64_t t1, journal_spans_fn fn, void *arg)
{
    struct spans_visit v = {fn, arg};
    return scan(db,
        "SELECT key, ms, data FROM spans WHERE key BETWEEN ?1 AND ?2", t0, t1,
        on_spans, &v);
}

struct fk_slice journal_blob(struct db_stmt *row)
{
    return db_bytes(row, 2);
}

enum fk_err journal_ranges(struct db *db, journal_range_fn fn, void *arg)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err =
        db_prepare(db, "SELECT id, first_ms, last_ms FROM series", &s);
    if (err)
        return err;
    while (!(err = db_step(s, &row)) && row)
        fn(arg, (uint32_t)db_int(s, 0), db_int(s, 1), db_int(s, 2));
    return err;
}

/* ---- for the sealer ---- */

/* A statement about the keys of [from, until) seconds. */
static enum fk_err prepare_range(struct db *db, const char *sql, int64_t from,
    int64_t until, struct db_stmt **s)
{
    enum fk_err err = db_prepare(db, sql, s);
    if (err)
        return err;
    db_bind_int(*s, 1, key_of(from, 0));
    db_bind_int(*s, 2, until > MAX_SECOND ? INT64_MAX : key_of(until, 0));
    return FK_OK;
}

enum fk_err journal_next_second(struct db *db, int64_t from, int64_t *second)
{
    struct db_stmt *s;
    bool row = false;
    *second = INT64_MAX;
    enum fk_err err = db_prepare(
        db, "SELECT key FROM journal WHERE key >= ?1 ORDER BY key LIMIT 1", &s);
    if (err)
        return err;
    db_bind_int(s, 1, key_of(from, 0));
    err = db_step(s, &row);
    if (!err && row)
        *second = journal_second(db_int(s, 0));
    db_reset(s);
    return err;
}

static enum fk_err each_key(struct db_stmt *s, journal_key_fn fn, void *arg)
{
    enum fk_err err;
    bool row = false;
    while (!(err = db_step(s, &row)) && row)
        if ((err = fn(arg, db_int(s, 0))))
            break;
    db_reset(s);
    return err;
}

enum fk_err journal_keys(
    struct db *db, int64_t from, int64_t until, journal_key_fn fn, void *arg)
{
    struct db_stmt *s;
    enum fk_err err = prepare_range(db,
        "SELECT key FROM journal WHERE key >= ?1 AND key < ?2 "
        "AND key NOT IN late",
        from, until, &s);
    return err ? err : each_key(s, fn, arg);
}

enum fk_err journal_late_keys(
    struct db *db, int64_t until, journal_key_fn fn, void *arg)
{
    struct db_stmt *s;
    enum fk_err err = prepare_range(
        db, "SELECT key FROM late WHERE key >= ?1 AND key < ?2", 0, until, &s);
    return err ? err : each_key(s, fn, arg);
}

static enum fk_err run_row(struct db *db, const char *sql, int64_t key)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare_int(db, sql, key, &s);
    return err ? err : db_run(s);
}

enum fk_err journal_get(
    struct db *db, int64_t key, int64_t *time_ms, struct fk_buf *blob)
{
    struct db_stmt *s;
    bool row = false;
    fk_buf_reset(blob);
    enum fk_err err = db_prepare_int(
        db, "SELECT key, ms, data FROM journal WHERE key = ?1", key, &s);
    if (!err)
        err = db_step(s, &row);
    if (err || !row)
        return err;
    *time_ms = journal_second(key) * 1000 + db_int(s, 1);
    fk_buf_add_slice(blob, journal_blob(s));
    db_reset(s);
    return blob->err;
}

enum fk_err journal_clear_late(struct db *db, int64_t key)
{
    return run_row(db, "DELETE FROM late WHERE key = ?1", key);
}

enum fk_err journal_delete(struct db *db, int64_t key)
{
    return run_row(db, "DELETE FROM journal WHERE key = ?1", key);
}

enum fk_err journal_drop(struct db *db, int64_t from, int64_t until)
{
    struct db_stmt *s;
    enum fk_err err = prepare_range(db,
        "DELETE FROM journal WHERE key >= ?1 AND key < ?2 "
        "AND key NOT IN late",
        from, until, &s);
    return err ? err : db_run(s);
}

enum fk_err journal_drop_spans(struct db *db, int64_t from, int64_t until)
{
    struct db_stmt *s;
    enum fk_err err = prepare_range(
        db, "DELETE FROM spans WHERE key >= ?1 AND key < ?2", from, until, &s);
    return err ? err : db_run(s);
}

enum fk_err journal_set_aside(struct db *db, int64_t key, struct fk_slice blob)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare_int(db,
        "INSERT INTO bad(key, place, data) VALUES(?1, 'journal', ?2)", key, &s);
    if (err)
        return err;
    db_bind_blob(s, 2, blob);
    err = db_run(s);
    if (!err)
        err = journal_clear_late(db, key);
    return err ? err : journal_delete(db, key);
}
