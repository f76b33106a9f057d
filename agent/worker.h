/*
 * The agent's thread. Ten times a second it looks for new threads and loaded
 * code; once an interval it turns the stack table into a profile, queues it
 * and uploads what is queued. It sleeps to absolute times, blocks all
 * signals, is called flamekit-agent and is never sampled itself.
 *
 * Threads: start, stop, fork functions under the lifecycle lock of agent.c;
 * flush from any thread.
 */
#ifndef FK_AGENT_WORKER_H
#define FK_AGENT_WORKER_H

#include "agent/config.h"
#include "agent/stacktab.h"

/* `config` and the tables must outlive the thread. 0 or -errno. */
int fk_worker_start(const flamekit_config *config, struct fk_stacktab *cpu,
    struct fk_stacktab *wall);
/* Collect and upload now; results of flamekit_flush. */
int fk_worker_flush(unsigned timeout_ms);
/* Final upload, at most until `deadline_ns` (monotonic), then join. False:
 * the thread did not come back in time and was left behind. */
bool fk_worker_stop(int64_t deadline_ns);
/* May threads get timers? True once the first unwind tables are there. */
bool fk_worker_ready(void);
int64_t fk_worker_cpu_ns(void);
size_t fk_worker_table_bytes(void); /* unwind tables */

/* Waits for the work under way, at most so long. */
void fk_worker_fork_prepare(int64_t wait_ns);
void fk_worker_fork_parent(void);
/* False: the thread was in the middle of its work, and what it left behind in
 * this copy of the process cannot be used again. */
bool fk_worker_fork_child(void);

#endif
