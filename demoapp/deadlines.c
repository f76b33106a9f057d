#include "demoapp/deadlines.h"

#include "common/check.h"
#include "common/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MS = 250 };

struct deadline {
    struct deadline *prev, *next;
    int fd;
    int64_t deadline_ns;
};

struct deadlines {
    pthread_mutex_t lock; /* guards the list, its watches and `stopping` */
    pthread_cond_t stop;
    struct deadline *first;
    bool stopping;
    pthread_t thread;
};

static void shut_down_overdue(struct deadlines *r)
{
    int64_t now = fk_mono_ns();
    for (struct deadline *w = r->first; w; w = w->next)
        if (w->deadline_ns && now > w->deadline_ns) {
            shutdown(w->fd, SHUT_RDWR);
            w->deadline_ns = 0;
        }
}

static void *deadlines_main(void *arg)
{
    struct deadlines *r = arg;
    pthread_setname_np(pthread_self(), "deadlines");
    pthread_mutex_lock(&r->lock);
    while (!r->stopping) {
        shut_down_overdue(r);
        int64_t at = fk_mono_ns() + TICK_MS * FK_NS_PER_MS;
        struct timespec until = {at / FK_NS_PER_S, at % FK_NS_PER_S};
        pthread_cond_timedwait(&r->stop, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum fk_err deadlines_start(struct deadlines **out, struct fk_diag *diag)
{
    struct deadlines *r = calloc(1, sizeof *r);
    FK_ASSERT(r);
    pthread_mutex_init(&r->lock, NULL);
    fk_cond_init(&r->stop);
    int err = pthread_create(&r->thread, NULL, deadlines_main, r);
    if (err) {
        free(r);
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "The thread that ends overdue connections could not be "
            "started: %s. Raise the limit of processes (ulimit -u).",
            strerror(err));
    }
    *out = r;
    return FK_OK;
}

void deadlines_stop(struct deadlines *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->stop);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    FK_ASSERT(!r->first);
    pthread_cond_destroy(&r->stop);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

struct deadline *deadlines_add(struct deadlines *r, int fd)
{
    struct deadline *w = calloc(1, sizeof *w);
    FK_ASSERT(w);
    w->fd = fd;
    pthread_mutex_lock(&r->lock);
    w->next = r->first;
    if (w->next)
        w->next->prev = w;
    r->first = w;
    pthread_mutex_unlock(&r->lock);
    return w;
}

void deadlines_set(struct deadlines *r, struct deadline *w, int64_t deadline_ns)
{
    pthread_mutex_lock(&r->lock);
    w->deadline_ns = deadline_ns;
    pthread_mutex_unlock(&r->lock);
}

void deadlines_drop(struct deadlines *r, struct deadline *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&r->lock);
    *(w->prev ? &w->prev->next : &r->first) = w->next;
    if (w->next)
        w->next->prev = w->prev;
    pthread_mutex_unlock(&r->lock);
    free(w);
}
