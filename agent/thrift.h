/*
 * Keeps a thread within its share of a core. Level 0 does everything; each
 * level above halves the work. Looked at by its own thread only.
 */
#ifndef FK_AGENT_THRIFT_H
#define FK_AGENT_THRIFT_H

#include <stdint.h>

#define FK_THRIFT_MAX 10

struct fk_thrift {
    unsigned level;
    int64_t window_ns; /* of the monotonic clock: when the window began */
    int64_t window_cpu_ns;
};

/* After each round, with the clocks: adapts the level, a window at a time, so
 * that cpu stays below `share` of the elapsed time. */
void fk_thrift_update(
    struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns, double share);

#endif
