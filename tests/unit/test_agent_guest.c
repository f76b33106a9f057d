/*
 * Good manners: what the program under the agent must not notice, and what
 * the samples must add up to. Numbers are the pitfalls of the agent's design.
 */
#include "agent/flamekit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/cputimer.h"
#include "common/clock.h"
#include "tests/fakeserver.h"
#include "tests/received.h"
#include "tests/tap.h"

#ifdef FK_SANITIZED
#define FULL(n, less) (less) /* instrumented code is slow */
#else
#define FULL(n, less) (n)
#endif

static volatile uint64_t sink;
static struct fake_server *server;

static int64_t cpu_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

__attribute__((noipa)) static void spin(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        sink = sink * 31 + 7;
    __asm__ volatile("");
}

__attribute__((noipa)) static void burn(int64_t ns)
{
    int64_t until = cpu_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
    while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) < until)
        spin(2000);
    __asm__ volatile("");
}

static flamekit_config config_at(unsigned rate)
{
    if (server == NULL)
        server = fake_server_start(FAKE_OK);
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.guest";
    c.server_address = fake_server_url(server);
    c.sample_rate = rate;
    c.upload_interval_ms = 60000;
    return c;
}

static void start_at(unsigned rate)
{
    flamekit_config c = config_at(rate);
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
}

static flamekit_stats stats(void)
{
    flamekit_stats s;
    flamekit_get_stats(&s);
    return s;
}

/* Until the agent has its tables and this thread its timer. */
static void wait_until_sampled(void)
{
    uint64_t before = stats().signals;
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    while (stats().signals == before && fk_mono_ns() < until)
        spin(100000);
    CHECK(stats().signals > before);
}

static void nap_ms(int64_t ms)
{
    fk_sleep_until_mono(fk_mono_ns() + ms * FK_NS_PER_MS);
}

/* ---- what the interrupted code must not notice --------------------------- */

TEST(pitfall_4_errno_survives)
{
    start_at(1000);
    wait_until_sampled();
    uint64_t before = stats().signals;
    while (stats().signals < before + 200) {
        errno = 7;
        spin(20000);
        CHECK_INT(errno, 7);
    }
    flamekit_shutdown();
}

#if defined(__x86_64__)
/* A leaf without a frame keeps data below the stack pointer, and registers
 * that only the kernel saves. Returns 0 when all of it came back. */
static uint64_t red_zone_and_registers(uint64_t seed, uint64_t rounds)
{
    uint64_t bad = 0;
    __asm__ volatile(
        "movq %[seed], %%xmm7\n\t"
        "movq %[seed], %%xmm15\n\t"
        "fldpi\n\t"
        "movq %[seed], -8(%%rsp)\n\t"
        "movq %[seed], -64(%%rsp)\n\t"
        "movq %[seed], -128(%%rsp)\n\t"
        "movq %[seed], %%r11\n\t"
        "stc\n"
        "1:\n\t"
        "leaq -1(%[n]), %[n]\n\t"
        "pushfq\n\t" /* keeps the carry flag; -8 is rewritten below */
        "popfq\n\t"
        "jnc 2f\n\t"
        "movq %[seed], -8(%%rsp)\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 2f\n\t"
        "stc\n\t"
        "jrcxz 3f\n\t"
        "jmp 1b\n"
        "2:\n\t"
        "movq $1, %[bad]\n"
        "3:\n\t"
        "cmpq %[seed], -8(%%rsp)\n\t"
        "jne 4f\n\t"
        "cmpq %[seed], -64(%%rsp)\n\t"
        "jne 4f\n\t"
        "cmpq %[seed], -128(%%rsp)\n\t"
        "jne 4f\n\t"
        "movq %%xmm7, %%r11\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 4f\n\t"
        "movq %%xmm15, %%r11\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 4f\n\t"
        "fldpi\n\t"
        "fcomip %%st(1), %%st\n\t"
        "je 5f\n"
        "4:\n\t"
        "movq $1, %[bad]\n"
        "5:\n\t"
        "fstp %%st(0)\n\t"
        : [n] "+c"(rounds), [bad] "+&r"(bad)
        : [seed] "r"(seed)
        : "r11", "xmm7", "xmm15", "cc", "memory", "st");
    return bad;
}

TEST(pitfall_5_red_zone_and_registers_survive)
{
    start_at(1000);
    wait_until_sampled();
    uint64_t before = stats().signals, seed = 0x123456789abcdef1;
    while (stats().signals < before + FULL(300, 50))
        CHECK_INT(red_zone_and_registers(seed++, 3000000), 0);
    flamekit_shutdown();
}
#endif

/* ---- pitfall 14: calls that block ---------------------------------------- */

#define BLOCK_MS 3

static int pipe_fds[2], epoll_fd, queue_id, semaphores;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static struct timespec after_ms(clockid_t clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static int call_poll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    return poll(&p, 1, BLOCK_MS);
}

static int call_ppoll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    struct timespec t = {0, BLOCK_MS * 1000000};
    return ppoll(&p, 1, &t, NULL);
}

static int call_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_fds[0], &set);
    struct timeval t = {0, BLOCK_MS * 1000};
    return select(pipe_fds[0] + 1, &set, NULL, NULL, &t);
}

static int call_epoll_wait(void)
{
    struct epoll_event e;
    return epoll_wait(epoll_fd, &e, 1, BLOCK_MS);
}

static int call_nanosleep(void)
{
    return nanosleep(&(struct timespec){0, BLOCK_MS * 1000000}, NULL);
}

static int call_clock_nanosleep(void)
{
    struct timespec t = after_ms(CLOCK_MONOTONIC, BLOCK_MS);
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    return errno ? -1 : 0;
}

static int call_usleep(void)
{
    return usleep(BLOCK_MS * 1000);
}

static int call_sem_timedwait(void)
{
    sem_t s;
    sem_init(&s, 0, 0);
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    return sem_timedwait(&s, &t);
}

static int call_cond_timedwait(void)
{
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    pthread_mutex_lock(&mutex);
    errno = pthread_cond_timedwait(&cond, &mutex, &t);
    pthread_mutex_unlock(&mutex);
    return -1;
}

static int call_mutex_timedlock(void)
{
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    errno = pthread_mutex_timedlock(&mutex, &t);
    if (errno == 0)
        pthread_mutex_unlock(&mutex);
    return 0;
}

static int call_recv(void)
{
    int fds[2];
    char c;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return -1;
    struct timeval t = {0, BLOCK_MS * 1000};
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    int rc = (int)recv(fds[0], &c, 1, 0), saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return rc;
}

static int call_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &(struct timespec){0, BLOCK_MS * 1000000});
}

static int call_semtimedop(void)
{
    struct sembuf op = {.sem_op = -1};
    return semtimedop(
        semaphores, &op, 1, &(struct timespec){0, BLOCK_MS * 1000000});
}

static int call_msgrcv(void)
{
    struct {
        long type;
        char text[8];
    } m = {1, "x"};

    msgsnd(queue_id, &m, sizeof(m.text), 0);
    return (int)msgrcv(queue_id, &m, sizeof(m.text), 0, 0);
}

static int call_read(void)
{
    char c = 'x';
    int fds[2];
    if (pipe(fds) != 0 || write(fds[1], &c, 1) != 1)
        return -1;
    int rc = (int)read(fds[0], &c, 1), saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return rc;
}

static void *sleep_a_little(void *arg)
{
    nap_ms(BLOCK_MS);
    return arg;
}

static int call_join(void)
{
    pthread_t t;
    errno = pthread_create(&t, NULL, sleep_a_little, NULL);
    if (errno == 0)
        errno = pthread_join(t, NULL);
    return errno ? -1 : 0;
}

static int call_waitpid(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        nap_ms(BLOCK_MS);
        _exit(0);
    }
    return waitpid(pid, NULL, 0);
}

static int call_flock(void)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int rc = flock(fd, LOCK_SH), saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

static const struct {
    const char *name;
    int (*fn)(void);
} calls[] = {
    {"poll", call_poll},
    {"ppoll", call_ppoll},
    {"select", call_select},
    {"epoll_wait", call_epoll_wait},
    {"nanosleep", call_nanosleep},
    {"clock_nanosleep", call_clock_nanosleep},
    {"usleep", call_usleep},
    {"sem_timedwait", call_sem_timedwait},
    {"pthread_cond_timedwait", call_cond_timedwait},
    {"pthread_mutex_timedlock", call_mutex_timedlock},
    {"recv with SO_RCVTIMEO", call_recv},
    {"sigtimedwait", call_sigtimedwait},
    {"semtimedop", call_semtimedop},
    {"msgrcv", call_msgrcv},
    {"read", call_read},
    {"pthread_join", call_join},
    {"waitpid", call_waitpid},
    {"flock", call_flock},
};

TEST(pitfall_14_no_call_returns_EINTR)
{
    CHECK_INT(pipe(pipe_fds), 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    queue_id = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    start_at(1000);
    wait_until_sampled();
    unsigned interrupted = 0;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
            /* CPU between the calls, so that timers are about to expire. */
            burn(500000);
            errno = 0;
            if (calls[i].fn() < 0 && errno == EINTR) {
                tap_diag("EINTR from %s", calls[i].name);
                interrupted++;
            }
        }
    flamekit_shutdown();
    msgctl(queue_id, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    CHECK_INT(interrupted, 0);
}

/* ---- weights --------------------------------------------------------------*/

static void weights_match_cpu_time(unsigned rate)
{
    start_at(rate);
    wait_until_sampled();
    uint64_t before = stats().samples;
    int64_t cpu_before = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    burn(1200 * FK_NS_PER_MS);
    int64_t cpu = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
    double got = (double)(stats().samples - before) / rate * 1e9;
    tap_diag("%u Hz: %.1f %% of the CPU time", rate, 100 * got / (double)cpu);
    /* One tick at either end, and this thread is nearly all there is. */
    CHECK(fabs(got - (double)cpu) < 0.03 * (double)cpu);
    CHECK_INT(stats().lost, 0);
    flamekit_shutdown();
}

TEST(pitfall_6_weights_match_at_100_hz)
{
    weights_match_cpu_time(100);
}

TEST(pitfall_6_weights_match_at_250_hz)
{
    weights_match_cpu_time(250);
}

TEST(pitfall_6_weights_match_at_1000_hz)
{
    weights_match_cpu_time(1000);
}

#define NUM_FAIR 8

static void *burn_a_second(void *arg)
{
    flamekit_thread_register("fair");
    *(int64_t *)arg = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    burn(1000 * FK_NS_PER_MS);
    *(int64_t *)arg = (int64_t)syscall(SYS_gettid);
    return NULL;
}

TEST(pitfall_7_threads_are_treated_alike)
{
    flamekit_config c = config_at(250);
    c.report_thread_id = 1;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register("main"), 0);
    wait_until_sampled();
    pthread_t threads[NUM_FAIR];
    int64_t tids[NUM_FAIR];
    for (int i = 0; i < NUM_FAIR; i++)
        CHECK_INT(
            pthread_create(&threads[i], NULL, burn_a_second, &tids[i]), 0);
    for (int i = 0; i < NUM_FAIR; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();
    struct received r;
    size_t len;
    const void *body = fake_server_body(server, 0, &len);
    received_read(&r, body, len);
    for (int i = 0; i < NUM_FAIR; i++) {
        char tid[24];
        snprintf(tid, sizeof(tid), "%lld", (long long)tids[i]);
        int64_t n = received_label(&r, 0, "thread_id", tid);
        tap_diag("thread %s: %.1f %%", tid, 100 * (double)n / 250);
        CHECK(n >= 237 && n <= 263);
    }
    received_free(&r);
}

/* ---- threads come and go --------------------------------------------------*/

static unsigned count_timers(void)
{
    FILE *f = fopen("/proc/self/timers", "re");
    char line[256];
    unsigned n = 0;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        n += strncmp(line, "ID:", 3) == 0;
    if (f != NULL)
        fclose(f);
    return n;
}

static void *leave_early(void *arg)
{
    flamekit_thread_register(NULL);
    if (arg != NULL)
        pthread_exit(NULL);
    return NULL;
}

TEST(pitfall_9_timers_do_not_leak)
{
    start_at(100);
    wait_until_sampled();
    unsigned before = count_timers();
    for (uintptr_t i = 0; i < FULL(3000, 500); i++) {
        pthread_t t;
        CHECK_INT(pthread_create(&t, NULL, leave_early, (void *)(i & 1)), 0);
        pthread_join(t, NULL);
    }
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (count_timers() > before && fk_mono_ns() < until)
        nap_ms(20);
    CHECK(count_timers() <= before);
    flamekit_shutdown();
    CHECK_INT(count_timers(), 0);
}

static _Atomic bool leave;

static void *wait_to_leave(void *arg)
{
    while (!atomic_load(&leave))
        nap_ms(10);
    return arg;
}

TEST(pitfall_10_too_few_timers)
{
    struct rlimit limit = {16, 16};
    CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
    start_at(100);
    pthread_t threads[64];
    for (int i = 0; i < 64; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_to_leave, NULL), 0);
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (stats().no_timer == 0 && fk_mono_ns() < until)
        nap_ms(10);
    CHECK(stats().no_timer > 0);
    atomic_store(&leave, true);
    for (int i = 0; i < 64; i++)
        pthread_join(threads[i], NULL);
    flamekit_shutdown();
}

static void child_work(void)
{
    char text[64];
    void *p = malloc(1000);
    snprintf(text, sizeof(text), "%p", p);
    free(p);
    burn(2 * FK_NS_PER_MS);
}

/* Through the exit handlers, but not through a leak checker, which would want
 * to see the threads of the parent. */
_Noreturn static void leave_as_programs_do(void)
{
#ifdef FK_SANITIZED
    _exit(0);
#else
    exit(0);
#endif
}

static void check_child_ends(pid_t pid)
{
    int status, waited = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        nap_ms(1);
        if (++waited > 10000) {
            kill(pid, SIGKILL);
            tap_fail(__FILE__, __LINE__, "a forked child hangs");
        }
    }
    CHECK_INT(status, 0);
}

TEST(pitfall_12_forked_children_run_and_upload_nothing)
{
    flamekit_config c = config_at(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    wait_until_sampled();
    pthread_t other;
    CHECK_INT(pthread_create(&other, NULL, wait_to_leave, NULL), 0);
    uint64_t parent_samples = stats().samples;
    for (int i = 0; i < FULL(200, 20); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            child_work();
            if (flamekit_flush(10) != -ESRCH)
                _exit(3);
            leave_as_programs_do();
        }
        check_child_ends(pid);
    }
    atomic_store(&leave, true);
    pthread_join(other, NULL);
    spin(10000000);
    flamekit_shutdown();
    CHECK(stats().samples > parent_samples);
    CHECK_INT(stats().uploads_ok, fake_server_count(server));
}

TEST(pitfall_12_a_child_may_start_its_own_agent)
{
    start_at(1000);
    wait_until_sampled();
    pid_t pid = fork();
    if (pid == 0) {
        flamekit_config c = config_at(1000);
        int rc = flamekit_configure(&c);
        if (rc != 0 || flamekit_thread_register(NULL) != 0)
            _exit(3);
        int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
        while (stats().signals == 0 && fk_mono_ns() < until)
            spin(100000);
        _exit(stats().signals > 0 && fk_cputimer_signal() == SIGPROF ? 0 : 4);
    }
    check_child_ends(pid);
    flamekit_shutdown();
}

/* ---- stacks ---------------------------------------------------------------*/

#ifndef FK_SANITIZED
static void *burn_on_small_stack(void *arg)
{
    flamekit_thread_register("small");
    burn(200 * FK_NS_PER_MS);
    return arg;
}

static ucontext_t main_context, coroutine;

static void coroutine_main(void)
{
    burn(300 * FK_NS_PER_MS);
    __asm__ volatile(""); /* no tail call */
}

TEST(pitfall_16_small_stacks)
{
    start_at(1000);
    wait_until_sampled();
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    CHECK_INT(pthread_attr_setstacksize(&attr, 16384), 0);
    pthread_t t;
    CHECK_INT(pthread_create(&t, &attr, burn_on_small_stack, NULL), 0);
    pthread_join(t, NULL);

    /* A coroutine on 16 KiB between two guard pages. */
    char *stack =
        mmap(NULL, 6 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED);
    CHECK_INT(mprotect(stack + 4096, 16384, PROT_READ | PROT_WRITE), 0);
    CHECK_INT(getcontext(&coroutine), 0);
    coroutine.uc_stack.ss_sp = stack + 4096;
    coroutine.uc_stack.ss_size = 16384;
    coroutine.uc_link = &main_context;
    makecontext(&coroutine, coroutine_main, 0);
    CHECK_INT(swapcontext(&main_context, &coroutine), 0);
    munmap(stack, 6 * 4096);
    burn(200 * FK_NS_PER_MS);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();

    struct received r;
    size_t len;
    const void *body = fake_server_body(server, 0, &len);
    received_read(&r, body, len);
    int64_t there = received_of(&r, 0, "coroutine_main");
    static const char *const path[] = {"burn", "burn_on_small_stack", NULL};
    tap_diag("%lld in the coroutine, %lld on the small stack", (long long)there,
        (long long)received_sum(&r, 0, path));
    CHECK(there > 250);
    CHECK(received_sum(&r, 0, path) > 150);
    received_free(&r);
}
#endif

/* ---- signals
 * ---------------------------------------------------------------*/

static _Atomic unsigned app_signals;

static void on_app_signal(int signo)
{
    (void)signo;
    atomic_fetch_add(&app_signals, 1);
}

TEST(pitfall_18_the_program_owns_SIGPROF)
{
    struct sigaction own = {.sa_handler = on_app_signal};
    CHECK_INT(sigaction(SIGPROF, &own, NULL), 0);
    start_at(1000);
    wait_until_sampled();
    CHECK(fk_cputimer_signal() != SIGPROF);
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), 1);
    flamekit_shutdown();
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), 2);
}

TEST(pitfall_18_the_program_takes_SIGPROF_later)
{
    start_at(1000);
    wait_until_sampled();
    CHECK_INT(fk_cputimer_signal(), SIGPROF);
    struct sigaction own = {.sa_handler = on_app_signal};
    own.sa_flags = SA_RESTART;
    CHECK_INT(sigaction(SIGPROF, &own, NULL), 0);
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (fk_cputimer_signal() == SIGPROF && fk_mono_ns() < until)
        spin(100000);
    wait_until_sampled();
    unsigned before = atomic_load(&app_signals);
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), before + 1);
    flamekit_shutdown();
    struct sigaction now;
    sigaction(SIGPROF, NULL, &now);
    CHECK(now.sa_handler == on_app_signal);
}

static void *block_everything(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigdelset(&all, SIGPROF);
    int got;
    sigset_t wait;
    sigfillset(&wait);
    while (sigwait(&wait, &got) == 0 && got != SIGUSR1)
        if (got == SIGPROF)
            atomic_fetch_add(&app_signals, 1);
    return arg;
}

TEST(pitfall_18_a_thread_that_waits_for_all_signals)
{
    pthread_t t;
    CHECK_INT(pthread_create(&t, NULL, block_everything, NULL), 0);
    nap_ms(20);
    start_at(1000);
    wait_until_sampled();
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (stats().blocked == 0 && fk_mono_ns() < until)
        spin(100000);
    CHECK(stats().blocked >= 1);
    pthread_kill(t, SIGUSR1);
    pthread_join(t, NULL);
    CHECK_INT(atomic_load(&app_signals), 0);
    flamekit_shutdown();
}

TEST(pitfall_19_signals_from_elsewhere_are_ignored)
{
    start_at(100);
    wait_until_sampled();
    uint64_t before = stats().ignored, samples = stats().samples;
    for (int i = 0; i < 50; i++)
        kill(getpid(), SIGPROF);
    pthread_kill(pthread_self(), SIGPROF);
    sigqueue(getpid(), SIGPROF, (union sigval){.sival_ptr = &before});
    CHECK(stats().ignored > before);
    CHECK(stats().samples <= samples + 3);
    flamekit_shutdown();
    struct sigaction now;
    sigaction(SIGPROF, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

/* ---- tags
 * ------------------------------------------------------------------*/

__attribute__((noipa)) static void only_tagged(void)
{
    spin(3000);
    __asm__ volatile("");
}

__attribute__((noipa)) static void never_tagged(void)
{
    spin(3000);
    __asm__ volatile("");
}

TEST(pitfall_37_no_sample_without_its_tag)
{
    start_at(1000);
    wait_until_sampled();
    flamekit_flush(5000);
    uint64_t until = stats().signals + FULL(300, 60);
    while (stats().signals < until) {
        {
            FLAMEKIT_TAG("tag", "x");
            only_tagged();
        }
        never_tagged();
    }
    unsigned at = fake_server_count(server);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();
    struct received r;
    size_t len;
    const void *body = fake_server_body(server, at, &len);
    received_read(&r, body, len);
    unsigned tagged = 0, bare = 0;
    for (uint32_t i = 0; i < r.profile.num_samples; i++) {
        const struct fk_pprof_sample *s = &r.profile.samples[i];
        bool has = sample_has_label(s, "tag", "x");
        if (sample_has_function(&r, s, "only_tagged"))
            CHECK(has);
        if (sample_has_function(&r, s, "never_tagged"))
            CHECK(!has);
        tagged += sample_has_function(&r, s, "only_tagged");
        bare += sample_has_function(&r, s, "never_tagged");
    }
    CHECK(tagged > 0 && bare > 0);
    received_free(&r);
}

/* ---- the agent itself
 * ------------------------------------------------------*/

TEST(pitfall_44_the_agent_is_not_in_its_profiles)
{
    flamekit_config c = config_at(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    wait_until_sampled();
    /* Calls into the agent, from the program's own thread. */
    int64_t until = fk_mono_ns() + 800 * FK_NS_PER_MS;
    while (fk_mono_ns() < until)
        for (int i = 0; i < 1000; i++) {
            FLAMEKIT_TAG("k", i % 2 ? "a" : "b");
        }
    flamekit_shutdown();
    static const char *const ours[] = {"worker_main", "fk_collect_take",
        "fk_handler_on_signal", "flamekit_tag_push", "fk_labels_with", NULL};
    CHECK(fake_server_count(server) >= 3);
    for (unsigned i = 0; i < fake_server_count(server) && i < 64; i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(server, i, &len);
        received_read(&r, body, len);
        for (int f = 0; ours[f] != NULL; f++)
            if (received_of(&r, 0, ours[f]) != 0)
                tap_fail(__FILE__, __LINE__, "%s is in profile %u", ours[f], i);
        received_free(&r);
    }
}

static void *burn_for_ever(void *arg)
{
    while (!atomic_load(&leave))
        spin(1000);
    return arg;
}

TEST_TIMED(pitfall_45_start_and_stop_under_load, 120)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, burn_for_ever, NULL), 0);
    flamekit_config c = config_at(1000);
    for (int i = 0; i < FULL(1000, 50); i++) {
        CHECK_INT(flamekit_configure(&c), 0);
        CHECK_INT(flamekit_thread_register(NULL), 0);
        if (i % 50 == 0)
            wait_until_sampled();
        flamekit_shutdown();
    }
    CHECK_INT(count_timers(), 0);
    atomic_store(&leave, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* Pitfalls 46 and 47: profiles tile the timeline, whatever the wall clock
 * says; durations are what really went by. */
TEST(pitfall_47_profiles_tile_the_timeline)
{
    flamekit_config c = config_at(1000);
    c.upload_interval_ms = 100;
    int64_t start = fk_mono_ns();
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    /* Never idle, so that no interval is empty and left out. */
    while (fk_mono_ns() < start + 1500 * FK_NS_PER_MS)
        spin(10000);
    flamekit_shutdown();
    int64_t ran = fk_mono_ns() - start, sum = 0, end = 0;
    unsigned n = fake_server_count(server);
    CHECK(n >= 8 && n < 64);
    for (unsigned i = 0; i < n; i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(server, i, &len);
        received_read(&r, body, len);
        if (i > 0)
            CHECK_INT(r.profile.time_ns, end);
        end = r.profile.time_ns + r.profile.duration_ns;
        sum += r.profile.duration_ns;
        received_free(&r);
    }
    tap_diag("%u profiles, %.1f of %.1f ms", n, (double)sum / 1e6,
        (double)ran / 1e6);
    CHECK(llabs(ran - sum) <
          ran / FULL(20, 4)); /* start-up and the last upload */
    CHECK(llabs(end - fk_wall_ns()) < FK_NS_PER_S);
}

TEST(samples_add_up)
{
    flamekit_config c = config_at(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    burn(500 * FK_NS_PER_MS);
    flamekit_shutdown();
    flamekit_stats s = stats();
    int64_t arrived = 0;
    for (unsigned i = 0; i < fake_server_count(server); i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(server, i, &len);
        received_read(&r, body, len);
        arrived += received_total(&r, 0);
        received_free(&r);
    }
    CHECK(s.samples > 400);
    CHECK_INT(s.samples, arrived);
    CHECK_INT(s.weight_uploaded, arrived);
    CHECK_INT(s.lost, 0);
}

TEST(switched_off_means_no_signals)
{
    start_at(1000);
    wait_until_sampled();
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_CPU, 0), 0);
    uint64_t before = stats().samples;
    burn(200 * FK_NS_PER_MS);
    CHECK_INT(stats().samples, before);
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_CPU, 1), 0);
    wait_until_sampled();
    flamekit_shutdown();
}

TEST(exit_uploads_what_is_left)
{
    server = fake_server_start(FAKE_OK);
    pid_t pid = fork();
    if (pid == 0) {
        start_at(1000);
        wait_until_sampled();
        burn(50 * FK_NS_PER_MS);
        exit(0);
    }
    check_child_ends(pid);
    CHECK_INT(fake_server_count(server), 1);
    struct received r;
    size_t len;
    const void *body = fake_server_body(server, 0, &len);
    received_read(&r, body, len);
    CHECK(received_total(&r, 0) >= 40);
    received_free(&r);
}

TAP_MAIN
