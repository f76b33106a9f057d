/*
 * What a wall-clock profile costs, and what it does to the program: this
 * agent beside one that sends a signal to every thread, as wall-clock
 * samplers do that unwind in a handler. Same threads, same run.
 *
 *   wall [SECONDS]   for each row; 4
 */
#include "agent/flamekit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/blocking.h"

#define RATE_NS    (20 * FK_NS_PER_MS)
#define MANY       1000
#define POLL_MS    1000
#define MATRIX_RUN 5

static _Atomic bool stop_threads;
static _Atomic unsigned interrupted;
static sem_t forever;
static double seconds = 4;

static int64_t cpu_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

static void pause_for(double s)
{
    fk_sleep_until_mono(fk_mono_ns() + (int64_t)(s * 1e9));
}

static void print(
    const char *name, double value, const char *unit, const char *goal, bool ok)
{
    printf("bench %s %.3f %s goal %s %s\n", name, value, unit, goal,
        ok ? "ok" : "short");
    fflush(stdout);
}

/* ---- idle threads ----------------------------------------------------------
 */

static pthread_t threads[MANY];
static _Atomic pid_t tids[MANY];
static unsigned num_threads;

/* As in a server: some poll, some sleep, some wait for work. Of very many all
 * wait. */
static void *idle(void *arg)
{
    uintptr_t number = (uintptr_t)arg;
    while (!atomic_load(&stop_threads)) {
        int rc = 0;
        if (num_threads == MANY)
            rc = sem_wait(&forever);
        else if (number % 3 == 0)
            rc = poll(NULL, 0, POLL_MS);
        else if (number % 3 == 1)
            rc = usleep(POLL_MS * 1000);
        else
            rc = sem_wait(&forever);
        if (rc < 0 && errno == EINTR)
            atomic_fetch_add(&interrupted, 1);
    }
    return NULL;
}

static void *noted(void *arg)
{
    atomic_store(&tids[(uintptr_t)arg], (pid_t)syscall(SYS_gettid));
    return idle(arg);
}

static void start_threads(unsigned n)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    atomic_store(&stop_threads, false);
    atomic_store(&interrupted, 0);
    num_threads = n;
    for (uintptr_t i = 0; i < n; i++)
        if (pthread_create(&threads[i], &small, noted, (void *)i) != 0)
            abort();
}

static void end_threads(void)
{
    atomic_store(&stop_threads, true);
    for (unsigned i = 0; i < num_threads; i++)
        sem_post(&forever);
    for (unsigned i = 0; i < num_threads; i++)
        pthread_join(threads[i], NULL);
    while (sem_trywait(&forever) == 0)
        continue;
}

/* ---- two samplers ----------------------------------------------------------
 */

static void ours_start(void)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "bench";
    c.server_address = "http://127.0.0.1:1";
    c.upload_interval_ms = 3600000;
    c.log_level = FLAMEKIT_LOG_NONE;
    c.profile_types = FLAMEKIT_PROFILE_WALL;
    if (flamekit_configure(&c) != 0)
        abort();
}

static struct {
    pthread_t thread;
    _Atomic bool stop;
    _Atomic pid_t only; /* 0: all threads */
} signaller;

/* The least that such a handler does; unwinding is not even in it. */
static void on_signal(int signo)
{
    static _Atomic uint64_t count;
    (void)signo;
    atomic_fetch_add(&count, 1);
}

static void *signal_all(void *arg)
{
    pid_t pid = getpid();
    int64_t due = fk_mono_ns();
    while (!atomic_load(&signaller.stop)) {
        pid_t only = atomic_load(&signaller.only);
        for (unsigned i = 0; i < num_threads && only == 0; i++)
            syscall(SYS_tgkill, pid, atomic_load(&tids[i]), SIGPROF);
        if (only != 0)
            syscall(SYS_tgkill, pid, only, SIGPROF);
        due += only ? FK_NS_PER_MS : RATE_NS;
        fk_sleep_until_mono(due);
    }
    return arg;
}

static void theirs_start(pid_t only)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    atomic_store(&signaller.stop, false);
    atomic_store(&signaller.only, only);
    if (pthread_create(&signaller.thread, NULL, signal_all, NULL) != 0)
        abort();
}

static void theirs_stop(void)
{
    atomic_store(&signaller.stop, true);
    pthread_join(signaller.thread, NULL);
    signal(SIGPROF, SIG_DFL);
}

/* ---- rows ------------------------------------------------------------------
 */

/* Share of a core that the process uses: idle threads use next to nothing. */
static double process_share(void)
{
    int64_t cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID), at = fk_mono_ns();
    pause_for(seconds);
    return (double)(cpu_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) /
           (double)(fk_mono_ns() - at);
}

static double sampler_share(void)
{
    flamekit_stats from, to;
    int64_t at = fk_mono_ns();
    flamekit_get_stats(&from);
    pause_for(seconds);
    flamekit_get_stats(&to);
    return (double)(to.wall_cpu_ns - from.wall_cpu_ns) /
           (double)(fk_mono_ns() - at);
}

static void cost_of_69(void)
{
    start_threads(69);
    pause_for(0.3);
    double off = process_share();
    theirs_start(0);
    double theirs = process_share() - off;
    theirs_stop();
    unsigned theirs_errors = atomic_exchange(&interrupted, 0);
    ours_start();
    pause_for(1);
    double ours = process_share() - off;
    flamekit_shutdown();
    print("wall_69_idle", 100 * ours, "%", "<=0.7", ours <= 0.007);
    print("wall_69_idle_by_signals", 100 * theirs, "%", ">0", theirs > 0);
    print("wall_69_idle_ratio", ours / theirs, "x", "<=0.333",
        ours / theirs <= 1.0 / 3);
    unsigned errors = atomic_load(&interrupted);
    print("wall_69_idle_errors", errors, "errors", "0", errors == 0);
    print("wall_69_idle_errors_by_signals", theirs_errors, "errors", ">0",
        theirs_errors > 0);
    end_threads();
}

static void cost_of_1000(void)
{
    start_threads(MANY);
    ours_start();
    pause_for(3);
    double ours = sampler_share();
    flamekit_shutdown();
    print("wall_1000_idle", 100 * ours, "%", "<=0.5", ours <= 0.005);
    end_threads();
}

/* Of the 23 calls, how many came back with EINTR at least once? */
static unsigned calls_interrupted(void)
{
    unsigned calls = 0;
    for (int i = 0; i < BLOCKING_CALLS; i++) {
        bool once = false;
        for (int run = 0; run < MATRIX_RUN; run++) {
            errno = 0;
            once = (blocking_calls[i].fn() < 0 && errno == EINTR) || once;
        }
        calls += once;
    }
    return calls;
}

static void interruptions(void)
{
    blocking_init();
    num_threads = 0;
    theirs_start((pid_t)syscall(SYS_gettid));
    unsigned theirs = calls_interrupted();
    theirs_stop();
    ours_start();
    unsigned ours = calls_interrupted();
    flamekit_shutdown();
    blocking_fini();
    print("wall_calls_interrupted", ours, "of_23", "0", ours == 0);
    print("wall_calls_interrupted_by_signals", theirs, "of_23", ">=10",
        theirs >= 10);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds = strtod(argv[1], NULL);
    cost_of_69();
    cost_of_1000();
    interruptions();
    return 0;
}
