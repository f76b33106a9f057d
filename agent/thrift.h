/*
 * Keeps a thread that works in rounds within its share of a core: tells by
 * how much the pauses between rounds are to be stretched. Of one thread.
 */
#ifndef FK_AGENT_THRIFT_H
#define FK_AGENT_THRIFT_H

#include <stdint.h>

#define FK_THRIFT_MAX 64.0

struct fk_thrift {
    double stretch;    /* 1 to FK_THRIFT_MAX */
    unsigned rounds;   /* in this window */
    int64_t window_ns; /* of the monotonic clock: when the window began */
    int64_t window_cpu_ns;
};

void fk_thrift_init(struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns);
/* After a round: once a window is over the stretch follows what was used of
 * `share`, by a factor of two at most, and aims a fifth below it. */
void fk_thrift_update(
    struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns, double share);

#endif
