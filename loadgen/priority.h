/*
 * Before whom a sending thread goes. A generator that waits for a core
 * measures itself.
 */
#ifndef FK_LOADGEN_PRIORITY_H
#define FK_LOADGEN_PRIORITY_H

#include <stdint.h>

enum priority {
    PRIORITY_NORMAL,
    PRIORITY_NICE,     /* before others of the same session */
    PRIORITY_REALTIME, /* before everybody; only when asked for */
};

/* What the calling thread took of the machine, so far. */
struct priority_cost {
    int64_t cpu_ns, wait_ns; /* on a core; ready, but without one */
};

const char *priority_name(enum priority priority);
/* For the calling thread; less than wanted when the system refuses. */
enum priority priority_take(enum priority wanted);
/* The kernel's own account; one without it leaves *out as it is. */
void priority_read_cost(struct priority_cost *out);

#endif
