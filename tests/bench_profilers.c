#include "tests/bench_profilers.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/flamekit.h"
#include "agent/procstat.h"
#include "common/clock.h"

/* ---- nothing, and ours --------------------------------------------------- */

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

static int64_t none_cpu_ns(void)
{
    return 0;
}

static char server_url[64];

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *data,
    size_t *data_size, void **state)
{
    (void)cls, (void)url, (void)method, (void)version, (void)data;
    if (*state == NULL || *data_size > 0) {
        *state = connection;
        *data_size = 0;
        return MHD_YES;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

/* Somebody to take the uploads; its time is nobody's. */
pid_t bench_server_start(void)
{
    int port[2];
    uint16_t number = 0;
    if (pipe2(port, O_CLOEXEC) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        struct MHD_Daemon *d =
            MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0,
                NULL, NULL, answer, NULL, MHD_OPTION_END);
        if (d != NULL)
            number = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port;
        if (number == 0 || write(port[1], &number, sizeof(number)) <= 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(port[1]);
    if (read(port[0], &number, sizeof(number)) != sizeof(number))
        abort();
    close(port[0]);
    snprintf(server_url, sizeof(server_url), "http://127.0.0.1:%u", number);
    return pid;
}

/* Uploads when a turn ends and not in between. */
static bool ours_start(unsigned rate)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "bench.overhead";
    c.server_address = server_url;
    c.sample_rate = rate;
    c.upload_interval_ms = 3600000;
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

static void ours_end_turn(void)
{
    int rc = flamekit_flush(10000);
    if (rc != 0)
        printf("# ours: an upload failed: %d\n", rc);
}

static int64_t ours_cpu_ns(void)
{
    flamekit_stats stats;
    flamekit_get_stats(&stats);
    return (int64_t)stats.agent_cpu_ns;
}

/* ---- signals alone ------------------------------------------------------- */

#define EMPTY_MAX 64

static struct {
    int timers[EMPTY_MAX];
    size_t n;
    long period_ns;
} empty;

static void on_signal(int signo)
{
    (void)signo;
}

static void empty_add(pid_t tid)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    event._sigev_un._tid = tid;
    if (empty.n < EMPTY_MAX && syscall(SYS_timer_create, fk_thread_clock(tid),
                                   &event, &empty.timers[empty.n]) == 0)
        empty.n++;
}

/* A timer of each thread's CPU clock, as ours has. */
static bool empty_start(unsigned rate)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    DIR *dir = opendir("/proc/self/task");
    if (dir == NULL || sigaction(SIGPROF, &action, NULL) != 0)
        return false;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        long tid = strtol(e->d_name, NULL, 10);
        if (tid > 0 && tid != getpid())
            empty_add((pid_t)tid);
    }
    closedir(dir);
    empty.period_ns = (long)(FK_NS_PER_S / rate);
    return empty.n > 0;
}

static void empty_enable(bool on)
{
    struct itimerspec spec = {{0}, {0}};
    if (on)
        spec.it_value.tv_nsec = spec.it_interval.tv_nsec = empty.period_ns;
    for (size_t i = 0; i < empty.n; i++)
        syscall(SYS_timer_settime, empty.timers[i], 0, &spec, NULL);
}

/* ---- gperftools ---------------------------------------------------------- */

static struct itimerval gperf_timer;

/* It is started once, and its timer set and stopped, as it does itself. */
static bool gperf_start(unsigned rate)
{
    char text[16];
    int (*start)(const char *file) = NULL;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO); /* it prints a line when the process ends */
    snprintf(text, sizeof(text), "%u", rate);
    setenv("CPUPROFILE_FREQUENCY", text, 1);
    void *lib = dlopen("libprofiler.so.0", RTLD_NOW);
    if (lib != NULL)
        *(void **)&start = dlsym(lib, "ProfilerStart");
    return start != NULL && start("/dev/null") != 0 &&
           getitimer(ITIMER_PROF, &gperf_timer) == 0 &&
           gperf_timer.it_interval.tv_usec == 1000000 / (int)rate;
}

static void gperf_enable(bool on)
{
    struct itimerval timer = {.it_value = gperf_timer.it_interval,
        .it_interval = gperf_timer.it_interval};
    static const struct itimerval never;
    setitimer(ITIMER_PROF, on ? &timer : &never, NULL);
}

/* ---- perf record -g ------------------------------------------------------ */

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

/* Of its own process. */
static int64_t perf_cpu_ns(void)
{
    char path[64];
    long long ns = 0;
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)perf.pid);
    FILE *f = fopen(path, "re");
    if (f == NULL || fscanf(f, "%lld", &ns) != 1)
        ns = 0;
    if (f != NULL)
        fclose(f);
    return ns;
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

/* ---- all of them --------------------------------------------------------- */

const struct bench_profiler bench_profilers[BENCH_ROWS] = {
    [BENCH_NONE] = {"null", NULL, none_start, none_enable, none_stop,
        none_cpu_ns, none_stop, 0},
    [BENCH_EMPTY_100] = {"empty_handler_100hz", NULL, empty_start, empty_enable,
        none_stop, none_cpu_ns, none_stop, 100},
    [BENCH_EMPTY_1000] = {"empty_handler_1000hz", NULL, empty_start,
        empty_enable, none_stop, none_cpu_ns, none_stop, 1000},
    [BENCH_OURS_100] = {"ours_100hz", "0.2", ours_start, ours_enable,
        ours_end_turn, ours_cpu_ns, flamekit_shutdown, 100},
    [BENCH_OURS_1000] = {"ours_1000hz", "0.4", ours_start, ours_enable,
        ours_end_turn, ours_cpu_ns, flamekit_shutdown, 1000},
    [BENCH_GPERF_100] = {"gperftools_100hz", NULL, gperf_start, gperf_enable,
        none_stop, none_cpu_ns, none_stop, 100},
    [BENCH_GPERF_1000] = {"gperftools_1000hz", NULL, gperf_start, gperf_enable,
        none_stop, none_cpu_ns, none_stop, 1000},
    [BENCH_PERF_1000] = {"perf_g_1000hz", NULL, perf_start, perf_enable,
        none_stop, perf_cpu_ns, perf_stop, 1000},
};
