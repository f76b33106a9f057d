/*
 * flamekit-perf over the whole machine: what share of a core it takes at
 * 99 Hz while all processors are busy, and how many stacks of all processes
 * are whole. Two runs of different length, so that what it reads once, when
 * it starts, is no part of the share.
 *
 *   system [SECONDS]   that the longer run is longer; 15
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define PERF    "build/release/bin/flamekit-perf"
#define SHORT_S 3

struct run {
    double cpu_s, wall_s;
    unsigned long long samples, lost, incomplete;
};

_Noreturn static void run_perf(int seconds, int sums)
{
    char length[16];
    snprintf(length, sizeof(length), "%ds", seconds);
    dup2(sums, STDERR_FILENO);
    execl(PERF, PERF, "--all", "--hz", "99", "--for", length, "-o", "/dev/null",
        (char *)NULL);
    _exit(127);
}

/* Its sentences come out here, too: they say what privilege is missing. */
static bool read_sums(FILE *from, struct run *r)
{
    bool found = false;
    for (char line[512]; fgets(line, sizeof(line), from) != NULL;) {
        printf("# %s", line);
        found =
            found || sscanf(line,
                         "flamekit-perf: %llu samples, %llu lost, %llu stacks "
                         "incomplete",
                         &r->samples, &r->lost, &r->incomplete) == 3;
    }
    return found;
}

static bool measure(int seconds, struct run *r)
{
    int sums[2], status;
    struct rusage used;
    if (pipe2(sums, O_CLOEXEC) != 0)
        return false;
    fflush(stdout);
    int64_t begin = fk_mono_ns();
    pid_t pid = fork();
    if (pid == 0)
        run_perf(seconds, sums[1]);
    close(sums[1]);
    FILE *from = fdopen(sums[0], "r");
    bool ok = from != NULL && read_sums(from, r);
    if (from != NULL)
        fclose(from);
    ok = wait4(pid, &status, 0, &used) == pid && status == 0 && ok;
    r->wall_s = (double)(fk_mono_ns() - begin) / 1e9;
    r->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return ok;
}

static pid_t start_busy(void)
{
    pid_t pid = fork();
    if (pid == 0)
        for (volatile unsigned long n = 0;; n++)
            continue;
    return pid;
}

static void print_rows(const struct run *brief, const struct run *whole)
{
    double share =
        100 * (whole->cpu_s - brief->cpu_s) / (whole->wall_s - brief->wall_s);
    double complete = 100 - 100 * (double)(whole->incomplete + whole->lost) /
                                (double)(whole->samples + whole->lost);
    printf("# all of the longer run: %.2f s of CPU time in %.1f s\n",
        whole->cpu_s, whole->wall_s);
    printf("bench system_cpu %.2f %%_of_a_core goal 1 %s\n", share,
        share <= 1 ? "ok" : "short");
    printf("bench system_whole_stacks %.1f %% goal >=95 %s\n", complete,
        complete >= 95 ? "ok" : "short");
}

int main(int argc, char **argv)
{
    int longer = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 15;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    processors = processors < 64 ? processors : 64;
    pid_t busy[64];
    struct run brief, whole;
    for (long i = 0; i < processors; i++)
        busy[i] = start_busy();
    bool ok = measure(SHORT_S, &brief) && measure(SHORT_S + longer, &whole);
    for (long i = 0; i < processors; i++) {
        kill(busy[i], SIGKILL);
        waitpid(busy[i], NULL, 0);
    }
    if (ok)
        print_rows(&brief, &whole);
    else
        printf("# the whole machine cannot be watched here\n");
    return 0;
}
