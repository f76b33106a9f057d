#include "server/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct workers {
    struct workers_options options;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t more;
    void **ring;
    size_t first, count;
    bool stopping;
    unsigned started;
    pthread_t *threads;
};

/* The next item, or NULL when there will be none. */
static void *take(struct workers *w)
{
    void *item = NULL;

    pthread_mutex_lock(&w->lock);
    while (w->count == 0 && !w->stopping)
        pthread_cond_wait(&w->more, &w->lock);
    if (w->count > 0) {
        item = w->ring[w->first];
        w->first = (w->first + 1) % w->options.queue_max;
        w->count--;
    }
    pthread_mutex_unlock(&w->lock);
    return item;
}

static void *work(void *arg)
{
    struct workers *w = arg;
    void *item;

    while ((item = take(w)))
        w->options.run(item);
    return NULL;
}

enum fk_err workers_start(
    const struct workers_options *options, struct workers **out)
{
    struct workers *w = calloc(1, sizeof(*w));

    if (!w)
        return FK_ERR_NOMEM;
    w->options = *options;
    w->ring = calloc(options->queue_max, sizeof(*w->ring));
    w->threads = calloc(options->threads, sizeof(*w->threads));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    while (w->ring && w->threads && w->started < options->threads) {
        pthread_t *t = &w->threads[w->started];
        if (pthread_create(t, NULL, work, w) != 0)
            break;
        pthread_setname_np(*t, options->name);
        w->started++;
    }
    if (w->started < options->threads) {
        workers_stop(w);
        return FK_ERR_NOMEM;
    }
    *out = w;
    return FK_OK;
}

bool workers_push(struct workers *w, void *item)
{
    pthread_mutex_lock(&w->lock);
    bool room = !w->stopping && w->count < w->options.queue_max;
    if (room) {
        size_t last = (w->first + w->count) % w->options.queue_max;
        w->ring[last] = item;
        w->count++;
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w->ring);
    free(w);
}
