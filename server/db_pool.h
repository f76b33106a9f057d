/*
 * Read-only connections to one file, opened when first needed and handed out
 * to one thread at a time. With all of them out, taking waits for one to
 * come back; it never waits for a writer.
 */
#ifndef SERVER_DB_POOL_H
#define SERVER_DB_POOL_H

#include "server/db.h"

#include <pthread.h>

#define DB_POOL_SIZE 4

struct db_pool {
    char *path;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t back;
    struct db *idle[DB_POOL_SIZE];
    int num_idle, num_open;
};

FK_MUST_USE enum fk_err db_pool_init(struct db_pool *p, const char *path);
void db_pool_fini(struct db_pool *p); /* all are back */
FK_MUST_USE enum fk_err db_pool_take(
    struct db_pool *p, struct db **out, struct fk_diag *diag);
void db_pool_put(struct db_pool *p, struct db *db);
void db_pool_trim(struct db_pool *p); /* close the idle ones */

#endif
