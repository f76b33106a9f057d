#include "agent/own.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1u << 1)
#endif

_Thread_local bool fk_own_busy;

static bool own_files, keep_stderr;

int fk_own_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *))
{
    sigset_t all, before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_bytes);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, &attr, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return -rc;
}

/* musl's locks have deadlines by the wall clock only. */
bool fk_own_lock_within(pthread_mutex_t *lock, int64_t ns)
{
#ifdef __GLIBC__
    int64_t until = fk_mono_ns() + ns;
    struct timespec t = {until / FK_NS_PER_S, until % FK_NS_PER_S};
    return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &t) == 0;
#else
    int64_t until = fk_wall_ns() + ns;
    struct timespec t = {until / FK_NS_PER_S, until % FK_NS_PER_S};
    return pthread_mutex_timedlock(lock, &t) == 0;
#endif
}

void fk_own_files(bool keep)
{
    own_files = true;
    keep_stderr = keep;
}

/* The new table starts out empty: a copy of the host's pipes would keep them
 * open after the host has closed them. Kernels before 5.9 refuse, and then
 * the files are shared. */
static void unshare_files(void)
{
    unsigned first = keep_stderr ? STDERR_FILENO + 1 : STDIN_FILENO;
    if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_UNSHARE) != 0)
        return;
    for (unsigned fd = 0; fd < STDERR_FILENO && first > 0; fd++)
        close((int)fd);
}

void fk_own_thread(void)
{
    fk_own_busy = true;
    if (own_files)
        unshare_files();
}
