#include "agent/worker.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/census.h"
#include "agent/collect.h"
#include "agent/counters.h"
#include "agent/cputimer.h"
#include "agent/ending.h"
#include "agent/hooks.h"
#include "agent/hostlog.h"
#include "agent/objects.h"
#include "agent/own.h"
#include "agent/stacks.h"
#include "agent/unwind.h"
#include "agent/uploader.h"
#include "agent/wall.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#define SCAN_NS  (100 * FK_NS_PER_MS)
#define CRANK_MS 50
#ifdef FK_SANITIZED
#define STACK_BYTES (2u << 20)
#else
#define STACK_BYTES (256u << 10) /* libcurl and the resolver need most */
#endif

/* `lock` guards the first block, which other threads use. `work` is held by
 * the agent's thread whenever it is not waiting: fork tries to get it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* to the agent's thread */
    pthread_cond_t reply; /* to those in flush */
    uint64_t flush_asked, flush_done;
    int flush_result;
    bool stop_asked, finished;
    int64_t stop_deadline_ns;

    pthread_mutex_t work;
    bool work_caught; /* by the forking thread */
    bool conditions_ready;
    pthread_t thread;
    _Atomic bool ready;
    _Atomic int64_t cpu_ns;
    _Atomic size_t table_bytes;

    /* The rest belongs to the agent's thread. */
    int64_t cpu_at_start_ns; /* of the process */
    const flamekit_config *config;
    struct fk_stacktab *cpu_table, *wall_table;
    struct fk_census census;
    struct fk_collect collect;
    struct fk_uploader uploader;
    bool told_file;
    int64_t next_scan_ns, next_collect_ns;
    uint64_t flush_started;
} w = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_MUTEX_INITIALIZER};

/* ---- threads and code --------------------------------------------------- */

/* Once it is asked for; it stays, and idles while it is switched off. */
static void start_wall(void)
{
    int rc = fk_wall_start(w.config, w.wall_table);
    if (rc == 0)
        return;
    fk_wall_enable(false);
    fk_hostlog(FLAMEKIT_LOG_ERROR,
        "no wall-clock profile: its thread cannot start: %s",
        fk_errno_text(-rc));
}

static int64_t own_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

static void look_through_threads(void)
{
    uint64_t threads = fk_census_threads();
    if (!fk_census_due(&w.census, fk_mono_ns(), threads))
        return;
    int64_t before = own_cpu_ns();
    fk_registry_lock();
    fk_registry_scan(fk_cputimer_release);
    fk_cputimer_update();
    fk_registry_unlock();
    fk_census_taken(&w.census, fk_mono_ns(), threads, own_cpu_ns() - before);
}

/* Loaded code last: a host that does nothing but load keeps the loader's lock
 * from us for seconds, and threads need not wait for that. */
static void scan(void)
{
    fk_registry_lock();
    fk_cputimer_keep_signal();
    fk_stacks_learn();
    fk_registry_unlock();
    look_through_threads();
    fk_ending_look();
    if (fk_wall_enabled())
        start_wall();
    fk_objects_refresh();
}

static int64_t interval_ns(void)
{
    return w.config->upload_interval_ms * FK_NS_PER_MS;
}

static void publish(void)
{
    atomic_store(&w.cpu_ns, own_cpu_ns());
    fk_uploader_count(&w.uploader);
    fk_count_set(&fk_counters.weight_unpacked, w.collect.dropped.cpu);
    fk_count_set(&fk_counters.wall_unpacked_ns, w.collect.dropped.wall_ns);
}

/* ---- profiles ----------------------------------------------------------- */

static void write_file(void)
{
    if (w.collect.file == NULL || fk_outfile_write(w.collect.file) == FK_OK)
        return;
    fk_hostlog(w.told_file ? FLAMEKIT_LOG_DEBUG : FLAMEKIT_LOG_ERROR,
        "%s cannot be written: %s", w.collect.file->path, fk_errno_text(errno));
    w.told_file = true;
}

static void collect_now(void)
{
    fk_objects_refresh();
    fk_wall_settle();
    struct fk_payload payload;
    if (fk_collect_take(&w.collect, &payload))
        fk_uploader_put(&w.uploader, &payload);
    write_file();
    fk_registry_lock();
    fk_cputimer_audit();
    fk_registry_unlock();
    struct fk_objects_stats objects;
    fk_objects_stats(&objects);
    atomic_store(&w.table_bytes, objects.table_bytes);
}

/* ---- requests of other threads ------------------------------------------ */

/* Both answer whether the agent's thread should stop now. */
static bool read_requests(void)
{
    pthread_mutex_lock(&w.lock);
    uint64_t asked = w.flush_asked;
    bool stop = w.stop_asked;
    pthread_mutex_unlock(&w.lock);
    if (asked != w.flush_started) {
        w.flush_started = asked;
        fk_uploader_hurry(&w.uploader);
        collect_now();
    }
    return stop;
}

static void answer_flush(int result)
{
    pthread_mutex_lock(&w.lock);
    if (w.flush_done != w.flush_started) {
        w.flush_done = w.flush_started;
        w.flush_result = result;
        pthread_cond_broadcast(&w.reply);
    }
    pthread_mutex_unlock(&w.lock);
}

static bool flush_settled(void)
{
    if (!fk_uploader_idle(&w.uploader))
        return false;
    bool nowhere = w.uploader.push == NULL && w.collect.file == NULL;
    answer_flush(nowhere ? -EIO : w.uploader.failed);
    return true;
}

/* ---- the loop ------------------------------------------------------------ */

static void wait_for_wake(int64_t until_ns)
{
    struct timespec t = {until_ns / FK_NS_PER_S, until_ns % FK_NS_PER_S};
    pthread_mutex_lock(&w.lock);
    int rc = 0;
    while (rc == 0 && w.flush_asked == w.flush_started && !w.stop_asked)
        rc = pthread_cond_timedwait(&w.wake, &w.lock, &t);
    pthread_mutex_unlock(&w.lock);
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The host's fork is not kept waiting while this thread only waits. */
static void wait_for_work(int64_t now)
{
    int64_t due = min64(w.next_scan_ns, w.next_collect_ns);
    struct fk_push_result result = {.state = FK_PUSH_IDLE};
    if (fk_uploader_busy(&w.uploader)) {
        int64_t ms = (due - now) / FK_NS_PER_MS + 1;
        pthread_mutex_unlock(&w.work);
        fk_uploader_crank(
            &w.uploader, ms < CRANK_MS ? (int)ms : CRANK_MS, &result);
        pthread_mutex_lock(&w.work);
        fk_uploader_settle(&w.uploader, &result);
        return;
    }
    due = min64(due, fk_uploader_due_ns(&w.uploader));
    pthread_mutex_unlock(&w.work);
    wait_for_wake(due);
    pthread_mutex_lock(&w.work);
}

/* Ticks that were slept through are not made up for. */
static int64_t next_after(int64_t due, int64_t step, int64_t now)
{
    return due + step > now ? due + step : now + step;
}

static void do_due_work(int64_t now)
{
    if (now >= w.next_scan_ns) {
        scan();
        w.next_scan_ns = next_after(w.next_scan_ns, SCAN_NS, now);
    }
    if (now >= w.next_collect_ns) {
        collect_now();
        w.next_collect_ns = next_after(w.next_collect_ns, interval_ns(), now);
    }
}

static void run_until_stopped(void)
{
    while (!read_requests()) {
        int64_t now = fk_mono_ns();
        do_due_work(now);
        fk_uploader_begin(&w.uploader, now);
        flush_settled();
        publish();
        wait_for_work(now);
    }
}

/* Each upload gets one more try; a server that is away ends it at once. */
static void final_upload(void)
{
    collect_now();
    fk_uploader_hurry(&w.uploader);
    for (int64_t now = fk_mono_ns();
         !flush_settled() && now < w.stop_deadline_ns; now = fk_mono_ns()) {
        fk_uploader_begin(&w.uploader, now);
        w.next_scan_ns = w.next_collect_ns = w.stop_deadline_ns;
        if (fk_uploader_busy(&w.uploader))
            wait_for_work(now);
    }
    answer_flush(-ETIMEDOUT);
}

/* A file takes the profiles, or a server does. */
static void open_output(uint64_t seed)
{
    if (w.config->output_file != NULL)
        w.collect.file = fk_outfile_new(w.config->output_file);
    if (w.collect.file != NULL)
        return;
    fk_uploader_open(&w.uploader, seed);
    /* libcurl's TLS library has registered its own clean-up by now, and ours
     * has to run before it. A second call does nothing. */
    static bool registered;
    if (!registered)
        registered = atexit(flamekit_shutdown) == 0;
}

static void populate(void)
{
    fk_unwind_populate();
    fk_stacktab_populate(w.cpu_table);
    if (w.config->profile_types & FLAMEKIT_PROFILE_WALL)
        fk_stacktab_populate(w.wall_table);
}

static void begin(void)
{
    int64_t now = fk_mono_ns();
    fk_registry_lock();
    fk_registry_exclude((pid_t)syscall(SYS_gettid));
    fk_registry_unlock();
    fk_objects_limit(w.config->memory_limit);
    fk_objects_refresh();
    populate();
    fk_collect_begin(&w.collect);
    atomic_store(&w.ready, true);
    scan();
    fk_count_set(&fk_counters.cpu_unsampled_ns,
        (uint64_t)(fk_cpu_ns() - w.cpu_at_start_ns - own_cpu_ns()));
    /* A fleet that starts together does not upload together: the first
     * interval lasts a quarter to a half of the others. */
    uint64_t draw = fk_rng_at(fk_hash_seed(), (uint64_t)now);
    open_output(draw);
    uint64_t quarter = (uint64_t)interval_ns() / 4;
    w.next_scan_ns = now + SCAN_NS;
    w.next_collect_ns = now + (int64_t)(quarter + fk_rng_below(draw, quarter));
}

static void *worker_main(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "flamekit-agent");
    fk_own_thread();
    pthread_mutex_lock(&w.work);
    begin();
    run_until_stopped();
    fk_wall_stop();
    final_upload();
    fk_uploader_fini(&w.uploader);
    fk_outfile_free(w.collect.file);
    w.collect.file = NULL;
    publish();
    pthread_mutex_unlock(&w.work);
    pthread_mutex_lock(&w.lock);
    w.finished = true;
    pthread_cond_broadcast(&w.reply);
    pthread_mutex_unlock(&w.lock);
    return NULL;
}

/* ---- called by others --------------------------------------------------- */

/* Once a process: somebody may still be waiting in flush. In a forked child
 * those who waited are gone. */
static void init_conditions(void)
{
    if (w.conditions_ready)
        return;
    w.conditions_ready = true;
    fk_cond_init(&w.wake);
    fk_cond_init(&w.reply);
}

int fk_worker_start(const flamekit_config *config, struct fk_stacktab *cpu,
    struct fk_stacktab *wall)
{
    init_conditions();
    w.config = config;
    w.flush_asked = w.flush_done = w.flush_started = 0;
    w.stop_asked = w.finished = false;
    w.told_file = false;
    w.census = (struct fk_census){.threads = 0};
    atomic_store(&w.ready, false);
    w.cpu_at_start_ns = fk_cpu_ns();
    fk_uploader_init(&w.uploader, config);
    fk_collect_init(&w.collect, config);
    fk_collect_add_table(
        &w.collect, &fk_kind_cpu, FK_NS_PER_S / config->sample_rate, cpu);
    w.cpu_table = cpu;
    w.wall_table = wall;
    fk_collect_add_table(&w.collect, &fk_kind_wall,
        config->wall_interval_ms * FK_NS_PER_MS, wall);
    fk_hooks_add_sources(&w.collect, config);
    return fk_own_start(&w.thread, STACK_BYTES, worker_main);
}

int fk_worker_flush(unsigned timeout_ms)
{
    int64_t until = fk_mono_ns() + timeout_ms * FK_NS_PER_MS;
    struct timespec t = {until / FK_NS_PER_S, until % FK_NS_PER_S};
    pthread_mutex_lock(&w.lock);
    uint64_t ticket = ++w.flush_asked;
    pthread_cond_signal(&w.wake);
    int rc = 0;
    while (w.flush_done < ticket && rc == 0)
        rc = pthread_cond_timedwait(&w.reply, &w.lock, &t);
    int result = w.flush_done >= ticket ? w.flush_result : -ETIMEDOUT;
    pthread_mutex_unlock(&w.lock);
    return result;
}

bool fk_worker_stop(int64_t deadline_ns)
{
    int64_t until = deadline_ns + FK_NS_PER_S;
    struct timespec t = {until / FK_NS_PER_S, until % FK_NS_PER_S};
    pthread_mutex_lock(&w.lock);
    w.stop_asked = true;
    w.stop_deadline_ns = deadline_ns;
    pthread_cond_signal(&w.wake);
    int rc = 0;
    while (!w.finished && rc == 0)
        rc = pthread_cond_timedwait(&w.reply, &w.lock, &t);
    bool finished = w.finished;
    pthread_mutex_unlock(&w.lock);
    if (finished)
        pthread_join(w.thread, NULL);
    else
        pthread_detach(w.thread);
    return finished;
}

bool fk_worker_ready(void)
{
    return atomic_load(&w.ready);
}

int64_t fk_worker_cpu_ns(void)
{
    return atomic_load(&w.cpu_ns);
}

size_t fk_worker_table_bytes(void)
{
    return atomic_load(&w.table_bytes);
}

void fk_worker_fork_prepare(int64_t wait_ns)
{
    w.work_caught = fk_own_lock_within(&w.work, wait_ns);
    fk_uploader_fork_prepare();
    pthread_mutex_lock(&w.lock);
}

void fk_worker_fork_parent(void)
{
    pthread_mutex_unlock(&w.lock);
    fk_uploader_fork_parent();
    if (w.work_caught)
        pthread_mutex_unlock(&w.work);
}

/* The request under way and its socket belong to the parent. */
bool fk_worker_fork_child(void)
{
    fk_uploader_fork_child(&w.uploader);
    w.conditions_ready = false;
    atomic_store(&w.ready, false);
    pthread_mutex_unlock(&w.lock);
    if (w.work_caught)
        pthread_mutex_unlock(&w.work);
    return w.work_caught;
}
