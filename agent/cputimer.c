#include "agent/cputimer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/chain.h"
#include "agent/counters.h"
#include "agent/handler.h"
#include "agent/hostlog.h"
#include "agent/procstat.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MAX_LOOK_TRIES 6

static struct {
    _Atomic int signal;
    pid_t pid; /* a child of vfork shares all this, but not its actions */
    int64_t period_ns;
    bool spread; /* a period is longer than a tick: it has a random moment */
    uint64_t seed, draws;
    bool armed;
} timers;

/* ---- the signal --------------------------------------------------------- */

static bool is_free(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

static int choose_signal(int wanted)
{
    if (wanted > 0)
        return is_free(wanted) ? wanted : 0;
    if (is_free(SIGPROF))
        return SIGPROF;
    for (int s = SIGRTMAX - 1; s > SIGRTMIN; s--)
        if (is_free(s))
            return s;
    return 0;
}

/* All other signals wait for the microseconds it takes: no handler of the
 * host may jump out of ours, and the C library's own signals, which sigfillset
 * leaves out, may not cancel the thread there. No SA_ONSTACK: a small alternate
 * stack is the host's. */
static int take_signal(int signal)
{
    struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_RESTART};
    ours.sa_sigaction = fk_handler_on_signal;
    memset(&ours.sa_mask, 0xff, sizeof(ours.sa_mask));
    fk_chain_reset();
    if (sigaction(signal, &ours, NULL) != 0)
        return -errno;
    timers.pid = getpid();
    atomic_store(&timers.signal, signal);
    return 0;
}

static bool still_ours(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
           now.sa_sigaction == fk_handler_on_signal;
}

/* Ignoring a signal throws away what is pending in any thread; the default
 * action would kill the process on the first late one. */
static void give_signal_back(void)
{
    int signal = atomic_exchange(&timers.signal, 0);
    if (signal == 0 || !still_ours(signal))
        return;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, wish;
    fk_chain_set(NULL, &wish);
    sigaction(signal, &ignore, NULL);
    sigaction(signal, &wish, NULL);
}

/* To ignore a signal is the kernel's business: who is executed next inherits
 * it. The next update then moves to another one. */
bool fk_cputimer_action(
    int signal, const struct sigaction *wish, struct sigaction *old)
{
    if (signal == 0 || signal != atomic_load(&timers.signal) ||
        getpid() != timers.pid || !still_ours(signal))
        return false;
    fk_chain_set(wish, old);
    if (wish != NULL && wish->sa_handler == SIG_IGN)
        sigaction(signal, wish, NULL);
    return true;
}

/* ---- one thread --------------------------------------------------------- */

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ns / FK_NS_PER_S, ns % FK_NS_PER_S};
}

/* At a random moment of the period that begins at grid_ns; should nobody set
 * it again, at that moment of each period to come. */
static void set_in_period(const struct fk_thread *t, uint64_t draw)
{
    int64_t into = (int64_t)fk_rng_below(draw, (uint64_t)timers.period_ns);
    struct itimerspec spec = {.it_value = timespec_of(t->grid_ns + 1 + into),
        .it_interval = timespec_of(timers.period_ns)};
    syscall(SYS_timer_settime, t->timer, TIMER_ABSTIME, &spec, NULL);
}

void fk_cputimer_quiet(struct fk_thread *t)
{
    struct itimerspec never = {0};
    syscall(SYS_timer_settime, t->timer, 0, &never, NULL);
}

/* Threads started together must not tick together. */
static void arm(struct fk_thread *t)
{
    if (!fk_thread_cpu_ns(t->tid, &t->begin_ns))
        return;
    t->grid_ns = t->begin_ns;
    t->begin_weight = atomic_load(&t->weight);
    set_in_period(t, fk_rng_at(timers.seed, timers.draws++));
}

static void disarm(struct fk_thread *t)
{
    t->begin_ns = 0;
    fk_cputimer_quiet(t);
}

void fk_cputimer_next(struct fk_thread *self, uint64_t weight)
{
    self->grid_ns += (int64_t)weight * timers.period_ns;
    uint64_t stream = timers.seed ^ (uint64_t)self->tid << 32;
    if (timers.spread && self->timer != FK_NO_TIMER)
        set_in_period(self, fk_rng_at(stream, (uint64_t)self->grid_ns));
}

bool fk_cputimer_rest(
    const struct fk_thread *self, int64_t *rest_ns, int64_t *period_ns)
{
    int64_t now_ns;
    if (!timers.armed || self->begin_ns == 0 ||
        !fk_thread_cpu_ns(self->tid, &now_ns))
        return false;
    uint64_t weight = atomic_load(&self->weight) - self->begin_weight;
    *period_ns = timers.period_ns;
    *rest_ns = now_ns - self->begin_ns - (int64_t)weight * timers.period_ns;
    return true;
}

static bool blocks_signal_here(void)
{
    sigset_t blocked;
    return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
           sigismember(&blocked, timers.signal) == 1;
}

/* The signals that another thread blocks, as the kernel prints them. */
static bool blocks_signal(pid_t tid)
{
    if (tid == (pid_t)syscall(SYS_gettid))
        return blocks_signal_here();
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *mask = strstr(text, "\nSigBlk:");
    if (mask == NULL)
        return false;
    uint64_t bits = strtoull(mask + strlen("\nSigBlk:"), NULL, 16);
    return bits >> (timers.signal - 1) & 1;
}

/* Look at it again after 1, 2, 4 ... 64 updates. */
static void put_off(struct fk_thread *t, enum fk_thread_state why)
{
    t->state = why;
    t->begin_ns = 0;
    t->look_wait = 1u << t->look_tries;
    t->look_tries += t->look_tries < MAX_LOOK_TRIES;
}

static void give_timer(struct fk_thread *t)
{
    if (t->look_wait > 0 && --t->look_wait > 0)
        return;
    if (blocks_signal(t->tid)) {
        put_off(t, FK_THREAD_BLOCKED);
        return;
    }
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD_ID,
        .sigev_signo = timers.signal,
        .sigev_value.sival_ptr = t,
    };
    int timer;
    event.sigev_notify_thread_id = t->tid;
    if (syscall(SYS_timer_create, fk_thread_clock(t->tid), &event, &timer) !=
        0) {
        put_off(t, FK_THREAD_REFUSED);
        return;
    }
    t->timer = timer;
    t->state = FK_THREAD_TIMED;
    if (timers.armed)
        arm(t);
}

void fk_cputimer_release(struct fk_thread *t)
{
    int timer = t->timer;
    t->timer = FK_NO_TIMER;
    if (timer != FK_NO_TIMER)
        syscall(SYS_timer_delete, timer);
    t->state = FK_THREAD_NEW;
}

/* ---- all threads -------------------------------------------------------- */

int fk_cputimer_start(unsigned rate, int wanted)
{
    int signal = choose_signal(wanted);
    if (signal == 0)
        return -EBUSY;
    struct timespec tick = {.tv_nsec = 4000000};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    timers.period_ns = FK_NS_PER_S / rate;
    timers.spread = timers.period_ns > tick.tv_nsec;
    timers.seed = fk_hash_seed();
    timers.armed = true;
    return take_signal(signal);
}

static void release_all(void)
{
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        fk_cputimer_release(t);
}

static void move_signal(void)
{
    int was = timers.signal;
    release_all();
    int signal = choose_signal(0);
    if (signal == 0 || take_signal(signal) != 0) {
        fk_hostlog(FLAMEKIT_LOG_ERROR,
            "the program took signal %d and no other is free: CPU profiling "
            "stops",
            was);
        timers.signal = 0;
        return;
    }
    fk_hostlog(FLAMEKIT_LOG_INFO,
        "the program took signal %d: sampling goes on with signal %d", was,
        signal);
}

static void count_states(void)
{
    uint64_t count[FK_THREAD_REFUSED + 1] = {0};
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        count[t->state]++;
    fk_count_set(&fk_counters.threads, count[FK_THREAD_TIMED]);
    fk_count_set(&fk_counters.blocked, count[FK_THREAD_BLOCKED]);
    fk_count_set(&fk_counters.no_timer,
        count[FK_THREAD_REFUSED] + fk_registry_without_record());
}

void fk_cputimer_update(void)
{
    for (struct fk_thread *t = fk_registry_next(NULL);
         t != NULL && timers.signal != 0; t = fk_registry_next(t))
        if (t->state != FK_THREAD_TIMED)
            give_timer(t);
    count_states();
}

void fk_cputimer_keep_signal(void)
{
    if (timers.signal == 0 || still_ours(timers.signal))
        return;
    move_signal();
    fk_cputimer_update();
}

void fk_cputimer_welcome(struct fk_thread *t)
{
    if (timers.signal != 0 && t->state != FK_THREAD_TIMED)
        give_timer(t);
}

void fk_cputimer_arm(bool on)
{
    timers.armed = on;
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        if (t->state == FK_THREAD_TIMED && on)
            arm(t);
        else if (t->state == FK_THREAD_TIMED)
            disarm(t);
}

/* Twice in a row, because a signal may just be on its way. A thread that
 * blocks the signal from now on loses its timer; one whose timer died (its id
 * was used again between two scans) gets a new one. */
static void audit_thread(struct fk_thread *t)
{
    int64_t cpu_ns;
    if (!fk_thread_cpu_ns(t->tid, &cpu_ns))
        return;
    uint64_t weight = atomic_load(&t->weight);
    bool silent = cpu_ns - t->audit_cpu_ns > 10 * timers.period_ns + 40000000 &&
                  weight == t->audit_weight;
    t->audit_cpu_ns = cpu_ns;
    t->audit_weight = weight;
    if (silent && t->idle_once)
        fk_cputimer_release(t);
    t->idle_once = silent;
}

void fk_cputimer_audit(void)
{
    for (struct fk_thread *t = fk_registry_next(NULL);
         t != NULL && timers.armed; t = fk_registry_next(t))
        if (t->state == FK_THREAD_TIMED)
            audit_thread(t);
}

void fk_cputimer_stop(void)
{
    fk_registry_lock();
    release_all();
    give_signal_back();
    fk_registry_unlock();
}

void fk_cputimer_forget(void)
{
    give_signal_back();
    timers.armed = false;
}

int fk_cputimer_signal(void)
{
    return timers.signal;
}
