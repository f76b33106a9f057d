#include "agent/wall.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/counters.h"
#include "agent/cputimer.h"
#include "agent/looks.h"
#include "agent/own.h"
#include "agent/procstat.h"
#include "agent/registry.h"
#include "agent/thrift.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#ifdef FK_SANITIZED
#define STACK_BYTES (1u << 20)
#else
#define STACK_BYTES (128u << 10)
#endif
#define WISHED_NICE (-10)
#define LATE_NS     (FK_NS_PER_MS / 4)
#define MAX_EXCUSES 3

/* `lock` guards everything but `enabled`. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop_asked, active;
    _Atomic bool enabled;
    const flamekit_config *config;
    struct fk_thrift thrift;
    int excuses; /* in a row */
    uint64_t draws;
} wall = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What happens while it is switched off is nobody's time. */
static void switch_to(bool on)
{
    if (!on)
        fk_looks_settle();
    fk_looks_forget();
    wall.active = on;
}

static void round_of_looks(void)
{
    bool on = atomic_load(&wall.enabled);
    if (on != wall.active)
        switch_to(on);
    if (on)
        fk_looks_round(false);
}

/* ---- the thread --------------------------------------------------------- */

static int64_t draw_below(int64_t limit)
{
    uint64_t draw = fk_rng_at(fk_hash_seed(), wall.draws++);
    return (int64_t)fk_rng_below(draw, (uint64_t)limit + 1);
}

static int64_t interval_ns(void)
{
    int64_t ns = wall.config->wall_interval_ms * FK_NS_PER_MS;
    return (int64_t)((double)ns * wall.thrift.stretch);
}

/* The interval varies by a fourth, so that nothing periodic is always met at
 * the same point. */
static int64_t next_round(void)
{
    int64_t ns = interval_ns();
    fk_count_set(&fk_counters.wall_round_ns, (uint64_t)ns);
    return fk_mono_ns() + ns * 3 / 4 + draw_below(ns / 2);
}

/* When the machine has held this thread up it has held up others, and all go
 * on at the same moment: a look would find those that slept just awake, and
 * what comes after their sleep too often. A moment at random is better, if
 * there is one. */
static bool comes_late(int64_t due_ns)
{
    bool late = fk_mono_ns() - due_ns > LATE_NS;
    wall.excuses = late && wall.excuses < MAX_EXCUSES ? wall.excuses + 1 : 0;
    return wall.excuses > 0;
}

static void wait_until(int64_t until_ns)
{
    struct timespec t = {until_ns / FK_NS_PER_S, until_ns % FK_NS_PER_S};
    int rc = 0;
    while (rc == 0 && !wall.stop_asked)
        rc = pthread_cond_timedwait(&wall.wake, &wall.lock, &t);
}

static void keep_to_budget(pid_t tid)
{
    int64_t cpu_ns = 0;
    fk_thread_cpu_ns(tid, &cpu_ns);
    fk_count_set(&fk_counters.wall_cpu_ns, (uint64_t)cpu_ns);
    fk_thrift_update(&wall.thrift, fk_mono_ns(), cpu_ns, FK_WALL_BUDGET);
}

static void *wall_main(void *arg)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    fk_own_thread();
    pthread_setname_np(pthread_self(), "flamekit-wall");
    /* Looks that come late come when others have just gone to sleep. */
    setpriority(PRIO_PROCESS, (id_t)tid, WISHED_NICE);
    fk_registry_lock();
    fk_registry_exclude(tid);
    struct fk_thread *found = fk_registry_find(tid);
    if (found != NULL) {
        fk_cputimer_release(found);
        fk_registry_remove(found);
    }
    fk_registry_unlock();
    int64_t due = fk_mono_ns(), cpu_ns = 0;
    fk_thread_cpu_ns(tid, &cpu_ns);
    fk_thrift_init(&wall.thrift, due, cpu_ns);
    pthread_mutex_lock(&wall.lock);
    while (!wall.stop_asked) {
        if (comes_late(due)) {
            due = fk_mono_ns() + draw_below(interval_ns() / 4);
        } else {
            round_of_looks();
            keep_to_budget(tid);
            due = next_round();
        }
        wait_until(due);
    }
    if (wall.active)
        fk_looks_settle();
    pthread_mutex_unlock(&wall.lock);
    return arg;
}

/* ---- called by others --------------------------------------------------- */

int fk_wall_start(const flamekit_config *config, struct fk_stacktab *table)
{
    if (wall.running)
        return 0;
    int rc = fk_looks_init(config, table);
    if (rc != 0)
        return rc;
    wall.config = config;
    wall.stop_asked = wall.active = false;
    fk_cond_init(&wall.wake);
    rc = fk_own_start(&wall.thread, STACK_BYTES, wall_main);
    wall.running = rc == 0;
    return rc;
}

void fk_wall_stop(void)
{
    if (!wall.running)
        return;
    pthread_mutex_lock(&wall.lock);
    wall.stop_asked = true;
    pthread_cond_signal(&wall.wake);
    pthread_mutex_unlock(&wall.lock);
    pthread_join(wall.thread, NULL);
    wall.running = false;
}

void fk_wall_settle(void)
{
    if (!wall.running)
        return;
    pthread_mutex_lock(&wall.lock);
    if (wall.active)
        fk_looks_settle();
    pthread_mutex_unlock(&wall.lock);
}

void fk_wall_enable(bool on)
{
    atomic_store(&wall.enabled, on);
    if (on)
        return;
    pthread_mutex_lock(&wall.lock);
    if (wall.active)
        switch_to(false);
    pthread_mutex_unlock(&wall.lock);
}

bool fk_wall_enabled(void)
{
    return atomic_load(&wall.enabled);
}

/* Whoever held the lock is not in this process. */
void fk_wall_fork_child(void)
{
    pthread_mutex_init(&wall.lock, NULL);
    atomic_store(&wall.enabled, false);
    wall.running = false;
}
