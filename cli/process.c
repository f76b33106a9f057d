/* Starting and stopping the kit's parts: see process.h. */
#include "cli/process.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIELD_STARTTIME = 22, POLL_MS = 10 };

/* The command name in field 2 may hold blanks and parentheses: count from
 * its last ')'. A zombie is not alive. */
uint64_t process_started_at(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z')
        return 0;
    at += 2;
    for (int field = 3; field < FIELD_STARTTIME && at; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

bool process_alive(const struct process *p)
{
    return p->pid > 0 && process_started_at(p->pid) == p->started;
}

/* execv promises to leave the strings alone; its prototype is older than
 * const. */
void process_become(const char *const argv[])
{
    execv(argv[0], (char *const *)(uintptr_t)argv);
}

static _Noreturn void become(const char *const argv[], int out, const char *log)
{
    setsid();
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (err >= 0)
        dup2(err, STDERR_FILENO);
    process_become(argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Reads up to the end of the first line, or until the other side closes. */
static enum process_start read_ready(int fd, int timeout_s, char url[256])
{
    char line[512];
    size_t len = 0;
    int64_t deadline = fk_mono_ns() + timeout_s * FK_NS_PER_S;
    while (len < sizeof line - 1) {
        int left_ms = (int)((deadline - fk_mono_ns()) / FK_NS_PER_MS);
        struct pollfd p = {fd, POLLIN, 0};
        if (left_ms <= 0 || poll(&p, 1, left_ms) <= 0)
            return PROCESS_SILENT;
        ssize_t n = read(fd, line + len, 1);
        if (n <= 0)
            return PROCESS_EXITED;
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    if (strncmp(line, "ready ", 6) || strlen(line + 6) > 255)
        return PROCESS_SILENT;
    memcpy(url, line + 6, strlen(line + 6) + 1);
    return PROCESS_READY;
}

enum process_start process_start(struct process *p, const char *const argv[],
    const char *log, int timeout_s, char url[256])
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return PROCESS_EXITED;
    pid_t pid = fork();
    if (pid == 0)
        become(argv, ends[1], log);
    close(ends[1]);
    enum process_start result = PROCESS_EXITED;
    if (pid > 0) {
        p->pid = pid;
        p->started = process_started_at(pid);
        result = read_ready(ends[0], timeout_s, url);
    }
    close(ends[0]);
    if (pid > 0 && result == PROCESS_SILENT)
        process_stop(p, 1);
    if (pid > 0 && result == PROCESS_EXITED)
        waitpid(pid, NULL, 0);
    return result;
}

static bool gone_within(const struct process *p, int seconds)
{
    int64_t deadline = fk_mono_ns() + seconds * FK_NS_PER_S;
    struct timespec pause = {0, POLL_MS * FK_NS_PER_MS};
    while (process_alive(p)) {
        if (fk_mono_ns() > deadline)
            return false;
        nanosleep(&pause, NULL);
        waitpid(p->pid, NULL, WNOHANG); /* ours, when just started */
    }
    return true;
}

bool process_stop(const struct process *p, int grace_s)
{
    if (!process_alive(p))
        return true;
    kill(p->pid, SIGTERM);
    if (gone_within(p, grace_s))
        return true;
    kill(p->pid, SIGKILL);
    gone_within(p, grace_s);
    return false;
}
