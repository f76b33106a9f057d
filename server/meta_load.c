#include "server/meta_load.h"

#include "server/trie_page.h"

/* One row of a table, handed to the trie its key names. */
typedef enum fk_err (*row_fn)(
    struct trie *t, uint32_t number, struct db_stmt *row);

static enum fk_err load_text(
    struct trie *t, uint32_t number, struct db_stmt *row)
{
    if (number != t->num_texts)
        return FK_ERR_CORRUPT;
    return trie_load_text(t, db_bytes(row, 1));
}

static enum fk_err load_frame(
    struct trie *t, uint32_t number, struct db_stmt *row)
{
    struct trie_frame f = {
        (uint32_t)db_int(row, 1), (uint32_t)db_int(row, 2), db_int(row, 3)};
    if (number != t->num_frames)
        return FK_ERR_CORRUPT;
    return trie_load_frame(t, &f);
}

static enum fk_err load_page(
    struct trie *t, uint32_t number, struct db_stmt *row)
{
    return trie_page_load(t, number, db_bytes(row, 1));
}

static enum fk_err load_rows(
    struct db *db, struct catalog *c, const char *sql, row_fn fn)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = db_prepare(db, sql, &s);
    if (err)
        return err;
    while (!(err = db_step(s, &row)) && row) {
        int64_t key = db_int(s, 0);
        struct trie *t = tries_get(&c->tries, (uint32_t)(key >> 32));
        err = t ? fn(t, (uint32_t)key, s) : FK_ERR_CORRUPT;
        if (err)
            break;
    }
    db_reset(s);
    return err;
}

/* A file that is only looked at may be of the first format. */
static enum fk_err prepare_apps(struct db *db, struct db_stmt **s)
{
    int64_t version;
    enum fk_err err = db_version(db, &version);
    return err ? err
               : db_prepare(db,
                     version < 2 ? "SELECT id, name, id, 0 FROM app ORDER BY id"
                                 : "SELECT id, name, app, since FROM app "
                                   "ORDER BY id",
                     s);
}

static enum fk_err load_apps(struct db *db, struct catalog *c)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = prepare_apps(db, &s);
    if (err)
        return err;
    while (!(err = db_step(s, &row)) && row)
        if ((err = tries_load(&c->tries, (uint32_t)db_int(s, 0), db_bytes(s, 1),
                 (uint32_t)db_int(s, 2), db_int(s, 3))))
            break;
    db_reset(s);
    return err;
}

/* The series that the rows read so far are about. */
struct loading {
    int64_t id, app;
    struct fk_labels labels;
    struct fk_arena arena;
};

static enum fk_err end_series(struct catalog *c, struct loading *l)
{
    uint32_t id;
    if (l->id < 0)
        return FK_OK;
    if (!tries_on(&c->tries, (uint32_t)l->app, 0) || l->arena.failed)
        return FK_ERR_CORRUPT;
    enum fk_err err = series_add(&c->series, &l->labels, (uint32_t)l->app, &id);
    if (err)
        return err;
    series_set_live(&c->series, id, false); /* until a day has it */
    fk_arena_reset(&l->arena);
    l->labels.count = 0;
    return id == l->id ? FK_OK : FK_ERR_CORRUPT;
}

static enum fk_err load_label(
    struct catalog *c, struct loading *l, struct db_stmt *s)
{
    if (db_int(s, 0) != l->id) {
        enum fk_err err = end_series(c, l);
        if (err)
            return err;
        l->id = db_int(s, 0);
        l->app = db_int(s, 1);
    }
    struct fk_slice name = fk_arena_dup(&l->arena, db_bytes(s, 2));
    struct fk_slice value = fk_arena_dup(&l->arena, db_bytes(s, 3));
    if (!name.len)
        return FK_OK; /* a series without labels */
    return fk_labels_set(&l->labels, name, value);
}

static enum fk_err load_series(struct db *db, struct catalog *c)
{
    struct db_stmt *s;
    struct loading l = {.id = -1};
    bool row = false;
    enum fk_err err = db_prepare(db,
        "SELECT s.id, s.trie, l.name, l.value FROM series s "
        "LEFT JOIN label l ON l.series = s.id ORDER BY s.id, l.name",
        &s);
    if (err)
        return err;
    fk_arena_init(&l.arena, (size_t)64 << 20);
    while (!(err = db_step(s, &row)) && row)
        if ((err = load_label(c, &l, s)))
            break;
    db_reset(s);
    if (!err)
        err = end_series(c, &l);
    fk_arena_fini(&l.arena);
    return err;
}

enum fk_err meta_load(struct db *db, struct catalog *c, struct fk_diag *diag)
{
    static const struct {
        const char *sql;
        row_fn fn;
    } tables[] = {
        {"SELECT id, text FROM text ORDER BY id", load_text},
        {"SELECT id, name, file, line FROM frame ORDER BY id", load_frame},
        {"SELECT id, nodes FROM trie ORDER BY id", load_page},
    };
    enum fk_err err = load_apps(db, c);
    for (size_t i = 0; !err && i < sizeof tables / sizeof tables[0]; i++)
        err = load_rows(db, c, tables[i].sql, tables[i].fn);
    if (!err)
        err = load_series(db, c);
    if (err == FK_ERR_CORRUPT)
        return fk_diag_set(diag, err,
            "the meta.db of this tenant contradicts itself: move its folder "
            "away to start anew, or restore it from a copy");
    return db_explain(db, err, diag);
}
