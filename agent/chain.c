#include "agent/chain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* A handler of either kind: the kernel, too, hands every one three arguments
 * and leaves it to the handler how many it reads. */
typedef void handler_fn(int, siginfo_t *, void *);

static struct {
    atomic_flag busy;
    struct sigaction wish;         /* guarded by busy */
    _Atomic(handler_fn *) handler; /* of the wish; NULL: default or ignored */
} chain = {.busy = ATOMIC_FLAG_INIT};

static handler_fn *handler_of(const struct sigaction *a)
{
    if (a->sa_handler == SIG_DFL || a->sa_handler == SIG_IGN)
        return NULL;
    return a->sa_sigaction;
}

void fk_chain_set(const struct sigaction *wish, struct sigaction *old)
{
    sigset_t all, before;
    sigfillset(&all);
    /* A handler in this thread that comes here must not find it busy. */
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (atomic_flag_test_and_set_explicit(&chain.busy, memory_order_acquire))
        ;
    struct sigaction was = chain.wish;
    if (wish != NULL) {
        chain.wish = *wish;
        atomic_store(&chain.handler, handler_of(wish));
    }
    atomic_flag_clear_explicit(&chain.busy, memory_order_release);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (old != NULL)
        *old = was;
}

void fk_chain_reset(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    fk_chain_set(&standard, NULL);
}

void fk_chain_call(int signo, siginfo_t *info, void *context)
{
    handler_fn *handler = atomic_load(&chain.handler);
    if (handler != NULL)
        handler(signo, info, context);
}
