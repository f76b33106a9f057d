/* What surrounds the agent is not as it should be: clocks jump, signals rain,
 * masks are full, processes are large, memory is short. Numbers are the
 * pitfalls of the agent's design. */
#include "agent/flamekit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

#define NS_PER_DAY (86400 * FK_NS_PER_S)

/* ---- the clock -----------------------------------------------------------
 */

static _Atomic int64_t shift_ns;

/* In front of the C library's: somebody has set the wall clock. */
int clock_gettime(clockid_t id, struct timespec *t)
{
    long rc = syscall(SYS_clock_gettime, id, t);
    int64_t shift = id == CLOCK_REALTIME ? atomic_load(&shift_ns) : 0;
    int64_t ns = t->tv_sec * FK_NS_PER_S + t->tv_nsec + shift;
    *t = (struct timespec){ns / FK_NS_PER_S, ns % FK_NS_PER_S};
    return (int)rc;
}

/* Time and duration of the profile that is uploaded now. */
static void upload_times(int64_t *time_ns, int64_t *duration_ns)
{
    struct received r;
    size_t len;
    host_burn(50 * FK_NS_PER_MS);
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned n = fake_server_count(host_server());
    const void *body = fake_server_body(host_server(), n - 1, &len);
    received_read(&r, body, len);
    *time_ns = r.profile.time_ns;
    *duration_ns = r.profile.duration_ns;
    received_free(&r);
}

TEST(pitfall_46_the_wall_clock_jumps)
{
    static const int64_t jumps[] = {0, NS_PER_DAY, -2 * NS_PER_DAY, 0};
    int64_t began = fk_mono_ns(), time_ns, duration_ns, sum = 0;
    host_start(1000);
    host_wait_sampled();
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        atomic_fetch_add(&shift_ns, jumps[i]);
        int64_t before = fk_wall_ns();
        upload_times(&time_ns, &duration_ns);
        sum += duration_ns;
        CHECK(duration_ns > 40 * FK_NS_PER_MS);
        CHECK(sum <= fk_mono_ns() - began);
        /* The interval of a jump began before it, the next ones after it. */
        if (jumps[i] == 0)
            CHECK(llabs(time_ns - before) < 600 * FK_NS_PER_S);
    }
    flamekit_shutdown();
}

/* ---- signals and masks ---------------------------------------------------
 */

static _Atomic unsigned rain;

static void on_rain(int signo)
{
    (void)signo;
    atomic_fetch_add(&rain, 1);
}

TEST(pitfall_15_signals_of_the_program_do_not_hurry_the_agent)
{
    struct sigaction action = {.sa_handler = on_rain};
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    sigaction(SIGALRM, &action, NULL);
    unsigned before = fake_server_count(host_server());
    int64_t from = fk_mono_ns();
    setitimer(ITIMER_REAL, &often, NULL);
    while (fk_mono_ns() < from + 2 * FK_NS_PER_S)
        host_spin(10000);
    setitimer(ITIMER_REAL, &never, NULL);
    unsigned uploads = fake_server_count(host_server()) - before;
    int64_t ms = (fk_mono_ns() - from) / FK_NS_PER_MS;
    tap_diag("%u signals, %u uploads in %lld ms", atomic_load(&rain), uploads,
        (long long)ms);
    CHECK(atomic_load(&rain) > 100);
    /* Never more often than asked for; a busy machine may be late. */
    CHECK(uploads <= ms * 105 / 100 / 100 + 2);
    CHECK(uploads >= 4);
    flamekit_shutdown();
}

static _Atomic bool leave;

struct masked {
    sigset_t before, after;
};

static void *burn_with_all_blocked(void *arg)
{
    struct masked *m = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &m->before);
    while (!atomic_load(&leave))
        host_spin(10000);
    pthread_sigmask(SIG_SETMASK, NULL, &m->after);
    return NULL;
}

TEST(pitfall_52_a_mask_made_before_us_is_counted_and_left_alone)
{
    static struct masked m;
    pthread_t t;
    CHECK_INT(pthread_create(&t, NULL, burn_with_all_blocked, &m), 0);
    host_nap_ms(20);
    host_start(1000);
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    while (host_stats().blocked == 0 && fk_mono_ns() < until)
        host_spin(100000);
    CHECK(host_stats().blocked >= 1);
    flamekit_shutdown();
    atomic_store(&leave, true);
    pthread_join(t, NULL);
    CHECK(memcmp(&m.before, &m.after, 8) == 0); /* what the kernel has */
}

/* ---- memory --------------------------------------------------------------
 */

/* tests/long takes the 2 GiB that the design speaks of. */
static size_t large_bytes(void)
{
    const char *mib = getenv("FK_LARGE_MIB");
    return (mib ? strtoul(mib, NULL, 10) : HOST_FULL(384, 64)) << 20;
}

static void fill_memory(void)
{
    size_t size = large_bytes();
    char *large = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (large == MAP_FAILED)
        tap_skip("no %zu MiB of memory here", size >> 20);
    madvise(large, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i += 4096)
        large[i] = 1;
}

/* The shortest of some: what a busy machine adds is in all others. CPU time
 * is what the kernel spent on it, however long others ran meanwhile. */
struct fork_cost {
    int64_t wall_ns, cpu_ns;
};

static struct fork_cost fork_cost(void)
{
    struct fork_cost best = {INT64_MAX, INT64_MAX};
    for (int i = 0; i < 12; i++) {
        int64_t wall = fk_mono_ns(), cpu = host_cpu_ns();
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        wall = fk_mono_ns() - wall;
        cpu = host_cpu_ns() - cpu;
        CHECK(pid > 0);
        waitpid(pid, NULL, 0);
        best.wall_ns = wall < best.wall_ns ? wall : best.wall_ns;
        best.cpu_ns = cpu < best.cpu_ns ? cpu : best.cpu_ns;
    }
    return best;
}

TEST_TIMED(pitfall_13_a_large_process_forks_in_time, 120)
{
    fill_memory();
    struct fork_cost without = fork_cost();
    host_start(1000);
    host_wait_sampled();
    struct fork_cost with = fork_cost();
    tap_diag("%.1f ms, %.1f of CPU without, %.1f ms, %.1f of CPU with it",
        (double)without.wall_ns / 1e6, (double)without.cpu_ns / 1e6,
        (double)with.wall_ns / 1e6, (double)with.cpu_ns / 1e6);
    /* A signal in the middle makes the kernel begin anew, for ever when the
     * copy takes longer than the period. Busy neighbours are a factor of 4. */
    CHECK(with.wall_ns < 3 * without.wall_ns + 250 * FK_NS_PER_MS);
    CHECK(with.cpu_ns <= 3 * without.cpu_ns);
    flamekit_shutdown();
}

/* Too little for any table: stacks end early, and everything else holds. */
TEST(memory_limit_is_kept)
{
    flamekit_config c = host_config(1000);
    c.memory_limit = 4096;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    host_burn(200 * FK_NS_PER_MS);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    size_t len;
    const void *body = fake_server_body(host_server(), 0, &len);
    received_read(&r, body, len);
    CHECK(received_of(&r, 0, "host_spin") > 50);
    received_free(&r);
    flamekit_shutdown();
}

/* ---- addresses -----------------------------------------------------------
 */

/* Where in its file the mapping at `address` says it is; by the kernel. */
static bool file_offset(uint64_t address, uint64_t *offset)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long long lo, hi, at;
        if (sscanf(line, "%llx-%llx %*s %llx", &lo, &hi, &at) != 3)
            continue;
        found = address >= lo && address < hi;
        *offset = address - lo + at;
    }
    fclose(maps);
    return found;
}

/* Address - mapping's start + offset is the place in the file, wherever the
 * loader put it: the same in every run. */
TEST(pitfall_42_addresses_lead_to_places_in_files)
{
    host_start(1000);
    host_wait_sampled();
    char text[256];
    for (int64_t end = fk_mono_ns() + 300 * FK_NS_PER_MS; fk_mono_ns() < end;)
        snprintf(text, sizeof(text), "%.17g %d", 3.14159, 42);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    size_t len, files = 0;
    const void *body = fake_server_body(host_server(), 0, &len);
    received_read(&r, body, len);
    for (uint32_t i = 0; i < r.profile.num_locations; i++) {
        const struct fk_pprof_location *l = &r.profile.locations[i];
        uint64_t want;
        if (l->mapping == FK_PPROF_NONE)
            continue;
        const struct fk_pprof_mapping *m = &r.profile.mappings[l->mapping];
        if (!fk_slice_starts(m->file, FK_SLICE("/")) ||
            !file_offset(l->address, &want))
            continue;
        CHECK(l->address >= m->start && l->address < m->limit);
        CHECK_INT(l->address - m->start + m->offset, want);
        files++;
    }
    CHECK(files > 5);
    CHECK(r.profile.num_mappings >= 2);
    received_free(&r);
    flamekit_shutdown();
}

TAP_MAIN
