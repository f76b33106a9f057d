/* The looks themselves. One caller at a time: wall.c holds its lock. */
#include "agent/looks.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/counters.h"
#include "agent/hostlog.h"
#include "agent/procstat.h"
#include "agent/registry.h"
#include "agent/tagboard.h"
#include "agent/watch.h"
#include "common/clock.h"

#define PCS_BYTES (FK_THREADS_MAX * FK_TRACE_MAX * sizeof(uintptr_t))
/* Of CPU. So little is hardly worth asking how long it waited for it. */
#define BRIEF_NS 100000
/* No scheduler takes a thread off its CPU so soon: what stood in a run queue
 * had just woken, and was still in the call that it waited in. */
#define SLICE_NS FK_NS_PER_MS
/* Threads that keep still are looked at in up to every 16th round, so that a
 * round meets no more than STILL_MAX of them if it can be helped. */
#define BACK_OFF_MAX 16
#define STILL_MAX    50

/* A place that was just looked up, before it replaces the one of a watch. */
struct place {
    uintptr_t pcs[FK_TRACE_MAX];
    flamekit_labels labels;
    uint32_t depth, flags;
    struct fk_copy_size copy_size;
};

/* The records of the registry and the watches have the same numbers. */
static struct {
    const flamekit_config *config;
    struct fk_stacktab *table;
    struct fk_watch *watches; /* FK_THREADS_MAX, mapped once */
    uintptr_t *pcs;           /* max_stack_depth for each */
    uint32_t used;
    uint32_t changes; /* of the registry, when it was looked at */
    struct place place;
} looks;

/* ---- credit ------------------------------------------------------------- */

static uintptr_t *pcs_of(const struct fk_watch *w)
{
    return looks.pcs +
           (size_t)(w - looks.watches) * looks.config->max_stack_depth;
}

static void add(const struct fk_trace *trace, int64_t ns)
{
    if (ns <= 0)
        return;
    uint32_t generation = fk_stacktab_enter(looks.table);
    bool kept = fk_stacktab_add(looks.table, generation, trace, (uint64_t)ns);
    fk_stacktab_leave(looks.table, generation);
    fk_count(
        kept ? &fk_counters.wall_ns : &fk_counters.wall_lost_ns, (uint64_t)ns);
}

static pid_t told_tid(const struct fk_watch *w)
{
    const flamekit_config *c = looks.config;
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
    struct fk_thread *t = &fk_registry_slab[w - looks.watches];
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
    uint32_t generation = fk_stacktab_enter(looks.table);
    place->depth =
        fk_stackcopy_unwind(&stack, place->pcs, looks.config->max_stack_depth);
    fk_stacktab_leave(looks.table, generation);
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
    look.waiting = read_place(w, &looks.place);
    if (!fk_thread_cpu_ns(w->tid, &after_ns))
        return false;
    if (look.waiting && after_ns != cpu_ns) {
        look.waiting = false; /* it woke up while it was looked at */
        fk_count(&fk_counters.wall_moved, 1);
    }
    if (!look.waiting && !w->waiting && after_ns == w->cpu_ns)
        return true; /* it has not run yet: let the time add up */
    if (look.waiting)
        tell_refusals(&looks.place);
    if (after_ns - w->cpu_ns > BRIEF_NS)
        fk_thread_delay_ns(w->tid, &look.delay_ns);
    if (after_ns - w->cpu_ns < SLICE_NS)
        w->delay_ns = look.delay_ns;
    look.now_ns = fk_mono_ns();
    look.cpu_ns = after_ns;
    struct fk_shares shares = fk_watch_split(w, &look);
    credit_place(w, shares.before_ns);
    credit_running(w, &shares);
    if (look.waiting)
        put_place(w, &looks.place);
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
    while (rounds < BACK_OFF_MAX && rounds * STILL_MAX < looks.used)
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
    w->skip = (uint8_t)((w - looks.watches) % back_off_limit());
}

static void follow_registry(void)
{
    uint32_t changes = fk_registry_changes();
    if (changes == looks.changes)
        return;
    looks.changes = changes;
    uint32_t records = fk_registry_used();
    if (records > looks.used)
        looks.used = records;
    for (uint32_t i = 0; i < looks.used; i++) {
        struct fk_watch *w = &looks.watches[i];
        pid_t tid = atomic_load(&fk_registry_slab[i].tid);
        if (w->tid == tid)
            continue;
        retire(w);
        if (tid != 0)
            adopt(w, tid);
    }
}

void fk_looks_round(bool due_or_not)
{
    int64_t now = fk_mono_ns();
    follow_registry();
    unsigned max_rounds = back_off_limit();
    for (uint32_t i = 0; i < looks.used; i++) {
        struct fk_watch *w = &looks.watches[i];
        if (w->tid == 0)
            continue;
        if (w->skip > 0 && !due_or_not)
            w->skip--;
        else
            look(w, now, max_rounds);
    }
}

void fk_looks_settle(void)
{
    fk_looks_round(true);
    for (uint32_t i = 0; i < looks.used; i++)
        if (looks.watches[i].tid != 0)
            credit_place(&looks.watches[i], fk_watch_settle(&looks.watches[i]));
}

void fk_looks_forget(void)
{
    memset(looks.watches, 0, looks.used * sizeof(looks.watches[0]));
    looks.used = 0;
    looks.changes = fk_registry_changes() - 1;
}

int fk_looks_init(const flamekit_config *config, struct fk_stacktab *table)
{
    if (looks.watches == NULL) {
        size_t bytes = PCS_BYTES + FK_THREADS_MAX * sizeof(struct fk_watch);
        void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (m == MAP_FAILED)
            return -ENOMEM;
        looks.pcs = m;
        looks.watches = (void *)((char *)m + PCS_BYTES);
    }
    looks.config = config;
    looks.table = table;
    fk_looks_forget();
    return 0;
}
