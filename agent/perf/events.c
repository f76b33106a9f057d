#include "agent/perf/events.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"

enum {
    RING_BYTES = 2 << 20,
    RING_BYTES_MIN = 128 << 10, /* what everybody may lock into memory */
    THREADS_MAX = 1024,         /* of one process; later ones are inherited */
};

struct perf_events {
    struct perf_event_attr attr;
    struct perf_ring *rings;
    struct pollfd *polls; /* the ring's own event; ~fd: its thread has ended */
    int num_rings;
    int *others; /* events that share a ring */
    size_t num_others, cap_others;
    bool crowded; /* there were more threads than THREADS_MAX */
    _Alignas(16) char record[PERF_RECORD_BYTES];
};

/* ---- reading ------------------------------------------------------------- */

void perf_events_read(
    struct perf_events *e, int wait_ms, const struct perf_listener *listener)
{
    poll(e->polls, (nfds_t)e->num_rings, wait_ms);
    for (int i = 0; i < e->num_rings; i++) {
        /* Others may still write into its ring, but it would never let poll
         * wait again. */
        if (e->polls[i].fd >= 0 && e->polls[i].revents & ~POLLIN)
            e->polls[i].fd = ~e->polls[i].fd;
        perf_ring_read(&e->rings[i], e->record, listener);
    }
}

/* ---- opening ------------------------------------------------------------ */

static void fill_attr(struct perf_event_attr *a, const struct perf_want *want)
{
    *a = (struct perf_event_attr){
        .size = sizeof(*a),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = (uint64_t)(FK_NS_PER_S / want->hz),
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN |
                       PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
        .sample_regs_user = PERF_REG_MASK,
        .sample_stack_user = PERF_STACK_BYTES,
        .exclude_callchain_user = 1,
        .exclude_callchain_kernel = !want->kernel,
        .exclude_kernel = !want->kernel,
        .exclude_hv = 1,
        .exclude_idle = 1,
        .inherit = want->pid != 0,
        .disabled = 1,
        .mmap = 1,
        .comm = 1,
        .comm_exec = 1,
        .task = 1,
        .watermark = 1,
        .wakeup_watermark = RING_BYTES_MIN / 4,
    };
}

static int open_event(const struct perf_events *e, pid_t tid, int cpu)
{
    return (int)syscall(
        SYS_perf_event_open, &e->attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int map_ring(struct perf_events *e, int fd)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = RING_BYTES; size >= RING_BYTES_MIN; size /= 2) {
        void *at =
            mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED)
            continue;
        e->rings[e->num_rings] =
            (struct perf_ring){at, (char *)at + page, size};
        e->polls[e->num_rings++] = (struct pollfd){fd, POLLIN, 0};
        return 0;
    }
    return -errno;
}

/* One event of a processor has the ring, the others write into it. */
static int add_event(struct perf_events *e, int fd, int *first)
{
    if (*first < 0) {
        *first = fd;
        int rc = map_ring(e, fd);
        if (rc != 0)
            close(fd);
        return rc;
    }
    if (e->num_others == e->cap_others ||
        ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, *first) != 0) {
        close(fd);
        return 0;
    }
    e->others[e->num_others++] = fd;
    return 0;
}

/* A processor that is switched off, and a thread that has ended, are no
 * errors. */
static int open_on(struct perf_events *e, int cpu, const pid_t *tids, size_t n)
{
    int first = -1;
    for (size_t i = 0; i < n; i++) {
        int fd = open_event(e, tids[i], cpu);
        if (fd < 0 && (errno == ENODEV || errno == ESRCH))
            continue;
        int rc = fd < 0 ? -errno : add_event(e, fd, &first);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static size_t threads_of(pid_t pid, pid_t *tids)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && n < THREADS_MAX && (d = readdir(dir));) {
        long tid = strtol(d->d_name, NULL, 10);
        if (tid > 0)
            tids[n++] = (pid_t)tid;
    }
    if (dir)
        closedir(dir);
    return n;
}

static int open_all(struct perf_events *e, const struct perf_want *want)
{
    pid_t tids[THREADS_MAX] = {-1};
    size_t n = want->pid ? threads_of(want->pid, tids) : 1;
    int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
    if (n == 0)
        return -ESRCH;
    e->crowded = n == THREADS_MAX;
    e->cap_others = n * (size_t)cpus;
    e->rings = calloc((size_t)cpus, sizeof(*e->rings));
    e->polls = calloc((size_t)cpus, sizeof(*e->polls));
    e->others = calloc(e->cap_others, sizeof(*e->others));
    if (!e->rings || !e->polls || !e->others)
        return -ENOMEM;
    int rc = 0;
    for (int cpu = 0; cpu < cpus && rc == 0; cpu++)
        rc = open_on(e, cpu, tids, n);
    return rc == 0 && e->num_rings == 0 ? -ESRCH : rc;
}

static void enable(const struct perf_events *e)
{
    for (int i = 0; i < e->num_rings; i++)
        ioctl(e->polls[i].fd, PERF_EVENT_IOC_ENABLE, 0);
    for (size_t i = 0; i < e->num_others; i++)
        ioctl(e->others[i], PERF_EVENT_IOC_ENABLE, 0);
}

static struct perf_events *try_open(const struct perf_want *want, int *error)
{
    struct perf_events *e = calloc(1, sizeof(*e));
    *error = -ENOMEM;
    if (e == NULL)
        return NULL;
    fill_attr(&e->attr, want);
    *error = open_all(e, want);
    if (*error == 0) {
        enable(e);
        return e;
    }
    perf_events_close(e);
    return NULL;
}

static long paranoid(void)
{
    char text[16] = "";
    FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    if (f == NULL || fgets(text, sizeof(text), f) == NULL)
        text[0] = '\0';
    if (f != NULL)
        fclose(f);
    return strtol(text, NULL, 10);
}

static void explain(
    const struct perf_want *want, int error, struct fk_diag *diag)
{
    if (error == -EACCES || error == -EPERM)
        fk_diag_set(diag, FK_ERR_CANCELLED,
            "the CAP_PERFMON capability is missing (and "
            "kernel.perf_event_paranoid is %ld): run it as root, or give it "
            "to the program with setcap cap_perfmon,cap_sys_ptrace+ep%s",
            paranoid(), want->pid ? ", or watch a process of your own" : "");
    else if (error == -ENOSYS)
        fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "this kernel has no perf_event_open, or the container forbids it");
    else if (error == -ESRCH)
        fk_diag_set(
            diag, FK_ERR_NOT_FOUND, "there is no process %d", (int)want->pid);
    else
        fk_diag_set(diag, FK_ERR_UNAVAILABLE, "perf_event_open failed: %s",
            fk_errno_text(-error));
}

struct perf_events *perf_events_open(
    const struct perf_want *want, struct fk_diag *note, struct fk_diag *diag)
{
    struct perf_want less = *want;
    int error;
    struct perf_events *e = try_open(want, &error);
    if (e == NULL && want->kernel && (error == -EACCES || error == -EPERM)) {
        less.kernel = false;
        e = try_open(&less, &error);
        if (e != NULL)
            fk_diag_set(note, FK_ERR_CANCELLED,
                "the kernel's part of the stacks is left out, for the "
                "CAP_PERFMON capability is missing");
    }
    if (e == NULL)
        explain(want, error, diag);
    else if (e->crowded)
        fk_diag_set(note, FK_ERR_LIMIT,
            "process %d has %d threads or more: those beyond, and what they "
            "start, are not watched",
            (int)want->pid, THREADS_MAX);
    return e;
}

void perf_events_close(struct perf_events *e)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->num_others; i++)
        close(e->others[i]);
    for (int i = 0; i < e->num_rings; i++) {
        munmap(e->rings[i].page, page + e->rings[i].size);
        close(e->polls[i].fd < 0 ? ~e->polls[i].fd : e->polls[i].fd);
    }
    free(e->rings);
    free(e->polls);
    free(e->others);
    free(e);
}
