/*
 * Where threads wait, to the last frame: ten kinds of blocking, stacks that
 * are deep or wide, threads that come and go, libraries that come and go.
 */
#include "agent/flamekit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/procstat.h"
#include "agent/stackcopy.h"
#include "agent/stacktab.h"
#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

static int pipe_fds[2], epoll_fd;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;

/* Every kind twice: as a compiler does it that needs the frame pointer for
 * something else, and with frames that only the frame pointer finds. */
#if defined(__clang__)
#define NO_FRAME
#else
#define NO_FRAME __attribute__((optimize("omit-frame-pointer")))
#endif
#define KIND(name, call)                                                       \
    NO_FRAME __attribute__((noipa)) static void name(int room)                 \
    {                                                                          \
        (void)room;                                                            \
        call;                                                                  \
        __asm__ volatile("");                                                  \
    }                                                                          \
    __attribute__((noipa)) static void name##_framed(int room)                 \
    {                                                                          \
        volatile char *wide = __builtin_alloca((size_t)room);                  \
        wide[0] = 1;                                                           \
        call;                                                                  \
        __asm__ volatile("");                                                  \
    }

KIND(
    in_poll, poll(&(struct pollfd){.fd = pipe_fds[0], .events = POLLIN}, 1, -1))
KIND(in_epoll, epoll_wait(epoll_fd, &(struct epoll_event){0}, 1, -1))
KIND(in_read, (void)!read(pipe_fds[0], &(char){0}, 1))
KIND(in_select, select(0, NULL, NULL, NULL, NULL))
KIND(in_nanosleep, nanosleep(&(struct timespec){1000, 0}, NULL))
KIND(in_usleep, usleep(999999999))
KIND(in_cond, pthread_cond_wait(&cond, &mutex))
KIND(in_sem, sem_wait(&semaphore))
KIND(in_pause, pause())
KIND(in_sigwait, sigtimedwait(&(sigset_t){0}, NULL, NULL))

typedef void (*kind_fn)(int);

#define ROW(name)                                                              \
    {#name, name},                                                             \
    {                                                                          \
#name "_framed", name##_framed                                         \
    }

static struct kind {
    const char *name;
    kind_fn fn;
} kinds[] = {ROW(in_poll), ROW(in_epoll), ROW(in_read), ROW(in_select),
    ROW(in_nanosleep), ROW(in_usleep), ROW(in_cond), ROW(in_sem), ROW(in_pause),
    ROW(in_sigwait)};

enum { NUM_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

__attribute__((noipa)) static void recurse(int depth, kind_fn fn)
{
    if (depth == 0)
        fn(100);
    else
        recurse(depth - 1, fn);
    __asm__ volatile("");
}

/* 40 frames of 4 KiB: more than is copied at first. */
__attribute__((noipa)) static void recurse_wide(int depth, kind_fn fn)
{
    volatile char wide[4096];
    wide[depth] = 1;
    if (depth == 0)
        fn(30000);
    else
        recurse_wide(depth - 1, fn);
    __asm__ volatile("" : : "r"(wide[0]));
}

static void *narrow_main(void *arg)
{
    const struct kind *k = arg;
    recurse(25, k->fn);
    return NULL;
}

static void *wide_main(void *arg)
{
    const struct kind *k = arg;
    recurse_wide(40, k->fn);
    return NULL;
}

static void start_wall(void)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_WALL;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register("main");
    host_wait_sampled();
}

static void receive(struct received *r)
{
    size_t len;
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned last = fake_server_count(host_server()) - 1;
    const void *bytes = fake_server_body(host_server(), last, &len);
    CHECK(received_read_named(r, bytes, len, "wall"));
}

static void stacks_are_whole(void *(*thread_main)(void *), const char *entry)
{
    CHECK_INT(pipe(pipe_fds), 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    start_wall();
    for (int i = 0; i < NUM_KINDS; i++) {
        pthread_t t;
        CHECK_INT(pthread_create(&t, NULL, thread_main, &kinds[i]), 0);
    }
    host_nap_ms(1500);
    struct received r;
    receive(&r);
    int num_whole = 0;
    int64_t cut = received_of(&r, 0, "[truncated]");
    for (int i = 0; i < NUM_KINDS; i++) {
        const char *path[] = {kinds[i].name, entry, "start_thread", NULL};
        int64_t whole = received_sum(&r, 0, path);
        tap_diag("%s: %.0f ms", kinds[i].name, (double)whole / 1e6);
        num_whole += whole > 900 * FK_NS_PER_MS &&
                     received_of(&r, 0, kinds[i].name) == whole;
    }
    /* A sanitizer's own functions leave a lot lying about on the stack. */
    CHECK(num_whole >= HOST_FULL(NUM_KINDS, NUM_KINDS - 3));
    tap_diag("cut: %.0f ms", (double)cut / 1e6);
    CHECK_INT(cut, 0);
    received_free(&r);
    flamekit_shutdown();
}

TEST(ten_kinds_of_blocking_below_25_frames_are_whole)
{
    stacks_are_whole(narrow_main, "narrow_main");
}

TEST(ten_kinds_of_blocking_below_wide_frames_are_whole)
{
    stacks_are_whole(wide_main, "wide_main");
}

/* ---- deeper than there is room for ----------------------------------------*/

static _Atomic pid_t deep_tid;

__attribute__((noipa)) static void wait_below(int kilobytes)
{
    volatile char wide[16 << 10];
    wide[kilobytes] = 1;
    if (kilobytes < 16) {
        atomic_store(&deep_tid, (pid_t)syscall(SYS_gettid));
        sem_wait(&semaphore);
    } else {
        wait_below(kilobytes - 16);
    }
    __asm__ volatile("" : : "r"(wide[0]));
}

static void *deep_main(void *arg)
{
    wait_below((int)(intptr_t)arg);
    return NULL;
}

/* A thread's stack of so many KB, as it is seen from outside. */
static struct fk_stackcopy look_at_stack_of(int kilobytes)
{
    pthread_t t;
    struct fk_stackcopy stack = {0};
    uintptr_t pcs[FK_TRACE_MAX];
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    void *arg = (void *)(intptr_t)kilobytes;
    atomic_store(&deep_tid, 0);
    CHECK_INT(pthread_create(&t, NULL, deep_main, arg), 0);
    while (atomic_load(&deep_tid) == 0 ||
           fk_thread_where(atomic_load(&deep_tid), &stack.pc, &stack.sp) !=
               FK_THREAD_WAITS) {
        CHECK(fk_mono_ns() < until);
        host_nap_ms(1);
    }
    fk_stackcopy_unwind(&stack, pcs, FK_TRACE_MAX);
    sem_post(&semaphore);
    pthread_join(t, NULL);
    return stack;
}

TEST(a_stack_larger_than_the_room_for_copies_is_cut_there)
{
    host_start(100); /* no thread that looks beside us */
    host_wait_sampled();
    struct fk_stackcopy fits = look_at_stack_of(800);
    CHECK_INT(fits.why, FK_UNWIND_COMPLETE);
    CHECK_INT(fits.size.bytes, FK_STACKCOPY_MAX);
    struct fk_stackcopy large = look_at_stack_of(1600);
    CHECK_INT(large.why, FK_UNWIND_OFF_STACK);
    CHECK(large.size.bytes <= FK_STACKCOPY_MAX);
    flamekit_shutdown();
}

/* ---- threads and libraries come and go ------------------------------------*/

static void *short_life(void *arg)
{
    flamekit_thread_register("short");
    host_nap_ms((intptr_t)arg % 3);
    return NULL;
}

TEST(pitfall_23_threads_end_while_they_are_looked_at)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    c.wall_interval_ms = 1;
    CHECK_INT(flamekit_configure(&c), 0);
    for (intptr_t i = 0; i < HOST_FULL(3000, 500); i++) {
        pthread_t t[2];
        for (int k = 0; k < 2; k++)
            CHECK_INT(pthread_create(&t[k], NULL, short_life, (void *)i), 0);
        for (int k = 0; k < 2; k++)
            pthread_join(t[k], NULL);
    }
    struct received r;
    receive(&r);
    received_free(&r);
    tap_diag("%lu looks, %lu moved", host_stats().wall_looks,
        host_stats().wall_moved);
    CHECK_INT(host_stats().wall_limits, 0);
    flamekit_shutdown();
}

static _Atomic bool stop;

static void *load_and_unload(void *arg)
{
    while (!atomic_load(&stop)) {
        void *library = dlopen("libsqlite3.so.0", RTLD_NOW);
        if (library == NULL)
            break;
        dlclose(library);
    }
    return arg;
}

TEST(pitfall_22_libraries_go_while_stacks_are_walked)
{
    pthread_t loader, t[NUM_KINDS];
    flamekit_config c = host_config(1000);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    c.wall_interval_ms = 1;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(pthread_create(&loader, NULL, load_and_unload, NULL), 0);
    int64_t until = fk_mono_ns() + 2 * FK_NS_PER_S;
    while (fk_mono_ns() < until) {
        for (int i = 0; i < 4; i++)
            CHECK_INT(pthread_create(&t[i], NULL, short_life, NULL), 0);
        for (int i = 0; i < 4; i++)
            pthread_join(t[i], NULL);
    }
    atomic_store(&stop, true);
    pthread_join(loader, NULL);
    flamekit_shutdown();
    CHECK(host_stats().wall_looks > 10);
}

/* ---- many threads ---------------------------------------------------------*/

static unsigned open_files(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir != NULL);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void *idle(void *arg)
{
    sem_wait(&semaphore);
    return arg;
}

/* As many as the design speaks of take their time to start: in tests/long. */
static int many(void)
{
    const char *asked = getenv("FK_IDLE_THREADS");
    return asked ? (int)strtol(asked, NULL, 10) : HOST_FULL(1000, 200);
}

static pthread_t *start_idle(int n)
{
    pthread_t *threads = calloc((size_t)n, sizeof(*threads));
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], &small, idle, NULL) != 0)
            tap_skip("no more than %d threads are allowed here", i);
    return threads;
}

static void end_idle(pthread_t *threads, int n)
{
    for (int i = 0; i < n; i++)
        sem_post(&semaphore);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

/* The first seconds find them, learn what they cost and keep to the budget. */
TEST(pitfall_49_threads_cost_no_descriptors_and_little_time)
{
    int n = many(), settle_ms = n > 1000 ? 8000 : 2000;
    start_wall();
    unsigned before = open_files();
    pthread_t *threads = start_idle(n);
    host_nap_ms(settle_ms);
    CHECK(open_files() <= before + 2);
    flamekit_stats from = host_stats();
    int64_t at = fk_mono_ns();
    host_nap_ms(settle_ms * 3 / 2);
    flamekit_stats to = host_stats();
    double elapsed = (double)(fk_mono_ns() - at);
    double wall = (double)(to.wall_cpu_ns - from.wall_cpu_ns) / elapsed;
    double agent = (double)(to.agent_cpu_ns - from.agent_cpu_ns) / elapsed;
    tap_diag("%d idle threads: %.2f %% of a core for looks, %.2f %% to find "
             "new ones",
        n, 100 * wall, 100 * agent);
    double goal = n > 1000 ? 0.005 : HOST_FULL(0.01, 0.05);
    CHECK(wall <= goal);
    CHECK(agent <= goal);
    CHECK_INT(to.no_timer, 0);
    struct received r;
    receive(&r);
    double seconds = (double)received_of(&r, 0, "idle") / 1e9;
    tap_diag("%.0f thread seconds", seconds);
    CHECK(seconds > n * (elapsed / 1e9 + settle_ms / 2e3));
    received_free(&r);
    end_idle(threads, n);
    flamekit_shutdown();
}

TAP_MAIN
