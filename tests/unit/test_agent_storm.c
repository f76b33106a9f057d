/*
 * Pitfalls 1, 2 and 3: threads that throw, load libraries, allocate, print,
 * walk the loader's list and fork, while every one of them gets thousands of
 * sampling signals a second. All must go on, nothing may crash, and SIGTERM
 * must still end the process.
 *
 * The storm runs in a process of its own, watched from outside.
 * FK_STORM_SECONDS (10) says how long.
 */
#include "agent/flamekit.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/cputimer.h"
#include "agent/handler.h"
#include "agent/worker.h"
#include "common/clock.h"
#include "tests/fakeserver.h"
#include "tests/tap.h"

/* Of tests/storm/throw.cpp, when there is a C++ compiler. */
extern int storm_throw(int depth) __attribute__((weak));

#ifdef FK_SANITIZED
#define PROD_NS     4000000 /* instrumented handlers are slow */
#define LEAST_PER_S 25
#elif defined(FK_CORE)
#define PROD_NS     100000
#define LEAST_PER_S 100 /* it may be emulated */
#else
#define PROD_NS     100000 /* 10,000 signals a second of a running thread */
#define LEAST_PER_S 1000
#endif
#define MAX_PRODDED 64

static struct shared {
    _Atomic uint64_t progress[8];
    _Atomic uint64_t signals, lost;
    _Atomic bool broken; /* the handler called what it must not */
    _Atomic bool lull;   /* all jobs but `spared` have a rest */
    _Atomic size_t spared;
} * shared;

/* ---- pitfall 3: nothing that allocates or locks, from the handler -------- */

#ifndef FK_SANITIZED
static void forbid(void)
{
    if (fk_handler_active && shared != NULL)
        atomic_store(&shared->broken, true);
}

extern void *__libc_malloc(size_t n);
extern void __libc_free(void *p);

void *malloc(size_t n)
{
    forbid();
    return __libc_malloc(n);
}

void free(void *p)
{
    forbid();
    __libc_free(p);
}

/* Wrapped by the linker (tests/module.mk): the real one stays reachable. */
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    forbid();
    return __real_pthread_mutex_lock(mutex);
}
#endif

/* ---- what the threads do --------------------------------------------------
 */

static void do_throw(void)
{
    if (storm_throw != NULL)
        storm_throw(12);
}

static void do_load(void)
{
    void *lib = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (lib == NULL)
        return;
    const char *(*version)(void);
    *(void **)&version = dlsym(lib, "sqlite3_libversion");
    if (version != NULL && version() == NULL)
        abort();
    dlclose(lib);
}

static void do_allocate(void)
{
    void *block[64];
    for (int i = 0; i < 64; i++)
        block[i] = malloc((size_t)(i * 97 % 4096 + 1));
    for (int i = 0; i < 64; i++)
        free(block[i]);
}

static void do_print(void)
{
    char text[256];
    snprintf(text, sizeof(text), "%s %.17g %d", "storm", 3.14159, 42);
}

static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    *(int *)arg += info->dlpi_phnum;
    return 0;
}

static void do_walk(void)
{
    int count = 0;
    dl_iterate_phdr(look, &count);
}

static void do_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
#ifndef FK_SANITIZED /* its allocator does not survive fork among threads */
        do_allocate();
        do_print();
#endif
        _exit(0);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        abort();
}

static void do_tag(void)
{
    FLAMEKIT_TAG("storm", "yes");
    do_print();
}

static const struct job {
    const char *name;
    void (*fn)(void);
} jobs[] = {
    {"throw", do_throw},
    {"load", do_load},
    {"allocate", do_allocate},
    {"print", do_print},
    {"walk", do_walk},
    {"fork", do_fork},
    {"tag", do_tag},
};

#define NUM_JOBS (sizeof(jobs) / sizeof(jobs[0]))

static void rest_in_lull(size_t job)
{
    while (atomic_load(&shared->lull) && atomic_load(&shared->spared) != job)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
}

static void *run_job(void *arg)
{
    size_t i = (size_t)((const struct job *)arg - jobs);
    for (;;) {
        rest_in_lull(i);
        jobs[i].fn();
        atomic_fetch_add(&shared->progress[i], 1);
    }
    return NULL;
}

/* ---- the storm ------------------------------------------------------------
 */

/* The same signal as from the agent's own timer, but by the clock and much
 * more often. */
static void prod(struct fk_thread *t)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD_ID,
        .sigev_signo = fk_cputimer_signal(),
        .sigev_value.sival_ptr = t,
    };
    event._sigev_un._tid = t->tid;
    struct itimerspec often = {{0, PROD_NS}, {0, PROD_NS}};
    int timer;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0 ||
        syscall(SYS_timer_settime, timer, 0, &often, NULL) != 0)
        abort();
}

static bool seen(pid_t *tids, size_t *n, pid_t tid)
{
    for (size_t i = 0; i < *n; i++)
        if (tids[i] == tid)
            return true;
    if (*n < MAX_PRODDED)
        tids[(*n)++] = tid;
    return false;
}

static void *prod_all(void *arg)
{
    (void)arg;
    pid_t tids[MAX_PRODDED];
    size_t n = 0;
    for (;;) {
        fk_registry_lock();
        for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
             t = fk_registry_next(t))
            if (t->state == FK_THREAD_TIMED && !seen(tids, &n, t->tid))
                prod(t);
        fk_registry_unlock();
        flamekit_stats s;
        flamekit_get_stats(&s);
        atomic_store(&shared->signals, s.signals);
        atomic_store(&shared->lost, s.lost);
        fk_sleep_until_mono(fk_mono_ns() + 10 * FK_NS_PER_MS);
    }
    return NULL;
}

static void start_thread(void *(*fn)(void *), void *arg)
{
    pthread_t t;
    if (pthread_create(&t, NULL, fn, arg) != 0)
        abort();
}

/* gperftools, as a program would use it that links it. */
static bool start_gperftools(void)
{
    int (*start)(const char *file) = NULL;
    void *lib = dlopen("libprofiler.so.0", RTLD_NOW | RTLD_GLOBAL);
    if (lib != NULL)
        *(void **)&start = dlsym(lib, "ProfilerStart");
    return start != NULL && start("/dev/null") != 0;
}

static void start_ours(const char *url)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.storm";
    c.server_address = url;
    c.sample_rate = 1000;
    c.upload_interval_ms = 500;
    if (flamekit_configure(&c) != 0)
        abort();
    /* The thread that loads would keep the loader's lock from it: on two busy
     * processors, emulated, for ten seconds. */
    int64_t until = fk_mono_ns() + 60 * FK_NS_PER_S;
    while (!fk_worker_ready() && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
}

/* Without a url, under gperftools and at its own pace. */
_Noreturn static void storm(const char *url)
{
    if (url != NULL)
        start_ours(url);
    else if (!start_gperftools())
        _exit(0);
    for (size_t i = 0; i < NUM_JOBS; i++)
        start_thread(run_job, (void *)(uintptr_t)&jobs[i]);
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (url != NULL)
        start_thread(prod_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (;;)
        pause();
}

/* ---- the watch ------------------------------------------------------------
 */

static void check_alive(pid_t pid)
{
    int status;
    if (waitpid(pid, &status, WNOHANG) == 0)
        return;
    if (WIFSIGNALED(status))
        tap_fail(__FILE__, __LINE__, "the storm died of signal %d",
            WTERMSIG(status));
    tap_fail(__FILE__, __LINE__, "the storm exited with %d", status);
}

static bool progresses(size_t job, uint64_t from, int64_t seconds)
{
    int64_t until = fk_mono_ns() + seconds * FK_NS_PER_S;
    while (atomic_load(&shared->progress[job]) == from && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + 10 * FK_NS_PER_MS);
    return atomic_load(&shared->progress[job]) != from;
}

/* A busy machine starves a thread: malloc's locks go to who is awake, and fork
 * wants each of them. A hung one does not come back in a lull, either. */
static void check_goes_on(pid_t pid, size_t job, uint64_t from)
{
    if (progresses(job, from, 5))
        return;
    atomic_store(&shared->spared, job);
    atomic_store(&shared->lull, true);
    bool starved = progresses(job, from, 10);
    atomic_store(&shared->lull, false);
    if (starved) {
        tap_diag("thread %s was starved", jobs[job].name);
        return;
    }
    kill(pid, SIGKILL);
    tap_fail(__FILE__, __LINE__, "thread %s hangs", jobs[job].name);
}

static void watch_second(pid_t pid)
{
    uint64_t before[NUM_JOBS];
    for (size_t i = 0; i < NUM_JOBS; i++)
        before[i] = atomic_load(&shared->progress[i]);
    int64_t until = fk_mono_ns() + FK_NS_PER_S;
    while (fk_mono_ns() < until) {
        check_alive(pid);
        fk_sleep_until_mono(fk_mono_ns() + 50 * FK_NS_PER_MS);
    }
    for (size_t i = 0; i < NUM_JOBS; i++)
        check_goes_on(pid, i, before[i]);
}

static void check_sigterm_ends(pid_t pid)
{
    int status = 0;
    int64_t sent = fk_mono_ns();
    kill(pid, SIGTERM);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (fk_mono_ns() - sent > FK_NS_PER_S) {
            kill(pid, SIGKILL);
            tap_fail(__FILE__, __LINE__, "SIGTERM did not end it within 1 s");
        }
        fk_sleep_until_mono(fk_mono_ns() + 5 * FK_NS_PER_MS);
    }
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGTERM);
}

static int storm_seconds(void)
{
    const char *text = getenv("FK_STORM_SECONDS");
    int s = text ? (int)strtol(text, NULL, 10) : 10;
    return s > 0 ? s : 10;
}

TEST_TIMED(pitfall_1_2_3_storm, 300)
{
    if (storm_throw == NULL)
        tap_diag("SKIP of the thread that throws: no C++ compiler");
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    struct fake_server *server = fake_server_start(FAKE_OK);
    pid_t pid = fork();
    if (pid == 0)
        storm(fake_server_url(server));
    for (int s = storm_seconds(); s > 0; s--)
        watch_second(pid);
    uint64_t signals = atomic_load(&shared->signals);
    check_sigterm_ends(pid);
    for (size_t i = 0; i < NUM_JOBS; i++)
        tap_diag("%-8s %llu rounds", jobs[i].name,
            (unsigned long long)atomic_load(&shared->progress[i]));
    tap_diag("%llu signals, %u uploads", (unsigned long long)signals,
        fake_server_count(server));
    CHECK(!atomic_load(&shared->broken));
    CHECK_INT(atomic_load(&shared->lost), 0);
    CHECK(signals > LEAST_PER_S * (unsigned)storm_seconds());
#ifndef FK_CORE /* it has nothing to push with */
    CHECK(fake_server_count(server) > 0);
#endif
    fake_server_stop(server);
}

/* What becomes of the same program under gperftools is told, not judged. */
TEST_TIMED(the_same_storm_under_gperftools, 200)
{
    if (getenv("FK_STORM_BESIDE") == NULL)
        tap_skip("make check-long runs it");
    void *lib = dlopen("libprofiler.so.0", RTLD_NOW);
    if (lib == NULL)
        tap_skip("gperftools is not installed");
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    pid_t watcher = fork();
    if (watcher == 0) {
        pid_t pid = fork();
        if (pid == 0)
            storm(NULL);
        for (int s = storm_seconds(); s > 0; s--)
            watch_second(pid);
        kill(pid, SIGKILL);
        _exit(0);
    }
    int status = 0;
    CHECK_INT(waitpid(watcher, &status, 0), watcher);
    tap_diag("gperftools %s",
        status == 0 ? "came through" : "did not come through, see above");
}

TAP_MAIN
