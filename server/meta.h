/*
 * A tenant's meta.db: its catalog written down (texts, frames, packed trie
 * pages, series with labels) and its documents.
 *
 * Threads: meta_save from the writer thread; meta_doc_* from any. One lock
 * guards the writing connection. Loading happens in meta_open.
 */
#ifndef SERVER_META_H
#define SERVER_META_H

#include "server/catalog.h"
#include "server/db_pool.h"

struct meta_mark {
    uint32_t nodes, frames, texts;
};

struct meta {
    struct catalog *catalog;
    struct db_pool readers;
    pthread_mutex_t lock; /* guards what follows */
    struct db *db;
    /* How much of the catalog is on disk, and will be after the commit;
     * marks are by trie. */
    struct meta_mark *saved, *next;
    uint32_t saved_tries, next_tries, saved_series, next_series;
    struct fk_buf page;
};

/* Fills the empty catalog from DIR/meta.db. The file remembers the tenant's
 * name, so that a folder that was moved is noticed. */
FK_MUST_USE enum fk_err meta_open(struct meta *m, const char *dir,
    struct fk_slice tenant, struct catalog *catalog, struct fk_diag *diag);
void meta_close(struct meta *m);
/* The tenant whose file it is. */
FK_MUST_USE enum fk_err meta_tenant_name(struct db *db, struct fk_buf *name);

/* Make all that the catalog knows now durable. */
FK_MUST_USE enum fk_err meta_save(struct meta *m, struct fk_diag *diag);
/* Forget a trie that the catalog has dropped. */
FK_MUST_USE enum fk_err meta_drop_trie(
    struct meta *m, uint32_t trie, struct fk_diag *diag);
/* Can it write? */
FK_MUST_USE enum fk_err meta_probe(struct meta *m, struct fk_diag *diag);

FK_MUST_USE enum fk_err meta_doc_put(
    struct meta *m, const struct store_doc *doc, struct fk_diag *diag);
FK_MUST_USE enum fk_err meta_doc_del(
    struct meta *m, struct fk_slice kind, struct fk_slice id);
FK_MUST_USE enum fk_err meta_doc_list(struct meta *m, struct fk_slice kind,
    int64_t t0, int64_t t1, store_doc_fn fn, void *arg);

#endif
