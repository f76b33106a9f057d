#include "agent/wall.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/counters.h"
#include "agent/cputimer.h"
#include "agent/hostlog.h"
#include "agent/own.h"
#include "agent/procstat.h"
#include "agent/registry.h"
#include "agent/stackcopy.h"
#include "agent/tagboard.h"
#include "agent/thrift.h"
#include "agent/watch.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#ifdef FK_SANITIZED
#define STACK_BYTES (1u << 20)
#else
#define STACK_BYTES (128u << 10)
#endif
/* Threads that keep still are looked at in up to every 16th round, so that a
 * round meets no more than STILL_MAX of them if it can be helped. */
#define BACK_OFF_MAX 16
#define STILL_MAX    50
#define WISHED_NICE  (-10)
#define BRIEF_NS     100000 /* of CPU: nobody was kept from it for long */
#define LATE_NS      (FK_NS_PER_MS / 4)
#define MAX_EXCUSES  3
#define PCS_BYTES    (FK_THREADS_MAX * FK_TRACE_MAX * sizeof(uintptr_t))

/* A place that was just looked up, before it replaces the one of a watch. */
struct place {
    uintptr_t pcs[FK_TRACE_MAX];
    flamekit_labels labels;
    uint32_t depth, flags;
    struct fk_copy_size copy_size;
};

/* `lock` guards everything but `enabled`. The records of the registry and the
 * watches have the same numbers. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop_asked, active;
    _Atomic bool enabled;
    const flamekit_config *config;
    struct fk_stacktab *table;
    struct fk_watch *watches; /* FK_THREADS_MAX, mapped once */
    uintptr_t *pcs;           /* max_stack_depth for each */
    uint32_t used;
    uint32_t changes; /* of the registry, when it was looked at */
    struct fk_thrift thrift;
    int excuses; /* in a row */
    uint64_t draws;
    struct place place;
} wall = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- credit ------------------------------------------------------------- */

static uintptr_t *pcs_of(const struct fk_watch *w)
{
    return wall.pcs + (size_t)(w - wall.watches) * wall.config->max_stack_depth;
}

static void add(const struct fk_trace *trace, int64_t ns)
{
    if (ns <= 0)
        return;
    uint32_t generation = fk_stacktab_enter(wall.table);
    bool kept = fk_stacktab_add(wall.table, generation, trace, (uint64_t)ns);
    fk_stacktab_leave(wall.table, generation);
    fk_count(
        kept ? &fk_counters.wall_ns : &fk_counters.wall_lost_ns, (uint64_t)ns);
}

static pid_t told_tid(const struct fk_watch *w)
{
    const flamekit_config *c = wall.config;
    return c->report_thread_id || c->report_thread_name ? w->tid : 0;
}

static void credit_place(const struct fk_watch *w, int64_t ns)
{
    struct fk_trace trace = {.labels = w->labels,
        .tid = told_tid(w),
        .flags = w->flags,
        .pcs = pcs_of(w),
        .depth = w->depth};
    add(&trace, ns);
}

/* Time on the CPU is sampled by the thread's timer, and time in run queues
 * goes where the next sample will be. A thread without a timer has neither. */
static void credit_running(
    const struct fk_watch *w, const struct fk_shares *shares)
{
    struct fk_thread *t = &fk_registry_slab[w - wall.watches];
    if (atomic_load(&t->state) == FK_THREAD_TIMED) {
        atomic_fetch_add(&t->owed_ns, (uint64_t)shares->kept_ns);
        return;
    }
    struct fk_trace trace = {.labels = fk_tagboard_of(w->tid),
        .tid = told_tid(w),
        .flags = FK_TRACE_RUNNING};
    add(&trace, shares->cpu_ns + shares->kept_ns);
}

/* ---- one thread --------------------------------------------------------- */

static void refused(unsigned part, const char *text)
{
    uint64_t before = atomic_fetch_or(&fk_counters.wall_limits, part);
    if (!(before & part))
        fk_hostlog(FLAMEKIT_LOG_WARN, "%s", text);
}

static void tell_hidden(void)
{
    refused(FLAMEKIT_WALL_NO_PLACES,
        "wall: /proc/self/task/*/syscall cannot be read (the process is not "
        "dumpable, or a sandbox forbids it): waiting is shown as [waiting]");
}

static void tell_no_copy(void)
{
    refused(FLAMEKIT_WALL_NO_STACKS,
        "wall: neither process_vm_readv nor /proc/self/mem is allowed here: "
        "waiting is shown by its innermost function only");
}

/* Where the thread waits; false when it runs. */
static bool read_place(const struct fk_watch *w, struct place *place)
{
    struct fk_stackcopy stack = {.size = w->copy_size};
    enum fk_whereabouts where = fk_thread_where(w->tid, &stack.pc, &stack.sp);
    place->labels = fk_tagboard_of(w->tid);
    place->depth = 0;
    place->flags = 0;
    place->copy_size = w->copy_size;
    if (where == FK_THREAD_RUNS)
        return false;
    if (where == FK_THREAD_HIDDEN) {
        place->flags = FK_TRACE_WAITING;
        return true;
    }
    uint32_t generation = fk_stacktab_enter(wall.table);
    place->depth =
        fk_stackcopy_unwind(&stack, place->pcs, wall.config->max_stack_depth);
    fk_stacktab_leave(wall.table, generation);
    place->flags = stack.why == FK_UNWIND_COMPLETE ? 0 : FK_TRACE_CUT;
    place->copy_size = stack.size;
    if (stack.refused)
        place->flags |= FK_TRACE_WAITING;
    fk_count(&fk_counters.wall_looks, 1);
    fk_count(&fk_counters.stops[stack.why], 1);
    return true;
}

/* What was refused is told only when the thread is still there: one that has
 * ended shows nothing either. */
static void tell_refusals(const struct place *place)
{
    if (place->flags & FK_TRACE_WAITING && place->depth == 0)
        tell_hidden();
    else if (place->flags & FK_TRACE_WAITING)
        tell_no_copy();
}

static void put_place(struct fk_watch *w, struct place *place)
{
    w->labels = place->labels;
    w->depth = place->depth;
    w->flags = place->depth ? place->flags & FK_TRACE_CUT : place->flags;
    w->copy_size = place->copy_size;
    memcpy(pcs_of(w), place->pcs, place->depth * sizeof(place->pcs[0]));
}

/* The CPU clock has moved, or the thread ran the last time. False: it has
 * ended. */
static bool look_closely(struct fk_watch *w, int64_t cpu_ns)
{
    int64_t after_ns = 0;
    struct fk_look look = {.delay_ns = w->delay_ns};
    look.waiting = read_place(w, &wall.place);
    if (!fk_thread_cpu_ns(w->tid, &after_ns))
        return false;
    if (look.waiting && after_ns != cpu_ns) {
        look.waiting = false; /* it woke up while it was looked at */
        fk_count(&fk_counters.wall_moved, 1);
    }
    if (!look.waiting && !w->waiting && after_ns == w->cpu_ns)
        return true; /* it has not run yet: let the time add up */
    if (look.waiting)
        tell_refusals(&wall.place);
    if (after_ns - w->cpu_ns > BRIEF_NS)
        fk_thread_delay_ns(w->tid, &look.delay_ns);
    look.now_ns = fk_mono_ns();
    look.cpu_ns = after_ns;
    struct fk_shares shares = fk_watch_split(w, &look);
    credit_place(w, shares.before_ns);
    credit_running(w, &shares);
    if (look.waiting)
        put_place(w, &wall.place);
    return true;
}

static void look(struct fk_watch *w, int64_t now_ns, unsigned max_rounds)
{
    int64_t cpu_ns;
    if (!fk_thread_cpu_ns(w->tid, &cpu_ns))
        return; /* ended; the registry will find out */
    if (w->waiting && cpu_ns == w->cpu_ns)
        fk_watch_still(w, now_ns, max_rounds);
    else
        look_closely(w, cpu_ns);
}

/* ---- all threads -------------------------------------------------------- */

static void retire(struct fk_watch *w)
{
    if (w->tid != 0)
        credit_place(w, fk_watch_end(w));
}

static unsigned back_off_limit(void)
{
    unsigned rounds = 1;
    while (rounds < BACK_OFF_MAX && rounds * STILL_MAX < wall.used)
        rounds *= 2;
    return rounds;
}

static void adopt(struct fk_watch *w, pid_t tid)
{
    struct fk_look first = {.now_ns = fk_mono_ns()};
    if (!fk_thread_cpu_ns(tid, &first.cpu_ns))
        return;
    fk_thread_delay_ns(tid, &first.delay_ns);
    fk_watch_begin(w, tid, &first);
    /* Threads that start together are not to be looked at together. */
    w->skip = (uint8_t)((w - wall.watches) % back_off_limit());
}

static void follow_registry(void)
{
    uint32_t changes = fk_registry_changes();
    if (changes == wall.changes)
        return;
    wall.changes = changes;
    uint32_t records = fk_registry_used();
    if (records > wall.used)
        wall.used = records;
    for (uint32_t i = 0; i < wall.used; i++) {
        struct fk_watch *w = &wall.watches[i];
        pid_t tid = atomic_load(&fk_registry_slab[i].tid);
        if (w->tid == tid)
            continue;
        retire(w);
        if (tid != 0)
            adopt(w, tid);
    }
}

static void look_at_all(bool due_or_not)
{
    int64_t now = fk_mono_ns();
    follow_registry();
    unsigned max_rounds = back_off_limit();
    for (uint32_t i = 0; i < wall.used; i++) {
        struct fk_watch *w = &wall.watches[i];
        if (w->tid == 0)
            continue;
        if (w->skip > 0 && !due_or_not)
            w->skip--;
        else
            look(w, now, max_rounds);
    }
}

static void settle(void)
{
    look_at_all(true);
    for (uint32_t i = 0; i < wall.used; i++)
        if (wall.watches[i].tid != 0)
            credit_place(&wall.watches[i], fk_watch_settle(&wall.watches[i]));
}

/* What happens while it is switched off is nobody's time. */
static void switch_to(bool on)
{
    if (!on)
        settle();
    memset(wall.watches, 0, wall.used * sizeof(wall.watches[0]));
    wall.used = 0;
    wall.changes = fk_registry_changes() - 1;
    wall.active = on;
}

static void round_of_looks(void)
{
    bool on = atomic_load(&wall.enabled);
    if (on != wall.active)
        switch_to(on);
    if (on)
        look_at_all(false);
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
        settle();
    pthread_mutex_unlock(&wall.lock);
    return arg;
}

/* ---- called by others --------------------------------------------------- */

static bool map_memory(void)
{
    if (wall.watches != NULL)
        return true;
    size_t bytes = FK_THREADS_MAX * sizeof(struct fk_watch) + PCS_BYTES;
    void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m == MAP_FAILED)
        return false;
    wall.pcs = m;
    wall.watches = (void *)((char *)m + PCS_BYTES);
    return true;
}

static int create_thread(void)
{
    sigset_t all, before;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&wall.thread, &attr, wall_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return -rc;
}

static void init_condition(void)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&wall.wake, &attr);
    pthread_condattr_destroy(&attr);
}

int fk_wall_start(const flamekit_config *config, struct fk_stacktab *table)
{
    if (wall.running)
        return 0;
    if (!map_memory())
        return -ENOMEM;
    memset(wall.watches, 0, wall.used * sizeof(wall.watches[0]));
    wall.used = 0;
    wall.config = config;
    wall.table = table;
    wall.stop_asked = wall.active = false;
    init_condition();
    int rc = create_thread();
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
        settle();
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
