/*
 * The threads of this process, one fixed record each. Found by looking into
 * /proc/self/task from the agent thread, or registered by themselves.
 *
 * Threads: everything between fk_registry_lock and _unlock may be called by
 * any thread; handlers never take the lock. A handler gets the address of its
 * own record from its timer (cputimer.c) and may touch only the fields marked
 * "handler", and only while `tid` is its own.
 * Limits: FK_THREADS_MAX records; threads beyond them are not sampled and
 * counted as no_timer.
 */
#ifndef FK_AGENT_REGISTRY_H
#define FK_AGENT_REGISTRY_H

#include "agent/stacktab.h"

#include <stdatomic.h>
#include <stddef.h>

#define FK_THREADS_MAX  8192
#define FK_NO_TIMER     (-1)
#define FK_EXCLUDED_MAX 4

enum fk_thread_state {
    FK_THREAD_NEW,     /* found, no timer asked for */
    FK_THREAD_TIMED,   /* has a timer */
    FK_THREAD_BLOCKED, /* blocks the signal: a timer would disturb sigwait */
    FK_THREAD_REFUSED, /* the kernel gave it no timer */
};

struct fk_thread {
    _Atomic pid_t tid; /* 0: the record is free */
    _Atomic enum fk_thread_state state;
    _Atomic int timer;              /* kernel's id or FK_NO_TIMER */
    uint32_t seen;                  /* number of the scan that saw it last */
    uint32_t look_tries, look_wait; /* of cputimer.c, without a timer */
    bool idle_once; /* CPU time moved without a signal at the last audit */
    int64_t audit_cpu_ns;
    uint64_t audit_weight;
    int64_t begin_ns;      /* its CPU clock when its timer was armed */
    uint64_t begin_weight; /* and what it had been sampled with by then */
    uint32_t stack_tries, stack_wait; /* of stacks.c */
    char name[16];

    /* handler: its stack [lo, hi), 0 = not known yet; where the stack
     * pointer and the thread pointer were when it lay outside. */
    _Atomic uintptr_t stack_lo, stack_hi;
    _Atomic uintptr_t strange_sp, strange_tp;
    _Atomic uint64_t weight;  /* of all its samples */
    _Atomic uint64_t owed_ns; /* waited for a CPU, told by wall.c */
    int64_t grid_ns;          /* of its CPU clock: the period at hand */
    flamekit_labels last_labels;
    uint32_t last_depth, last_flags; /* of the stack in pcs */
    uintptr_t pcs[FK_TRACE_MAX];
};

extern struct fk_thread *fk_registry_slab; /* NULL until mapped */

/* Map the records, once; they are never unmapped. False without memory. */
bool fk_registry_init(void);
void fk_registry_lock(void);
void fk_registry_unlock(void);

/* Is this the address of a record? Async-signal-safe. */
static inline bool fk_registry_owns(const void *record)
{
    uintptr_t at = (uintptr_t)record - (uintptr_t)fk_registry_slab;
    return fk_registry_slab != NULL &&
           at < FK_THREADS_MAX * sizeof(struct fk_thread) &&
           at % sizeof(struct fk_thread) == 0;
}

/* ---- with the lock held --------------------------------------------------*/

/* Look at /proc/self/task. `gone` is called for records whose thread has
 * ended, just before they are freed. False when /proc is not there. */
bool fk_registry_scan(void (*gone)(struct fk_thread *thread));
struct fk_thread *fk_registry_add(pid_t tid); /* or the one it has; or NULL */
void fk_registry_remove(struct fk_thread *thread);
struct fk_thread *fk_registry_find(pid_t tid);
/* Loop: for (t = fk_registry_next(NULL); t; t = fk_registry_next(t)) */
struct fk_thread *fk_registry_next(struct fk_thread *after);
/* Never sample this thread: one of ours. At most FK_EXCLUDED_MAX. */
void fk_registry_exclude(pid_t tid);
uint32_t fk_registry_excluded(void); /* how many */
/* Forget all threads. */
void fk_registry_clear(void);

/* No lock: a number that is another one after any thread came or went, and
 * how many records of the slab may be taken. */
uint32_t fk_registry_changes(void);
uint32_t fk_registry_used(void);

/* Threads of the last scan that found no free record. */
uint32_t fk_registry_without_record(void);
size_t fk_registry_bytes(void); /* address space of the records in use */

#endif
