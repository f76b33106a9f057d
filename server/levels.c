#include "server/levels.h"

/* key: level << 58 | series or group << 32 | seconds since 1970 */
enum { LEVEL_SHIFT = 58, ID_SHIFT = 32 };

#define ID_MASK    ((int64_t)(LEVELS_GROUP * 2 - 1))
#define START_MASK ((int64_t)UINT32_MAX)

const int64_t level_seconds[LEVEL_COUNT] = {60, 600, 3600, 86400, 600, 600};

static int64_t key_of(enum level level, uint32_t id, int64_t start)
{
    return (int64_t)level << LEVEL_SHIFT | (int64_t)id << ID_SHIFT | start;
}

/* ---- state ---- */

enum { STATE_FIELDS = 7 };

static void state_fields(struct levels_state *st, int64_t *field[STATE_FIELDS])
{
    int64_t *all[STATE_FIELDS] = {&st->dropped, &st->hours, &st->sealed,
        &st->closed, &st->whole, &st->finest, &st->groups};
    for (int i = 0; i < STATE_FIELDS; i++)
        field[i] = all[i];
}

enum fk_err levels_load_state(
    struct db *db, int64_t begin, struct levels_state *st)
{
    struct db_stmt *s;
    int64_t *field[STATE_FIELDS];
    bool row = false;
    *st = (struct levels_state){
        .dropped = begin, .hours = begin, .sealed = begin, .closed = begin};
    state_fields(st, field);
    enum fk_err err =
        db_prepare(db, "SELECT id, value FROM state WHERE id >= 0", &s);
    if (err)
        return err;
    while (!(err = db_step(s, &row)) && row)
        if (db_int(s, 0) < STATE_FIELDS)
            *field[db_int(s, 0)] = db_int(s, 1);
    return err;
}

enum fk_err levels_save_state(struct db *db, const struct levels_state *st)
{
    struct db_stmt *s;
    struct levels_state copy = *st;
    int64_t *field[STATE_FIELDS];
    state_fields(&copy, field);
    enum fk_err err = db_prepare(db,
        "INSERT INTO state(id, value) VALUES(?1, ?2) "
        "ON CONFLICT(id) DO UPDATE SET value = ?2",
        &s);
    for (int i = 0; !err && i < STATE_FIELDS; i++) {
        db_bind_int(s, 1, i);
        db_bind_int(s, 2, *field[i]);
        err = db_run(s);
    }
    return err;
}

/* ---- rows ---- */

enum fk_err levels_put(struct db *db, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare_int(db,
        "INSERT INTO level(key, data) VALUES(?1, ?2) "
        "ON CONFLICT(key) DO UPDATE SET data = ?2",
        key_of(level, id, start), &s);
    if (err)
        return err;
    db_bind_blob(s, 2, data);
    return db_run(s);
}

enum fk_err levels_get(struct db *db, enum level level, uint32_t id,
    int64_t start, struct fk_buf *data)
{
    struct db_stmt *s;
    bool row = false;
    fk_buf_reset(data);
    enum fk_err err = db_prepare_int(db,
        "SELECT data FROM level WHERE key = ?1", key_of(level, id, start), &s);
    if (!err)
        err = db_step(s, &row);
    if (err || !row)
        return err;
    fk_buf_add_slice(data, db_bytes(s, 0));
    db_reset(s);
    return data->err;
}

static enum fk_err scan_keys(
    struct db *db, int64_t from, int64_t until, levels_fn fn, void *arg)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = db_prepare_int(db,
        "SELECT key, data FROM level WHERE key >= ?1 AND key < ?2", from, &s);
    if (err)
        return err;
    db_bind_int(s, 2, until);
    while (!(err = db_step(s, &row)) && row) {
        int64_t key = db_int(s, 0);
        err = fn(arg, (enum level)(key >> LEVEL_SHIFT),
            (uint32_t)(key >> ID_SHIFT & ID_MASK), key & START_MASK,
            db_bytes(s, 1));
        if (err)
            break;
    }
    db_reset(s);
    return err;
}

enum fk_err levels_scan(struct db *db, enum level level, uint32_t id,
    int64_t from, int64_t until, levels_fn fn, void *arg)
{
    return scan_keys(
        db, key_of(level, id, from), key_of(level, id, until), fn, arg);
}

enum fk_err levels_scan_all(struct db *db, levels_fn fn, void *arg)
{
    return scan_keys(db, 0, INT64_MAX, fn, arg);
}

enum fk_err levels_delete(struct db *db, enum level level, uint32_t id)
{
    struct db_stmt *s;
    enum fk_err err =
        db_prepare_int(db, "DELETE FROM level WHERE key >= ?1 AND key < ?2",
            key_of(level, id, 0), &s);
    if (err)
        return err;
    db_bind_int(s, 2, key_of(level, id + 1, 0));
    return db_run(s);
}

/* ---- groups ---- */

enum fk_err levels_grouped(
    struct db *db, uint32_t group, bool *yes, bool *decided)
{
    struct db_stmt *s;
    *yes = *decided = false;
    enum fk_err err =
        db_prepare_int(db, "SELECT yes FROM grouped WHERE id = ?1", group, &s);
    if (!err)
        err = db_step(s, decided);
    if (err || !*decided)
        return err;
    *yes = db_int(s, 0) != 0;
    db_reset(s);
    return FK_OK;
}

enum fk_err levels_set_grouped(struct db *db, uint32_t group, bool yes)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare_int(
        db, "INSERT INTO grouped(id, yes) VALUES(?1, ?2)", group, &s);
    if (err)
        return err;
    db_bind_int(s, 2, yes);
    return db_run(s);
}

/* ---- damage ---- */

enum fk_err levels_set_aside(struct db *db, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct db_stmt *s;
    int64_t key = key_of(level, id, start);
    enum fk_err err = db_prepare_int(db,
        "INSERT INTO bad(key, place, data) VALUES(?1, 'level', ?2)", key, &s);
    if (err)
        return err;
    db_bind_blob(s, 2, data);
    err = db_run(s);
    if (!err)
        err = db_prepare_int(db, "DELETE FROM level WHERE key = ?1", key, &s);
    return err ? err : db_run(s);
}
