/* Documents (store.h) in a tenant's meta.db. Functions of a connection; one
 * thread at a time, as with db.h. */
#ifndef SERVER_DOCS_H
#define SERVER_DOCS_H

#include "server/db.h"
#include "server/store.h"

#define DOCS_SCHEMA                                                            \
    "CREATE TABLE doc("                                                        \
    "  id INTEGER PRIMARY KEY,"                                                \
    "  kind TEXT NOT NULL,"                                                    \
    "  name TEXT NOT NULL,"                                                    \
    "  from_ms INTEGER NOT NULL,"                                              \
    "  until_ms INTEGER NOT NULL,"                                             \
    "  body TEXT NOT NULL,"                                                    \
    "  UNIQUE(kind, name)) STRICT;"                                            \
    "CREATE INDEX doc_time ON doc(kind, from_ms, name);"

FK_MUST_USE enum fk_err docs_put(struct db *db, const struct store_doc *doc);
FK_MUST_USE enum fk_err docs_del(
    struct db *db, struct fk_slice kind, struct fk_slice id);
FK_MUST_USE enum fk_err docs_list(struct db *db, struct fk_slice kind,
    int64_t t0, int64_t t1, store_doc_fn fn, void *arg);

#endif
