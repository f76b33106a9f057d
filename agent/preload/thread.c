/*
 * pthread_create of the preload library: a new thread registers itself
 * before its first instruction and takes itself off at its end, however it
 * ends, so that one that lives two milliseconds is profiled as well, with all
 * of its time (agent/rest.h).
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "agent/flamekit.h"
#include "agent/preload/last.h"
#include "agent/preload/real.h"
#include "agent/rest.h"

typedef int (*create_fn)(
    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int fk_real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg)
{
    static _Atomic(create_fn) real;
    create_fn fn = atomic_load_explicit(&real, memory_order_relaxed);
    if (fn == NULL) {
        fn = (create_fn)dlsym(RTLD_NEXT, "pthread_create");
        atomic_store_explicit(&real, fn, memory_order_relaxed);
    }
    return fn != NULL ? fn(thread, attr, start, arg) : ENOSYS;
}

struct begin {
    void *(*start)(void *);
    void *arg;
};

/* However a thread may be cancelled: not with a lock of ours in its hands. */
static void enter(void)
{
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    flamekit_thread_register(NULL);
    fk_last_watch();
    pthread_setcancelstate(before, NULL);
}

/* The type and not the state: a cancellation on its way looks at that only. */
static void leave(void *unused)
{
    (void)unused;
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
    flamekit_thread_unregister();
}

/* Named so that agent/profile.c takes it off the stacks. */
__attribute__((noinline)) static void *flamekit_thread_begin(void *memory)
{
    struct begin begin = *(struct begin *)memory;
    free(memory);
    void *result;
    fk_rest_begin.function = (const void *)(uintptr_t)begin.start;
    fk_rest_begin.caller = __builtin_return_address(0);
    enter();
    pthread_cleanup_push(leave, NULL);
    result = begin.start(begin.arg);
    pthread_cleanup_pop(1);
    return result;
}

FLAMEKIT_API int pthread_create(pthread_t *restrict thread,
    const pthread_attr_t *restrict attr, void *(*start)(void *),
    void *restrict arg)
{
    struct begin *begin = malloc(sizeof(*begin));
    if (begin == NULL)
        return EAGAIN;
    *begin = (struct begin){start, arg};
    fk_last_add();
    int rc = fk_real_pthread_create(thread, attr, flamekit_thread_begin, begin);
    if (rc != 0) {
        fk_last_undo();
        free(begin);
    }
    return rc;
}
