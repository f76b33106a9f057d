/*
 * `flamekit doctor`: can this machine run the workshop? Each line is "ok",
 * "note" (works, with a remark) or "fix" (what to do). Changes nothing.
 */
#include "cli/client.h"
#include "cli/port.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MIN_FREE_MB = 500, PROBE_HZ = 1000, PROBE_CPU_MS = 200 };

static int problems;

static void line(const char *verdict, const char *what, const char *fmt, ...)
    FK_PRINTF(3, 4);

static void line(const char *verdict, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%-5s %-9s ", verdict, what);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    problems += !strcmp(verdict, "fix");
}

static bool on_path(const char *name)
{
    const char *path = getenv("PATH");
    struct fk_slice rest = fk_slice_of(path ? path : "/usr/bin"), dir;
    while (fk_slice_split(&rest, ':', &dir)) {
        char file[PATH_MAX];
        snprintf(
            file, sizeof file, FK_SLICE_FMT "/%s", FK_SLICE_ARG(dir), name);
        if (!access(file, X_OK))
            return true;
    }
    return false;
}

static void check_programs(const struct kit *kit)
{
    static const char *const programs[] = {
        "flamekit-server", "demoapp", "loadgen"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        char path[PATH_MAX];
        if (kit_path(path, kit->bin, programs[i]) || access(path, X_OK)) {
            line("fix", "programs", "%s is not built: make all", programs[i]);
            return;
        }
    }
    line("ok", "programs", "built, version %s", FK_VERSION);
}

static void check_cpu(void)
{
    double load[1] = {0};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    getloadavg(load, 1);
    line(load[0] > (double)cores ? "note" : "ok", "cpu",
        "%ld cores, load %.1f%s", cores, load[0],
        load[0] > (double)cores
            ? ": other programs are busy; shares stay right, times grow"
            : "");
}

static void check_port(uint16_t port, const char *other)
{
    struct port_holder holder;
    if (port_busy(port, &holder))
        line("note", "port", "%u is held by %s (pid %ld); make up takes %s",
            port, holder.name, (long)holder.pid, other);
    else
        line("ok", "port", "%u free", port);
}

static void check_ports(const struct kit *kit)
{
    if (*kit->run) {
        line("ok", "ports", "in use by this kit: %s and %s", kit->server,
            kit->app);
        return;
    }
    check_port(4040, "4041");
    check_port(5000, "5050");
}

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
    (void)number;
    ticks++;
}

/* Asks for more than any tick-driven kernel gives: what arrives is the
 * ceiling of the sampling rate. */
static void check_timers(void)
{
    timer_t timer;
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    struct sigaction old,
        action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct itimerspec every = {
        {0, FK_NS_PER_S / PROBE_HZ}, {0, FK_NS_PER_S / PROBE_HZ}};
    sigaction(SIGPROF, &action, &old);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer)) {
        line("fix", "timers",
            "timer_create is refused (%s): the profiler "
            "needs it; a stricter container than Docker's default?",
            strerror(errno));
        return;
    }
    timer_settime(timer, 0, &every, NULL);
    int64_t from_ns = fk_cpu_ns();
    while (fk_cpu_ns() - from_ns < PROBE_CPU_MS * FK_NS_PER_MS)
        continue;
    timer_delete(timer);
    sigaction(SIGPROF, &old, NULL);
    int hz = (int)(ticks * 1000L / PROBE_CPU_MS);
    line(hz >= 90 ? "ok" : "note", "timers",
        "100 samples a second are fine; ceiling here about %d", hz);
}

static void check_disk(const struct kit *kit)
{
    struct statvfs fs;
    if (statvfs(kit->root, &fs))
        return;
    unsigned long long mb =
        (unsigned long long)fs.f_bavail * fs.f_frsize / 1000000;
    if (mb < MIN_FREE_MB)
        line("fix", "disk", "only %llu MB free; %d MB are needed", mb,
            MIN_FREE_MB);
    else
        line("ok", "disk", "%.1f GB free", (double)mb / 1000);
}

static void check_clock(const struct kit *kit)
{
    json_t *hello = NULL;
    struct client_request ask = {"GET", kit->server, "/api/kit/hello", NULL, 3};
    if (!*kit->server || client_json(&ask, &hello, NULL))
        return;
    double off_s = (json_number_value(json_object_get(hello, "now")) -
                       (double)fk_wall_ns() / FK_NS_PER_MS) /
                   1000;
    json_decref(hello);
    if (off_s > 5 || off_s < -5)
        line("note", "clock", "the server's clock is %.0f s off", off_s);
    else
        line("ok", "clock", "in step with the server");
}

static void check_extras(void)
{
    static const struct {
        const char *name, *without;
    } extras[] = {
        {"perf", "optional steps use recordings"},
        {"docker", "not needed"},
        {"curl", "only the loops you type yourself need it"},
    };

    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
        if (!on_path(extras[i].name))
            line("note", extras[i].name, "not found: %s", extras[i].without);
}

int verb_doctor(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    check_programs(kit);
    check_cpu();
    check_ports(kit);
    check_timers();
    check_disk(kit);
    check_clock(kit);
    check_extras();
    if (problems)
        printf("%d thing%s to fix first\n", problems, problems == 1 ? "" : "s");
    else
        printf("ready: make up\n");
    return problems ? 1 : 0;
}
