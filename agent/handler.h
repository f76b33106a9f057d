/*
 * The signal handler: registers to stack table, and nothing else. It loads
 * and stores memory that was mapped beforehand, in bounded loops, and makes
 * at most two system calls (timer_settime, process_vm_readv, and gettid once
 * a thread). No
 * malloc, no lock, no stdio, nothing of the dynamic loader; errno is kept.
 * tests/lint proves it by the undefined symbols of the object.
 */
#ifndef FK_AGENT_HANDLER_H
#define FK_AGENT_HANDLER_H

#include "agent/registry.h"

#include <signal.h>

struct fk_handler_config {
    struct fk_stacktab *cpu, *wall;
    int64_t period_ns;  /* between two signals */
    uint32_t max_depth; /* <= FK_TRACE_MAX */
    bool tell_threads;  /* samples of different threads stay apart */
};

/* Before the first timer. The table is never unmapped afterwards. */
void fk_handler_init(const struct fk_handler_config *config);
/* FLAMEKIT_PROFILE_*: where samples go. With 0 a late signal is ignored. */
void fk_handler_enable(unsigned types);
void fk_handler_on_signal(int signo, siginfo_t *info, void *context);
/* Periods of the calling thread that no signal told of. */
void fk_handler_credit(
    struct fk_thread *self, const struct fk_trace *trace, uint64_t weight);

/* True on this thread while the handler runs: for tests that make malloc and
 * locks fail then. */
extern _Thread_local volatile sig_atomic_t fk_handler_active;
/* In a forked child the thread has another id. */
void fk_handler_forget_tid(void);

#endif
