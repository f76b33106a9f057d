#include "demoapp/pool.h"

#include "common/check.h"
#include "demoapp/teaching.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct job {
    pool_job_fn *fn;
    void *arg;
};

struct pool {
    pthread_mutex_t lock; /* guards the queue and `stopping` */
    pthread_cond_t has_work;
    struct job *queue; /* a ring of `limit` jobs */
    size_t limit, first, count;
    bool stopping;
    const char *name;
    pthread_t *threads;
    unsigned num_threads;
};

/* The next job, or one without a function when the pool stops. */
static TEACHING struct job wait_for_work(struct pool *p)
{
    struct job job = {0};
    pthread_mutex_lock(&p->lock);
    while (p->count == 0 && !p->stopping)
        pthread_cond_wait(&p->has_work, &p->lock);
    if (p->count > 0) {
        job = p->queue[p->first];
        p->first = (p->first + 1) % p->limit;
        p->count--;
    }
    pthread_mutex_unlock(&p->lock);
    return job;
}

static void *pool_worker(void *arg)
{
    struct pool *p = arg;
    pthread_setname_np(pthread_self(), p->name);
    for (;;) {
        struct job job = wait_for_work(p);
        if (!job.fn)
            return NULL;
        job.fn(job.arg);
    }
}

enum fk_err pool_start(const char *name, unsigned num_threads,
    size_t queue_limit, struct pool **out, struct fk_diag *diag)
{
    struct pool *p = calloc(1, sizeof *p);
    FK_ASSERT(p && queue_limit > 0);
    p->queue = calloc(queue_limit, sizeof(struct job));
    p->threads = calloc(num_threads, sizeof(pthread_t));
    FK_ASSERT(p->queue && p->threads);
    p->limit = queue_limit;
    p->name = name;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->has_work, NULL);
    for (; p->num_threads < num_threads; p->num_threads++) {
        int err =
            pthread_create(&p->threads[p->num_threads], NULL, pool_worker, p);
        if (err) {
            fk_diag_set(diag, FK_ERR_LIMIT,
                "Thread %u of pool %s could not be started: %s. "
                "Raise the limit of processes (ulimit -u).",
                p->num_threads + 1, name, strerror(err));
            pool_stop(p);
            return FK_ERR_LIMIT;
        }
    }
    *out = p;
    return FK_OK;
}

void pool_stop(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->has_work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->num_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->has_work);
    pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p->queue);
    free(p);
}

enum fk_err pool_submit(struct pool *p, pool_job_fn *fn, void *arg)
{
    enum fk_err err = FK_ERR_FULL;
    pthread_mutex_lock(&p->lock);
    if (p->count < p->limit && !p->stopping) {
        size_t at = (p->first + p->count) % p->limit;
        p->queue[at] = (struct job){fn, arg};
        p->count++;
        pthread_cond_signal(&p->has_work);
        err = FK_OK;
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}
