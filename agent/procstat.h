/*
 * What the kernel tells about another thread of this process without
 * disturbing it: its CPU clock and two files below /proc/self/task. No file
 * stays open, so the host's descriptors are its own.
 *
 * Any thread; errno is not kept.
 */
#ifndef FK_AGENT_PROCSTAT_H
#define FK_AGENT_PROCSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The CPU clock of a thread, for timers too. */
static inline clockid_t fk_thread_clock(pid_t tid)
{
    return (clockid_t)((~(unsigned)tid << 3) | 6u);
}

/* False: there is no such thread any more. */
bool fk_thread_cpu_ns(pid_t tid, int64_t *cpu_ns);
/* Time it stood in a run queue, as far as the kernel counted it; false when
 * the kernel does not tell. */
bool fk_thread_delay_ns(pid_t tid, int64_t *delay_ns);

enum fk_whereabouts {
    FK_THREAD_RUNS,   /* or is ready to */
    FK_THREAD_WAITS,  /* in the kernel: pc and sp are where it will go on */
    FK_THREAD_HIDDEN, /* the file cannot be read */
};

enum fk_whereabouts fk_thread_where(pid_t tid, uintptr_t *pc, uintptr_t *sp);
/* The content of the file, for tests. */
enum fk_whereabouts fk_thread_where_of(
    const char *text, size_t len, uintptr_t *pc, uintptr_t *sp);

#endif
