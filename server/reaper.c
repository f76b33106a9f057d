#include "server/reaper.h"

#include "common/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { REAPER_PERIOD_MS = 250 };

struct reaper_entry {
    struct reaper_entry *prev, *next;
    int fd;
    int64_t since_ns;    /* monotonic: armed then */
    int64_t deadline_ns; /* 0 = none */
    bool shut;           /* its owner will forget it soon */
};

struct reaper {
    pthread_mutex_t lock; /* guards the list, and the sockets in it from
                             being closed while the thread looks at them */
    pthread_cond_t stop;
    struct reaper_entry head; /* the one armed last comes first */
    unsigned open;            /* and not shut */
    unsigned crowd;
    _Atomic uint64_t *count;
    bool stopping;
    pthread_t thread;
};

static void unlink_entry(struct reaper_entry *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
}

static void put_first(struct reaper *r, struct reaper_entry *e)
{
    e->next = r->head.next;
    e->prev = &r->head;
    e->next->prev = e;
    r->head.next = e;
}

/* The longest wait first. */
static void reap(struct reaper *r)
{
    int64_t now = fk_mono_ns();
    unsigned excess = r->open > r->crowd ? r->open - r->crowd : 0;

    for (struct reaper_entry *e = r->head.prev; e != &r->head; e = e->prev) {
        bool early = excess > 0 && now - e->since_ns >= REAPER_LEAST_NS;
        bool waits = e->deadline_ns != 0 && !e->shut;
        if (!waits || (now < e->deadline_ns && !early))
            continue;
        atomic_fetch_add(r->count, 1);
        e->shut = true;
        r->open--;
        excess -= excess > 0;
        shutdown(e->fd, SHUT_RDWR);
    }
}

static void *run(void *arg)
{
    struct reaper *r = arg;

    pthread_mutex_lock(&r->lock);
    while (!r->stopping) {
        int64_t at = fk_mono_ns() + REAPER_PERIOD_MS * FK_NS_PER_MS;
        struct timespec ts = {at / FK_NS_PER_S, at % FK_NS_PER_S};
        pthread_cond_timedwait(&r->stop, &r->lock, &ts);
        reap(r);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum fk_err reaper_start(
    unsigned crowd, _Atomic uint64_t *count, struct reaper **out)
{
    struct reaper *r = calloc(1, sizeof(*r));

    if (!r)
        return FK_ERR_NOMEM;
    r->count = count;
    r->crowd = crowd;
    r->head.prev = r->head.next = &r->head;
    pthread_mutex_init(&r->lock, NULL);
    fk_cond_init(&r->stop);
    if (pthread_create(&r->thread, NULL, run, r) != 0) {
        free(r);
        return FK_ERR_NOMEM;
    }
    pthread_setname_np(r->thread, "http-reaper");
    *out = r;
    return FK_OK;
}

void reaper_stop(struct reaper *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->stop);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->stop);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

struct reaper_entry *reaper_watch(struct reaper *r, int fd, int64_t for_ns)
{
    struct reaper_entry *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->fd = fd;
    e->since_ns = fk_mono_ns();
    e->deadline_ns = e->since_ns + for_ns;
    pthread_mutex_lock(&r->lock);
    put_first(r, e);
    r->open++;
    pthread_mutex_unlock(&r->lock);
    return e;
}

void reaper_forget(struct reaper *r, struct reaper_entry *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&r->lock);
    unlink_entry(e);
    r->open -= !e->shut;
    pthread_mutex_unlock(&r->lock);
    free(e);
}

void reaper_arm(struct reaper *r, struct reaper_entry *e, int64_t for_ns)
{
    if (!e)
        return;
    pthread_mutex_lock(&r->lock);
    e->since_ns = fk_mono_ns();
    e->deadline_ns = for_ns == 0 ? 0 : e->since_ns + for_ns;
    unlink_entry(e);
    put_first(r, e);
    pthread_mutex_unlock(&r->lock);
}
