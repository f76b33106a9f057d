/*
 * What a profiler costs the program it watches, measured so that a busy
 * machine cannot spoil it: the profiler is switched on and off in alternating
 * slices of one run, work per CPU second is compared slice by slice, and the
 * median over the pairs is printed. Pairs swap their order, so drift cancels.
 *
 * The program: two threads that sort, recurse and hash. The profilers: none
 * (what the rig itself shows), ours, gperftools through dlopen, and
 * `perf record -g` through its control fifo, the last two where installed.
 *
 *   overhead [SECONDS]   for each row; 10
 */
#include "agent/flamekit.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/rng.h"

#define NUM_THREADS 2
#define SLICE_NS    (100 * FK_NS_PER_MS)
#define MAX_PAIRS   400

/* ---- the program ----------------------------------------------------------
 */

static struct worker {
    pthread_t thread;
    _Atomic uint64_t rounds;
    uint32_t numbers[256];
} workers[NUM_THREADS];

static _Atomic bool stop;
static volatile uint64_t sink;

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

__attribute__((noipa)) static uint64_t recurse(int depth, uint64_t x)
{
    if (depth == 0)
        return x * 31;
    return recurse(depth - 1, x + 1) + 1;
}

__attribute__((noipa)) static uint64_t hash(const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    flamekit_thread_register("bench");
    for (uint64_t round = 0; !atomic_load(&stop); round++) {
        for (size_t i = 0; i < 256; i++)
            w->numbers[i] = (uint32_t)fk_rng_at(round, i);
        qsort(w->numbers, 256, sizeof(w->numbers[0]), compare);
        uint64_t h = hash(w->numbers, sizeof(w->numbers));
        for (int i = 0; i < 50; i++)
            h += recurse(20, h);
        sink = h;
        atomic_store_explicit(&w->rounds, round + 1, memory_order_relaxed);
    }
    return NULL;
}

static uint64_t rounds_done(void)
{
    uint64_t n = 0;
    for (int i = 0; i < NUM_THREADS; i++)
        n += atomic_load_explicit(&workers[i].rounds, memory_order_relaxed);
    return n;
}

static int64_t workers_cpu_ns(void)
{
    int64_t sum = 0;
    for (int i = 0; i < NUM_THREADS; i++) {
        clockid_t clock;
        struct timespec t = {0};
        if (pthread_getcpuclockid(workers[i].thread, &clock) == 0)
            clock_gettime(clock, &t);
        sum += t.tv_sec * FK_NS_PER_S + t.tv_nsec;
    }
    return sum;
}

static void start_work(void)
{
    atomic_store(&stop, false);
    for (int i = 0; i < NUM_THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
}

static void stop_work(void)
{
    atomic_store(&stop, true);
    for (int i = 0; i < NUM_THREADS; i++)
        pthread_join(workers[i].thread, NULL);
}

/* ---- the rig ---------------------------------------------------------------
 */

struct profiler {
    const char *name;
    const char *goal;
    bool (*start)(unsigned rate); /* false: not installed here */
    void (*enable)(bool on);
    void (*stop)(void);
    unsigned rate;
};

/* Rounds for each CPU nanosecond within one slice. */
static double slice(const struct profiler *p, bool on)
{
    p->enable(on);
    uint64_t rounds = rounds_done();
    int64_t cpu = workers_cpu_ns();
    fk_sleep_until_mono(fk_mono_ns() + SLICE_NS);
    return (double)(rounds_done() - rounds) /
           (double)(workers_cpu_ns() - cpu + 1);
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Median of the percentage that "on" loses against "off". */
static double measure(const struct profiler *p, int seconds, double spread[2])
{
    static double lost[MAX_PAIRS];
    size_t n = 0;
    int64_t until = fk_mono_ns() + seconds * FK_NS_PER_S;
    while (n < MAX_PAIRS && fk_mono_ns() < until) {
        bool on_first = n % 2;
        double a = slice(p, on_first), b = slice(p, !on_first);
        double on = on_first ? a : b, off = on_first ? b : a;
        lost[n++] = 100 * (off / on - 1);
    }
    p->enable(false);
    qsort(lost, n, sizeof(lost[0]), compare_double);
    spread[0] = lost[n / 4];
    spread[1] = lost[n * 3 / 4];
    return lost[n / 2];
}

/* ---- nothing, and ours ------------------------------------------------------
 */

static bool none_start(unsigned rate)
{
    (void)rate;
    return true;
}

static void none_enable(bool on)
{
    (void)on;
}

static void none_stop(void)
{
}

static bool ours_start(unsigned rate)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "bench.overhead";
    c.server_address = "http://127.0.0.1:9"; /* nobody is there */
    c.sample_rate = rate;
    c.log_level = FLAMEKIT_LOG_NONE;
    if (flamekit_configure(&c) != 0)
        return false;
    /* The threads are found and the tables built within this time. */
    fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_S / 2);
    return true;
}

static void ours_enable(bool on)
{
    flamekit_set_enabled(FLAMEKIT_PROFILE_CPU, on);
}

/* ---- gperftools
 * ---------------------------------------------------------------*/

static struct {
    int (*start)(const char *file);
    void (*stop)(void);
    bool on;
} gperf;

static bool gperf_start(unsigned rate)
{
    char text[16];
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO); /* it prints a line for every slice */
    snprintf(text, sizeof(text), "%u", rate);
    setenv("CPUPROFILE_FREQUENCY", text, 1);
    void *lib = dlopen("libprofiler.so.0", RTLD_NOW);
    if (lib == NULL)
        return false;
    *(void **)&gperf.start = dlsym(lib, "ProfilerStart");
    *(void **)&gperf.stop = dlsym(lib, "ProfilerStop");
    return gperf.start != NULL && gperf.stop != NULL;
}

static void gperf_enable(bool on)
{
    if (on && !gperf.on)
        gperf.start("/dev/null");
    if (!on && gperf.on)
        gperf.stop();
    gperf.on = on;
}

/* ---- perf record -g ---------------------------------------------------------
 */

static struct {
    pid_t pid;
    int control, ack;
    char dir[64];
} perf;

static void perf_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", perf.dir, name);
}

_Noreturn static void perf_exec(unsigned rate, const char *target)
{
    char fifo[300], frequency[16], control[128], ack[128];
    perf_path(control, sizeof(control), "control");
    perf_path(ack, sizeof(ack), "ack");
    snprintf(fifo, sizeof(fifo), "--control=fifo:%s,%s", control, ack);
    snprintf(frequency, sizeof(frequency), "%u", rate);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execlp("perf", "perf", "record", "-q", "-g", "-e", "cpu-clock:u", "-F",
        frequency, "-D", "-1", "-o", "/dev/null", fifo, "-p", target,
        (char *)NULL);
    _exit(127);
}

/* "enable\n" and wait for its "ack\n". */
static bool perf_say(const char *command)
{
    char answer[16];
    size_t n = strlen(command);
    return write(perf.control, command, n) == (ssize_t)n &&
           read(perf.ack, answer, sizeof(answer)) > 0;
}

static bool perf_start(unsigned rate)
{
    char path[128], self[16];
    snprintf(perf.dir, sizeof(perf.dir), "/tmp/flamekit-bench-XXXXXX");
    if (mkdtemp(perf.dir) == NULL)
        return false;
    perf_path(path, sizeof(path), "control");
    bool ok = mkfifo(path, 0600) == 0;
    /* Open both ways, so that neither side waits for the other. */
    perf.control = open(path, O_RDWR | O_CLOEXEC);
    perf_path(path, sizeof(path), "ack");
    ok = ok && mkfifo(path, 0600) == 0;
    perf.ack = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    snprintf(self, sizeof(self), "%d", (int)getpid());
    perf.pid = ok ? fork() : -1;
    if (perf.pid == 0)
        perf_exec(rate, self);
    for (int i = 0; i < 50 && perf.pid > 0; i++) {
        fk_sleep_until_mono(fk_mono_ns() + 100 * FK_NS_PER_MS);
        if (waitpid(perf.pid, NULL, WNOHANG) == perf.pid)
            return false;
        if (i == 0 && write(perf.control, "disable\n", 8) != 8)
            return false;
        char answer[16];
        if (read(perf.ack, answer, sizeof(answer)) > 0) {
            fcntl(perf.ack, F_SETFL, 0); /* from now on, wait for it */
            return true;
        }
    }
    return false;
}

static void perf_enable(bool on)
{
    perf_say(on ? "enable\n" : "disable\n");
}

static void perf_stop(void)
{
    char path[128];
    kill(perf.pid, SIGTERM);
    waitpid(perf.pid, NULL, 0);
    close(perf.control);
    close(perf.ack);
    perf_path(path, sizeof(path), "control");
    unlink(path);
    perf_path(path, sizeof(path), "ack");
    unlink(path);
    rmdir(perf.dir);
}

/* ---- rows -------------------------------------------------------------------
 */

enum row {
    NONE,
    OURS_100,
    OURS_1000,
    GPERF_100,
    GPERF_1000,
    PERF_100,
    PERF_1000,
    NUM_ROWS
};

static const struct profiler profilers[NUM_ROWS] = {
    [NONE] = {"null", NULL, none_start, none_enable, none_stop, 0},
    [OURS_100] = {"ours_100hz", "0.2", ours_start, ours_enable,
        flamekit_shutdown, 100},
    [OURS_1000] = {"ours_1000hz", "0.4", ours_start, ours_enable,
        flamekit_shutdown, 1000},
    [GPERF_100] = {"gperftools_100hz", NULL, gperf_start, gperf_enable,
        none_stop, 100},
    [GPERF_1000] = {"gperftools_1000hz", NULL, gperf_start, gperf_enable,
        none_stop, 1000},
    [PERF_100] = {"perf_g_100hz", NULL, perf_start, perf_enable, perf_stop,
        100},
    [PERF_1000] = {"perf_g_1000hz", NULL, perf_start, perf_enable, perf_stop,
        1000},
};

/* What the processes below found; 0 = not measured. */
static double *found;

static const struct ratio {
    const char *name, *goal;
    enum row ours, theirs;
} ratios[] = {
    {"overhead_vs_gperftools_100hz", "0.5", OURS_100, GPERF_100},
    {"overhead_vs_gperftools_1000hz", "0.5", OURS_1000, GPERF_1000},
    {"overhead_vs_perf_g_1000hz", "0.3", OURS_1000, PERF_1000},
};

/* Below this the rig cannot tell a figure from zero. */
static const double resolution = 0.1;

static void print_ratio(const struct ratio *r)
{
    double ours = found[r->ours], theirs = found[r->theirs];
    if (theirs <= resolution) {
        printf("# %s: the other side is lost in the noise\n", r->name);
        return;
    }
    double value = ours > 0 ? ours / theirs : 0;
    printf("bench %s %.2f ratio goal %s %s\n", r->name, value, r->goal,
        value <= strtod(r->goal, NULL) ? "ok" : "short");
}

/* A process each, so that one profiler's handler is not the next one's. */
static void run(enum row row, int seconds)
{
    const struct profiler *p = &profilers[row];
    start_work();
    if (!p->start(p->rate)) {
        printf("# %s is not available here\n", p->name);
        stop_work();
        return;
    }
    double spread[2];
    double lost = measure(p, seconds, spread);
    found[row] = lost;
    p->stop();
    stop_work();
    printf("# %-18s %+.2f %%, half of the pairs between %+.2f and %+.2f\n",
        p->name, lost, spread[0], spread[1]);
    bool ok = p->goal == NULL || lost <= strtod(p->goal, NULL);
    printf("bench overhead_%s %.2f %% goal %s %s\n", p->name, lost,
        p->goal ? p->goal : "-", ok ? "ok" : "short");
}

static void run_apart(enum row row, int seconds)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm((unsigned)seconds + 20); /* gperftools is known to hang */
        run(row, seconds);
        exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0)
        printf("# %s ended with status %d\n", profilers[row].name, status);
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (seconds <= 0)
        seconds = 3;
    found = mmap(NULL, NUM_ROWS * sizeof(*found), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED)
        return 1;
    for (enum row row = NONE; row < NUM_ROWS; row++)
        run_apart(row, seconds);
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
        print_ratio(&ratios[i]);
    return 0;
}
