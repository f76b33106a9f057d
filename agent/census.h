/*
 * When to look through all threads of the process again: ten times a second,
 * unless that costs too much of a core, as it does with thousands of threads.
 * How many there are is known without looking, so that new ones are not waited
 * for. Owner: the agent thread.
 */
#ifndef FK_AGENT_CENSUS_H
#define FK_AGENT_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

struct fk_census {
    uint64_t threads; /* when they were last looked through */
    int64_t at_ns;    /* monotonic; 0: never */
    int64_t cost_ns;  /* of CPU time, that time */
};

/* `threads`: how many there are now. */
bool fk_census_due(const struct fk_census *c, int64_t now_ns, uint64_t threads);
void fk_census_taken(
    struct fk_census *c, int64_t now_ns, uint64_t threads, int64_t cost_ns);

/* The threads of this process, by one system call; 0 where /proc does not
 * say. */
uint64_t fk_census_threads(void);

#endif
