/*
 * The clients of a closed loop that are not asking: when each will ask again.
 * All of a phase think for the same time, so who was answered first is ready
 * first. Not thread-safe.
 */
#ifndef FK_LOADGEN_CLIENTS_H
#define FK_LOADGEN_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

struct clients {
    int64_t *ready_ns; /* a ring */
    uint32_t count, first, num_ready;
};

/* All of them are ready at `start_ns`; without any, nothing is allocated. */
void clients_init(struct clients *c, uint32_t count, int64_t start_ns);
void clients_fini(struct clients *c);

/* When the next one asks; INT64_MAX while all of them wait for answers. */
int64_t clients_next(const struct clients *c);
/* The next one asks, if it is ready now; *ready_ns = since when. */
bool clients_take(struct clients *c, int64_t now_ns, int64_t *ready_ns);
/* One was answered, and is ready again then: not before those who are. */
void clients_add(struct clients *c, int64_t ready_ns);

#endif
