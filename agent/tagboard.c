#include "agent/tagboard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_PROBES 64
#define FREED      (-1) /* was taken: a search goes on behind it */

/* Open addressing. A thread has at most one entry, made by itself. */
static struct entry {
    _Atomic pid_t tid; /* 0: never taken */
    _Atomic(flamekit_labels) labels;
} board[FK_TAGBOARD_MAX];

static _Thread_local struct entry *mine;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct entry *probe(pid_t tid, uint32_t i)
{
    return &board[((uint32_t)tid * 2654435761u + i) % FK_TAGBOARD_MAX];
}

/* The thread-local and not the argument: fork may have moved the entry. */
static void on_thread_end(void *arg)
{
    (void)arg;
    if (mine == NULL)
        return;
    atomic_store(&mine->labels, NULL);
    atomic_store(&mine->tid, FREED);
    mine = NULL;
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, on_thread_end);
}

static struct entry *claim(void)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    pthread_once(&once, make_key);
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        struct entry *e = probe(tid, i);
        pid_t seen = atomic_load(&e->tid);
        if (seen > 0 || !atomic_compare_exchange_strong(&e->tid, &seen, tid))
            continue;
        pthread_setspecific(at_thread_end, e);
        return e;
    }
    return NULL;
}

void fk_tagboard_post(flamekit_labels labels)
{
    if (mine == NULL && labels != NULL)
        mine = claim();
    if (mine != NULL)
        atomic_store_explicit(&mine->labels, labels, memory_order_release);
}

flamekit_labels fk_tagboard_of(pid_t tid)
{
    for (uint32_t i = 0; i < MAX_PROBES; i++) {
        struct entry *e = probe(tid, i);
        pid_t seen = atomic_load_explicit(&e->tid, memory_order_acquire);
        if (seen == tid)
            return atomic_load_explicit(&e->labels, memory_order_acquire);
        if (seen == 0)
            return NULL;
    }
    return NULL;
}

void fk_tagboard_forget(void)
{
    flamekit_labels labels = mine ? atomic_load(&mine->labels) : NULL;
    for (uint32_t i = 0; i < FK_TAGBOARD_MAX; i++) {
        atomic_store(&board[i].tid, 0);
        atomic_store(&board[i].labels, NULL);
    }
    mine = NULL;
    fk_tagboard_post(labels);
}
