#include "agent/flamekit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/capture.h"
#include "agent/config.h"
#include "agent/counters.h"
#include "agent/cputimer.h"
#include "agent/env.h"
#include "agent/handler.h"
#include "agent/hooks.h"
#include "agent/hostlog.h"
#include "agent/labels.h"
#include "agent/own.h"
#include "agent/rest.h"
#include "agent/tagboard.h"
#include "agent/wall.h"
#include "agent/worker.h"
#include "common/clock.h"

#define FINAL_UPLOAD_NS (2 * FK_NS_PER_S)
#define RESTART_NS      (1 * FK_NS_PER_S) /* by then most have called exec */
/* A fork waits for the agent's work at most so long: more where the child is to
 * be profiled, which is in vain after a fork in the middle of it. */
#define FORK_WAIT_NS    (20 * FK_NS_PER_MS)
#define RESTART_WAIT_NS (2 * FK_NS_PER_S)
#define KNOWN_TYPES     (FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL)

_Alignas(64) struct fk_counters fk_counters;

enum state {
    OFF,
    RUNNING,
    STOPPING,
    UNUSABLE, /* a thread was left behind: its memory must not be reused */
};

/* `lock` guards all of it. Order: lock, worker's, registry's, labels'. */
static struct {
    pthread_mutex_t lock;
    enum state state;
    struct fk_config config;
    struct fk_stacktab *cpu, *wall;
    unsigned types; /* switched on now */
    bool forked;  /* the tables are copies that handlers may have been inside */
    bool hooked;  /* atfork and atexit are registered */
    bool restart; /* a forked child, which starts its own agent soon */
    pid_t pid;    /* whose threads the agent has */
    sigset_t mask_before_fork;
} agent = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- fork --------------------------------------------------------------- */

/* A file of the parent's is not the child's to write, too. */
static bool wants_restart(void)
{
    const flamekit_config *c = &agent.config.public;
    return agent.state == RUNNING && c->after_fork == FLAMEKIT_FORK_RESTART &&
           (c->output_file == NULL || strstr(c->output_file, "%p") != NULL);
}

/* A signal in the middle of fork makes the kernel start it again, and what the
 * host does in a handler may need these locks: to exit, to fork once more. */
static void before_fork(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&agent.lock);
    agent.mask_before_fork = before;
    fk_worker_fork_prepare(wants_restart() ? RESTART_WAIT_NS : FORK_WAIT_NS);
    fk_registry_lock();
    fk_labels_fork_prepare();
    fk_hooks_fork_prepare();
}

static void in_parent(void)
{
    fk_hooks_fork_done();
    fk_labels_fork_done();
    fk_registry_unlock();
    fk_worker_fork_parent();
    sigset_t mask = agent.mask_before_fork;
    pthread_mutex_unlock(&agent.lock);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static int start_locked(const flamekit_config *config);

/* With the parent's configuration and a tag that tells the two apart. */
static void restart_locked(void)
{
    if (!agent.restart)
        return;
    agent.restart = false;
    struct fk_config inherited = agent.config;
    inherited.public.report_pid = 1;
    int rc = start_locked(&inherited.public);
    if (rc != 0)
        fk_hostlog(FLAMEKIT_LOG_WARN, "this child is not profiled: %s",
            rc == -EAGAIN ? "it was forked in the middle of the agent's work"
                          : fk_errno_text(-rc));
    if (rc != -EAGAIN)
        fk_config_fini(&inherited);
}

static void *restart_main(void *arg)
{
    fk_own_busy = true;
    fk_sleep_until_mono(fk_mono_ns() + RESTART_NS);
    pthread_mutex_lock(&agent.lock);
    restart_locked();
    pthread_mutex_unlock(&agent.lock);
    return arg;
}

/* Both C libraries have their allocator ready again before they call the
 * handlers of fork. */
static void restart_later(void)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    agent.restart = pthread_create(&thread, NULL, restart_main, NULL) == 0;
    if (agent.restart)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* No thread, no timer, no upload: the child is on its own. */
static void in_child(void)
{
    bool restart = wants_restart();
    fk_hooks_fork_done();
    fk_hooks_stop();
    fk_labels_fork_done();
    fk_handler_enable(0);
    fk_handler_forget_tid();
    fk_tagboard_forget();
    fk_wall_fork_child();
    fk_cputimer_forget();
    fk_registry_clear();
    fk_registry_unlock();
    bool usable = fk_worker_fork_child();
    if (agent.state != OFF)
        agent.state = usable ? OFF : UNUSABLE;
    agent.forked = true;
    agent.restart = false;
    sigset_t mask = agent.mask_before_fork;
    if (restart)
        restart_later();
    pthread_mutex_unlock(&agent.lock);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* ---- start -------------------------------------------------------------- */

static void hook_process(void)
{
    if (agent.hooked)
        return;
    agent.hooked = pthread_atfork(before_fork, in_parent, in_child) == 0;
    atexit(flamekit_shutdown);
}

static bool map_memory(void)
{
    if (!fk_registry_init())
        return false;
    struct fk_stacktab **const tables[] = {&agent.cpu, &agent.wall};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (*tables[i] == NULL)
            *tables[i] = fk_stacktab_new();
        if (*tables[i] == NULL)
            return false;
        if (agent.forked)
            fk_stacktab_reset(*tables[i]);
    }
    agent.forked = false;
    return true;
}

static void clear_counters(void)
{
    _Atomic uint64_t *c = (void *)&fk_counters;
    for (size_t i = 0; i < sizeof(fk_counters) / sizeof(*c); i++)
        fk_count_set(&c[i], 0);
}

/* The CPU timers serve both: a wall-clock profile needs what runs, too. */
static void switch_types(unsigned types)
{
    agent.types = types;
    fk_wall_enable(types & FLAMEKIT_PROFILE_WALL);
    fk_registry_lock();
    fk_handler_enable(types & KNOWN_TYPES);
    fk_cputimer_arm((types & KNOWN_TYPES) != 0);
    fk_registry_unlock();
    fk_hooks_switch(&agent.config.public, types);
}

static int start_parts(const flamekit_config *config)
{
    clear_counters();
    fk_handler_init(&(struct fk_handler_config){
        .cpu = agent.cpu,
        .wall = agent.wall,
        .period_ns = FK_NS_PER_S / config->sample_rate,
        .max_depth = config->max_stack_depth,
        .tell_threads = config->report_thread_id || config->report_thread_name,
    });
    int rc = fk_cputimer_start(config->sample_rate, config->signal_number);
    if (rc != 0) {
        fk_hostlog(FLAMEKIT_LOG_ERROR,
            "CPU profiling cannot start: no signal is free (signal_number %d)",
            config->signal_number);
        return rc;
    }
    fk_capture_init(&(struct fk_capture_config){
        .guard = agent.cpu,
        .max_depth = config->max_stack_depth,
        .tell_threads = config->report_thread_id || config->report_thread_name,
    });
    switch_types(config->profile_types);
    rc = fk_worker_start(config, agent.cpu, agent.wall);
    if (rc != 0) {
        fk_wall_enable(false);
        fk_hooks_stop();
        fk_cputimer_stop();
        fk_hostlog(FLAMEKIT_LOG_ERROR, "the agent's thread cannot start: %s",
            fk_errno_text(-rc));
    }
    return rc;
}

static int start_locked(const flamekit_config *config)
{
    if (agent.state == UNUSABLE)
        return -EAGAIN;
    if (agent.state != OFF)
        return -EALREADY;
    if (fk_env_disabled())
        return -ECANCELED;
    struct fk_diag diag = {""};
    if (fk_config_copy(&agent.config, config, &diag) != FK_OK) {
        fk_hostlog(FLAMEKIT_LOG_ERROR, "not started: %s", diag.text);
        return -EINVAL;
    }
    config = &agent.config.public;
    unsigned without = config->profile_types & ~fk_hooks_known(KNOWN_TYPES);
    if (without != 0)
        fk_hostlog(FLAMEKIT_LOG_WARN,
            "profile types 0x%x have no effect: allocations and locks are seen "
            "with libflamekit_hooks.a or libflamekit_preload.so",
            without);
    int rc = map_memory() ? start_parts(config) : -ENOMEM;
    if (rc != 0) {
        fk_config_fini(&agent.config);
        return rc;
    }
    hook_process();
    agent.pid = getpid();
    agent.state = RUNNING;
    return 0;
}

int flamekit_configure(const flamekit_config *config)
{
    pthread_mutex_lock(&agent.lock);
    agent.restart = false;
    if (agent.state == OFF) {
        fk_hostlog_set(config->log, config->log_arg, config->log_level);
        fk_env_tell();
    }
    int rc = start_locked(config);
    pthread_mutex_unlock(&agent.lock);
    return rc;
}

/* ---- stop --------------------------------------------------------------- */

static bool enter_state(enum state from, enum state to)
{
    pthread_mutex_lock(&agent.lock);
    agent.restart = false;
    bool ok = agent.state == from;
    if (ok)
        agent.state = to;
    pthread_mutex_unlock(&agent.lock);
    return ok;
}

/* A child that no handler of fork has seen is not where the threads are; one
 * of vfork even has its parent's memory. */
static bool is_elsewhere(void)
{
    return agent.pid != getpid();
}

/* Timers first: no sample is taken after the last profile was made. */
void flamekit_shutdown(void)
{
    if (is_elsewhere() || !enter_state(RUNNING, STOPPING))
        return;
    fk_wall_enable(false);
    fk_cputimer_stop();
    fk_handler_enable(0);
    fk_hooks_stop();
    bool joined = fk_worker_stop(fk_mono_ns() + FINAL_UPLOAD_NS);
    pthread_mutex_lock(&agent.lock);
    fk_registry_lock();
    fk_registry_clear();
    fk_registry_unlock();
    if (joined)
        fk_config_fini(&agent.config);
    agent.state = joined ? OFF : UNUSABLE;
    pthread_mutex_unlock(&agent.lock);
}

static bool is_running(void)
{
    pthread_mutex_lock(&agent.lock);
    restart_locked();
    bool running = agent.state == RUNNING;
    pthread_mutex_unlock(&agent.lock);
    return running;
}

int flamekit_flush(unsigned timeout_ms)
{
    return is_running() ? fk_worker_flush(timeout_ms) : -ESRCH;
}

int flamekit_set_enabled(unsigned profile_types, int on)
{
    pthread_mutex_lock(&agent.lock);
    bool running = agent.state == RUNNING;
    if (running)
        switch_types(
            on ? agent.types | profile_types : agent.types & ~profile_types);
    pthread_mutex_unlock(&agent.lock);
    return running ? 0 : -ESRCH;
}

/* ---- threads ------------------------------------------------------------ */

int flamekit_thread_register(const char *name)
{
    if (!is_running())
        return -ESRCH;
    fk_registry_lock();
    struct fk_thread *t = fk_registry_add((pid_t)syscall(SYS_gettid));
    if (t != NULL) {
        if (name != NULL) {
            size_t n = strnlen(name, sizeof(t->name) - 1);
            memcpy(t->name, name, n);
            t->name[n] = '\0';
        }
        if (fk_worker_ready())
            fk_cputimer_welcome(t);
    }
    fk_registry_unlock();
    return t != NULL ? 0 : -ENOSPC;
}

void flamekit_thread_unregister(void)
{
    fk_registry_lock();
    struct fk_thread *t = fk_registry_find((pid_t)syscall(SYS_gettid));
    if (t != NULL) {
        fk_cputimer_release(t);
        fk_rest_settle(t, __builtin_return_address(0));
        fk_registry_remove(t);
    }
    fk_registry_unlock();
}

/* ---- statistics --------------------------------------------------------- */

static void fill_stats(flamekit_stats *s)
{
    const struct fk_counters *c = &fk_counters;
    *s = (flamekit_stats){
        .signals = fk_counted(&c->signals),
        .samples = fk_counted(&c->samples),
        .lost = fk_counted(&c->lost),
        .truncated = fk_counted(&c->truncated),
        .ignored = fk_counted(&c->ignored),
        .threads = fk_counted(&c->threads),
        .no_timer = fk_counted(&c->no_timer),
        .blocked = fk_counted(&c->blocked),
        .lost_labelsets = fk_counted(&c->lost_labelsets),
        .uploads_ok = fk_counted(&c->uploads_ok),
        .uploads_failed = fk_counted(&c->uploads_failed),
        .uploads_dropped = fk_counted(&c->uploads_dropped),
        .weight_uploaded = fk_counted(&c->weight_uploaded),
        .weight_dropped =
            fk_counted(&c->weight_unpacked) + fk_counted(&c->weight_unsent),
        .weight_unpacked = fk_counted(&c->weight_unpacked),
        .bytes_sent = fk_counted(&c->bytes_sent),
        .queued = fk_counted(&c->queued),
        .queued_bytes = fk_counted(&c->queued_bytes),
        .agent_cpu_ns = (uint64_t)fk_worker_cpu_ns(),
        .memory_bytes = fk_registry_bytes() + fk_labels_bytes() +
                        fk_worker_table_bytes() + fk_counted(&c->queued_bytes),
        .wall_uploaded_ns = fk_counted(&c->wall_uploaded_ns),
        .wall_dropped_ns =
            fk_counted(&c->wall_unpacked_ns) + fk_counted(&c->wall_unsent_ns),
        .wall_ns = fk_counted(&c->wall_ns),
        .wall_lost_ns = fk_counted(&c->wall_lost_ns),
        .wall_looks = fk_counted(&c->wall_looks),
        .wall_moved = fk_counted(&c->wall_moved),
        .wall_round_ns = fk_counted(&c->wall_round_ns),
        .wall_cpu_ns = fk_counted(&c->wall_cpu_ns),
        .wall_limits = fk_counted(&c->wall_limits),
        .heap_samples = fk_counted(&c->heap_samples),
        .heap_lost = fk_counted(&c->heap_lost),
        .lock_samples = fk_counted(&c->lock_samples),
        .lock_lost = fk_counted(&c->lock_lost),
        .cpu_unsampled_ns = fk_counted(&c->cpu_unsampled_ns),
    };
    for (int i = 0; i < FK_NUM_STOPS; i++)
        s->unwind_stops[i] = fk_counted(&c->stops[i]);
}

int flamekit_get_stats_sized(flamekit_stats *stats, size_t size)
{
    flamekit_stats full;
    fill_stats(&full);
    memset(stats, 0, size);
    memcpy(stats, &full, size < sizeof(full) ? size : sizeof(full));
    return 0;
}

const char *flamekit_version(void)
{
    return FK_VERSION;
}
