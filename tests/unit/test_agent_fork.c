/*
 * Pitfall 12: a host forks while the agent's thread is inside a library that
 * has locks of its own. libcrypto starts under such locks, and takes them
 * again when the process exits: a child that inherited one taken would hang
 * there for ever. Here libcurl is in front of such a library. The loader stands
 * here, too: the agent's own lock is taken for as long as it reads objects.
 */
#include "agent/flamekit.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

#define LONG_MS 300 /* the patience of fork with other work is 20 */

static struct {
    pthread_mutex_t lock;
    _Atomic unsigned inside; /* calls that have begun */
    _Atomic bool slow_start, slow_work, slow_loader;
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void library_end(void)
{
    pthread_mutex_lock(&library.lock);
    pthread_mutex_unlock(&library.lock);
}

static void library_call(bool slow)
{
    pthread_mutex_lock(&library.lock);
    if (slow) {
        atomic_fetch_add(&library.inside, 1);
        host_nap_ms(LONG_MS);
    }
    pthread_mutex_unlock(&library.lock);
}

CURLcode curl_global_init(long flags)
{
    CURLcode (*real)(long) =
        (CURLcode(*)(long))dlsym(RTLD_NEXT, "curl_global_init");
    atexit(library_end);
    library_call(atomic_load(&library.slow_start));
    return real(flags);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    CURLMcode (*real)(CURLM *, int *) =
        (CURLMcode(*)(CURLM *, int *))dlsym(RTLD_NEXT, "curl_multi_perform");
    library_call(atomic_load(&library.slow_work));
    return real(multi, running);
}

int dl_iterate_phdr(
    int (*visit)(struct dl_phdr_info *, size_t, void *), void *data)
{
    int (*real)(int (*)(struct dl_phdr_info *, size_t, void *), void *) =
        (int (*)(int (*)(struct dl_phdr_info *, size_t, void *), void *))dlsym(
            RTLD_NEXT, "dl_iterate_phdr");
    if (atomic_exchange(&library.slow_loader, false)) {
        atomic_fetch_add(&library.inside, 1);
        host_nap_ms(LONG_MS);
    }
    return real(visit, data);
}

static void wait_inside(void)
{
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    while (atomic_load(&library.inside) == 0 && fk_mono_ns() < until)
        host_nap_ms(1);
    CHECK(atomic_load(&library.inside) > 0);
}

static void child_can_exit(void)
{
    pid_t pid = fork();
    if (pid == 0)
        host_exit();
    host_child_ends(pid);
}

TEST_TIMED(pitfall_12_a_fork_while_a_library_starts, 120)
{
    atomic_store(&library.slow_start, true);
    flamekit_config c = host_config(100);
    CHECK_INT(flamekit_configure(&c), 0);
    wait_inside();
    child_can_exit();
    flamekit_shutdown();
}

TEST_TIMED(pitfall_12_a_fork_while_a_library_sends, 120)
{
    host_start(1000);
    host_wait_sampled();
    atomic_store(&library.slow_work, true);
    CHECK_INT(flamekit_flush(1), -ETIMEDOUT);
    wait_inside();
    child_can_exit();
    atomic_store(&library.slow_work, false);
    CHECK_INT(flamekit_flush(10000), 0);
    flamekit_shutdown();
}

/* A server that forks its workers as soon as it has started. */
TEST_TIMED(pitfall_12_a_child_of_a_busy_agent_starts_again, 120)
{
    atomic_store(&library.slow_loader, true);
    flamekit_config c = host_config(1000);
    c.after_fork = FLAMEKIT_FORK_RESTART;
    CHECK_INT(flamekit_configure(&c), 0);
    wait_inside();
    pid_t pid = fork();
    if (pid == 0) {
        int64_t until = fk_mono_ns() + 30 * FK_NS_PER_S;
        while (host_stats().samples == 0 && fk_mono_ns() < until)
            host_burn(10 * FK_NS_PER_MS);
        _exit(host_stats().samples > 0 ? 0 : 4);
    }
    host_child_ends(pid);
    flamekit_shutdown();
}

TAP_MAIN
