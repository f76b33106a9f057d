/*
 * The kernel's side of flamekit-perf: a CPU-clock event on every processor,
 * whose samples and news of processes arrive in one ring a processor
 * (agent/perf/ring.h). Knows perf_event_open(2); nothing else does. One
 * thread.
 */
#ifndef FK_AGENT_PERF_EVENTS_H
#define FK_AGENT_PERF_EVENTS_H

#include "agent/perf/ring.h"
#include "common/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define PERF_STACK_BYTES 16384 /* measured: 8 KiB cuts half of the stacks */

struct perf_events;

struct perf_want {
    pid_t pid;   /* 0: all processes */
    long hz;     /* a second of CPU time */
    bool kernel; /* with the kernel's part of the stacks */
};

/* NULL, and which privilege is missing in one sentence. What is left out for
 * want of a privilege is told to `note`, which is empty otherwise. */
struct perf_events *perf_events_open(
    const struct perf_want *want, struct fk_diag *note, struct fk_diag *diag);
void perf_events_close(struct perf_events *events);
/* Wait at most wait_ms for rings to fill, or until a signal; then hand on
 * everything in them. */
void perf_events_read(struct perf_events *events, int wait_ms,
    const struct perf_listener *listener);

#endif
