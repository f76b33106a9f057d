#include "server/meta.h"

#include "server/docs.h"
#include "server/meta_load.h"
#include "server/trie_page.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* trie.id is trie << 32 | page; the others' ids are in meta_load.h. */
static const char *const steps[] = {
    "CREATE TABLE kv("
    "  key TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE app(id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
    "CREATE TABLE text(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
    "CREATE TABLE frame("
    "  id INTEGER PRIMARY KEY,"
    "  name INTEGER NOT NULL,"
    "  file INTEGER NOT NULL,"
    "  line INTEGER NOT NULL) STRICT;"
    "CREATE TABLE trie(id INTEGER PRIMARY KEY, nodes BLOB NOT NULL) STRICT;"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, trie INTEGER NOT NULL) "
    "STRICT;"
    "CREATE TABLE label("
    "  series INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY(series, name)) STRICT, WITHOUT ROWID;" DOCS_SCHEMA,
    /* Until then an app had one trie. */
    "ALTER TABLE app ADD COLUMN app INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE app ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
    "UPDATE app SET app = id;",
    NULL,
};

static const struct db_schema schema = {steps};

/* ---- saving: one function a table ---- */

static enum fk_err save_texts(struct meta *m, struct trie *t, uint32_t from)
{
    struct db_stmt *s;
    enum fk_err err =
        db_prepare(m->db, "INSERT INTO text(id, text) VALUES(?1, ?2)", &s);
    for (uint32_t i = from; !err && i < m->next[t->id].texts; i++) {
        db_bind_int(s, 1, meta_key(t->id, i));
        db_bind_text(s, 2, t->texts[i]);
        err = db_run(s);
    }
    return err;
}

static enum fk_err save_frames(struct meta *m, struct trie *t, uint32_t from)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(m->db,
        "INSERT INTO frame(id, name, file, line) VALUES(?1, ?2, ?3, ?4)", &s);
    for (uint32_t i = from; !err && i < m->next[t->id].frames; i++) {
        db_bind_int(s, 1, meta_key(t->id, i));
        db_bind_int(s, 2, t->frames[i].name);
        db_bind_int(s, 3, t->frames[i].file);
        db_bind_int(s, 4, t->frames[i].line);
        err = db_run(s);
    }
    return err;
}

/* The page that was not full is written anew. */
static enum fk_err save_nodes(struct meta *m, struct trie *t, uint32_t from)
{
    struct db_stmt *s;
    const struct store_trie view = {
        .count = m->next[t->id].nodes, .parent = t->parent, .frame = t->frame};
    enum fk_err err = db_prepare(m->db,
        "INSERT INTO trie(id, nodes) VALUES(?1, ?2) "
        "ON CONFLICT(id) DO UPDATE SET nodes = ?2",
        &s);
    for (uint32_t page = from / TRIE_PAGE_NODES;
         !err && page * TRIE_PAGE_NODES < view.count; page++) {
        fk_buf_reset(&m->page);
        trie_page_encode(&m->page, &view, page);
        if (m->page.err)
            return m->page.err;
        db_bind_int(s, 1, meta_key(t->id, page));
        db_bind_blob(s, 2, fk_buf_slice(&m->page));
        err = db_run(s);
    }
    return err;
}

static enum fk_err save_app(struct meta *m, const struct trie *t)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(m->db,
        "INSERT INTO app(id, name, app, since) VALUES(?1, ?2, ?3, ?4)", &s);
    if (err)
        return err;
    db_bind_int(s, 1, t->id);
    db_bind_text(s, 2, t->name);
    db_bind_int(s, 3, t->app);
    db_bind_int(s, 4, t->since);
    return db_run(s);
}

/* Nodes name frames and frames name texts, so they are counted in this
 * order: what is counted is complete although others go on adding. */
static struct meta_mark count_trie(struct trie *t)
{
    struct meta_mark mark;
    mark.nodes = atomic_load(&t->num_nodes);
    mark.frames = atomic_load(&t->num_frames);
    mark.texts = atomic_load(&t->num_texts);
    return mark;
}

static enum fk_err save_trie(struct meta *m, struct trie *t)
{
    enum fk_err err = FK_OK;
    struct meta_mark *saved = &m->saved[t->id], *next = &m->next[t->id];
    *next = count_trie(t);
    if (t->id >= m->saved_tries) {
        *saved = (struct meta_mark){TRIE_FIXED, TRIE_FIXED, TRIE_FIXED};
        err = save_app(m, t);
    }
    if (!err && next->texts > saved->texts)
        err = save_texts(m, t, saved->texts);
    if (!err && next->frames > saved->frames)
        err = save_frames(m, t, saved->frames);
    if (!err && next->nodes > saved->nodes)
        err = save_nodes(m, t, saved->nodes);
    return err;
}

static enum fk_err save_labels(struct meta *m, const struct series_entry *e)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(
        m->db, "INSERT INTO label(series, name, value) VALUES(?1, ?2, ?3)", &s);
    for (uint32_t i = 0; !err && i < e->num_labels; i++) {
        db_bind_int(s, 1, e->id);
        db_bind_text(s, 2, e->labels[i].name);
        db_bind_text(s, 3, e->labels[i].value);
        err = db_run(s);
    }
    return err;
}

static enum fk_err save_series(struct meta *m)
{
    struct db_stmt *s;
    const struct series_entry *e;
    enum fk_err err =
        db_prepare(m->db, "INSERT INTO series(id, trie) VALUES(?1, ?2)", &s);
    m->next_series = m->saved_series;
    while (!err && (e = catalog_entry(m->catalog, m->next_series))) {
        db_bind_int(s, 1, e->id);
        db_bind_int(s, 2, e->app);
        err = db_run(s);
        if (!err)
            err = save_labels(m, e);
        m->next_series++;
    }
    return err;
}

/* Series first: the tries they name are counted after them. */
static enum fk_err save_all(struct meta *m)
{
    enum fk_err err = save_series(m);
    m->next_tries = atomic_load(&m->catalog->tries.count);
    for (uint32_t i = 0; !err && i < m->next_tries; i++) {
        struct trie *t = tries_get(&m->catalog->tries, i);
        err = t ? save_trie(m, t) : FK_OK;
    }
    return err;
}

static bool is_trie_saved(struct trie *t, const struct meta_mark *saved)
{
    struct meta_mark now = count_trie(t);
    return now.nodes == saved->nodes && now.frames == saved->frames &&
           now.texts == saved->texts;
}

static bool is_saved(struct meta *m)
{
    uint32_t tries = atomic_load(&m->catalog->tries.count);
    if (tries != m->saved_tries || catalog_entry(m->catalog, m->saved_series))
        return false;
    for (uint32_t i = 0; i < tries; i++) {
        struct trie *t = tries_get(&m->catalog->tries, i);
        if (t && !is_trie_saved(t, &m->saved[i]))
            return false;
    }
    return true;
}

static void advance_marks(struct meta *m)
{
    for (uint32_t i = 0; i < m->next_tries; i++)
        m->saved[i] = m->next[i];
    m->saved_tries = m->next_tries;
    m->saved_series = m->next_series;
}

static enum fk_err save(struct meta *m)
{
    if (is_saved(m))
        return FK_OK;
    enum fk_err err = db_begin(m->db, "the catalog");
    if (err)
        return err;
    err = save_all(m);
    if (!err)
        err = db_commit(m->db);
    if (err)
        db_rollback(m->db);
    else
        advance_marks(m);
    return err;
}

enum fk_err meta_save(struct meta *m, struct fk_diag *diag)
{
    pthread_mutex_lock(&m->lock);
    enum fk_err err = db_explain(m->db, save(m), diag);
    pthread_mutex_unlock(&m->lock);
    return err;
}

/* ---- forgetting a trie ---- */

static enum fk_err delete_trie(struct db *db, uint32_t trie)
{
    static const char *const rows[] = {
        "DELETE FROM text WHERE id >= ?1 AND id < ?2",
        "DELETE FROM frame WHERE id >= ?1 AND id < ?2",
        "DELETE FROM trie WHERE id >= ?1 AND id < ?2",
        "DELETE FROM app WHERE id = ?1 >> 32 AND id < ?2",
    };
    enum fk_err err = FK_OK;
    for (size_t i = 0; !err && i < sizeof rows / sizeof *rows; i++) {
        struct db_stmt *s;
        err = db_prepare(db, rows[i], &s);
        if (err)
            break;
        db_bind_int(s, 1, meta_key(trie, 0));
        db_bind_int(s, 2, meta_key(trie + 1, 0));
        err = db_run(s);
    }
    return err;
}

enum fk_err meta_drop_trie(struct meta *m, uint32_t trie, struct fk_diag *diag)
{
    pthread_mutex_lock(&m->lock);
    enum fk_err err = db_begin(m->db, "a trie's end");
    if (!err)
        err = delete_trie(m->db, trie);
    if (!err)
        err = db_commit(m->db);
    db_explain(m->db, err, diag);
    if (err)
        db_rollback(m->db);
    pthread_mutex_unlock(&m->lock);
    return err;
}

/* ---- opening ---- */

static enum fk_err get_kv(
    struct db *db, struct fk_slice key, struct fk_buf *value)
{
    struct db_stmt *s;
    bool row = false;
    enum fk_err err = db_prepare(db, "SELECT value FROM kv WHERE key = ?1", &s);
    if (err)
        return err;
    db_bind_text(s, 1, key);
    err = db_step(s, &row);
    if (!err && row)
        fk_buf_add_slice(value, db_bytes(s, 0));
    db_reset(s);
    return err ? err : row ? FK_OK : FK_ERR_NOT_FOUND;
}

enum fk_err meta_tenant_name(struct db *db, struct fk_buf *name)
{
    return get_kv(db, FK_SLICE("tenant"), name);
}

static enum fk_err set_kv(
    struct db *db, struct fk_slice key, struct fk_slice value)
{
    struct db_stmt *s;
    enum fk_err err = db_prepare(db,
        "INSERT INTO kv(key, value) VALUES(?1, ?2) "
        "ON CONFLICT(key) DO UPDATE SET value = ?2",
        &s);
    if (err)
        return err;
    db_bind_text(s, 1, key);
    db_bind_text(s, 2, value);
    return db_run(s);
}

static enum fk_err check_tenant(
    struct meta *m, struct fk_slice tenant, struct fk_diag *diag)
{
    struct fk_slice key = FK_SLICE("tenant");
    struct fk_buf known;
    fk_buf_init(&known, STORE_TENANT_MAX_BYTES);
    enum fk_err err = get_kv(m->db, key, &known);
    if (err == FK_ERR_NOT_FOUND)
        err = set_kv(m->db, key, tenant);
    else if (!err && !fk_slice_eq(fk_buf_slice(&known), tenant))
        err = fk_diag_set(diag, FK_ERR_CORRUPT,
            "this folder belongs to another tenant, \"%s\": was it moved?",
            known.ptr);
    fk_buf_fini(&known);
    return db_explain(m->db, err, diag);
}

static void mark_loaded(struct meta *m)
{
    m->saved_tries = m->catalog->tries.count;
    m->saved_series = m->catalog->series.count;
    for (uint32_t i = 0; i < m->saved_tries; i++) {
        struct trie *t = tries_get(&m->catalog->tries, i);
        if (t)
            m->saved[i] = count_trie(t);
    }
}

enum fk_err meta_open(struct meta *m, const char *dir, struct fk_slice tenant,
    struct catalog *catalog, struct fk_diag *diag)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/meta.db", dir);
    *m = (struct meta){.catalog = catalog};
    pthread_mutex_init(&m->lock, NULL);
    fk_buf_init(&m->page, 1 << 16);
    m->saved = calloc(catalog->tries.max, sizeof *m->saved);
    m->next = calloc(catalog->tries.max, sizeof *m->next);
    enum fk_err err = db_pool_init(&m->readers, path);
    if (err || !m->saved || !m->next)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    err = db_open(path, &schema, DB_WRITE, &m->db, diag);
    if (!err)
        err = check_tenant(m, tenant, diag);
    if (!err)
        err = meta_load(m->db, catalog, diag);
    if (!err)
        mark_loaded(m);
    return err;
}

void meta_close(struct meta *m)
{
    db_pool_fini(&m->readers);
    db_close(m->db);
    free(m->saved);
    free(m->next);
    fk_buf_fini(&m->page);
    pthread_mutex_destroy(&m->lock);
}

enum fk_err meta_probe(struct meta *m, struct fk_diag *diag)
{
    char room[4096];
    memset(room, '.', sizeof room);
    struct fk_slice value = {room, sizeof room};
    pthread_mutex_lock(&m->lock);
    enum fk_err err =
        db_explain(m->db, set_kv(m->db, FK_SLICE("probe"), value), diag);
    pthread_mutex_unlock(&m->lock);
    return err;
}

/* ---- documents ---- */

enum fk_err meta_doc_put(
    struct meta *m, const struct store_doc *doc, struct fk_diag *diag)
{
    pthread_mutex_lock(&m->lock);
    enum fk_err err = db_explain(m->db, docs_put(m->db, doc), diag);
    pthread_mutex_unlock(&m->lock);
    return err;
}

enum fk_err meta_doc_del(
    struct meta *m, struct fk_slice kind, struct fk_slice id)
{
    pthread_mutex_lock(&m->lock);
    enum fk_err err = docs_del(m->db, kind, id);
    pthread_mutex_unlock(&m->lock);
    return err;
}

enum fk_err meta_doc_list(struct meta *m, struct fk_slice kind, int64_t t0,
    int64_t t1, store_doc_fn fn, void *arg)
{
    struct db *db;
    enum fk_err err = db_pool_take(&m->readers, &db, NULL);
    if (err)
        return err;
    err = docs_list(db, kind, t0, t1, fn, arg);
    db_pool_put(&m->readers, db);
    return err;
}
