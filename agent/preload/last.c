#include "agent/preload/last.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/ending.h"
#include "agent/flamekit.h"
#include "common/clock.h"

#define ROUNDS  4 /* of destructors: the host's come before us */
#define WAIT_NS (1 * FK_NS_PER_S)
#define STEP_NS (1 * FK_NS_PER_MS)

static _Atomic int left = 1; /* threads of the host, with main */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

void fk_last_add(void)
{
    atomic_fetch_add(&left, 1);
}

void fk_last_undo(void)
{
    atomic_fetch_sub(&left, 1);
}

static bool is_first(void)
{
    return (pid_t)syscall(SYS_gettid) == getpid();
}

/* Those that have left before us may not be quite gone. */
static void on_thread_end(void *round)
{
    if ((intptr_t)round < ROUNDS) {
        pthread_setspecific(key, (void *)((intptr_t)round + 1));
        return;
    }
    if (atomic_fetch_sub(&left, 1) != 1)
        return;
    unsigned others = is_first() ? 1 : 2; /* with the first */
    int64_t until = fk_mono_ns() + WAIT_NS;
    enum fk_ending ending;
    while ((ending = fk_ending_with(others)) == FK_ENDING_NOT_YET &&
           fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + STEP_NS);
    if (ending == FK_ENDING_DUE)
        exit(0);
}

static void make_key(void)
{
    pthread_key_create(&key, on_thread_end);
}

void fk_last_watch(void)
{
    pthread_once(&once, make_key);
    pthread_setspecific(key, (void *)1);
}

FLAMEKIT_API _Noreturn void pthread_exit(void *result)
{
    void (*real)(void *) = (void (*)(void *))dlsym(RTLD_NEXT, "pthread_exit");
    if (is_first())
        fk_last_watch();
    real(result);
    abort();
}
