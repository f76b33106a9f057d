#include "server/db_pool.h"

#include <stdlib.h>
#include <string.h>

enum fk_err db_pool_init(struct db_pool *p, const char *path)
{
    *p = (struct db_pool){.path = strdup(path)};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->back, NULL);
    return p->path ? FK_OK : FK_ERR_NOMEM;
}

void db_pool_trim(struct db_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->num_open -= p->num_idle;
    while (p->num_idle)
        db_close(p->idle[--p->num_idle]);
    pthread_mutex_unlock(&p->lock);
}

void db_pool_fini(struct db_pool *p)
{
    db_pool_trim(p);
    pthread_cond_destroy(&p->back);
    pthread_mutex_destroy(&p->lock);
    free(p->path);
}

/* An idle one, or NULL and the right to open one. */
static struct db *take_idle(struct db_pool *p)
{
    struct db *db = NULL;
    pthread_mutex_lock(&p->lock);
    while (!p->num_idle && p->num_open == DB_POOL_SIZE)
        pthread_cond_wait(&p->back, &p->lock);
    if (p->num_idle)
        db = p->idle[--p->num_idle];
    else
        p->num_open++;
    pthread_mutex_unlock(&p->lock);
    return db;
}

enum fk_err db_pool_take(
    struct db_pool *p, struct db **out, struct fk_diag *diag)
{
    *out = take_idle(p);
    if (*out)
        return FK_OK;
    enum fk_err err = db_open(p->path, NULL, DB_READ, out, diag);
    if (!err)
        return FK_OK;
    pthread_mutex_lock(&p->lock);
    p->num_open--;
    pthread_cond_signal(&p->back);
    pthread_mutex_unlock(&p->lock);
    return err;
}

void db_pool_put(struct db_pool *p, struct db *db)
{
    pthread_mutex_lock(&p->lock);
    p->idle[p->num_idle++] = db;
    pthread_cond_signal(&p->back);
    pthread_mutex_unlock(&p->lock);
}
