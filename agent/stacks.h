/*
 * Where the threads' stacks lie. A handler may read the live stack only
 * between bounds that are known to stay mapped as long as the thread lives;
 * anything else (coroutines, alternate signal stacks, a thread's first
 * sample) is copied before it is read.
 *
 * A handler that finds its stack pointer outside the bounds of its record
 * asks with fk_stacks_ask; fk_stacks_learn, on the agent thread with the
 * registry locked, looks it up in /proc/self/maps.
 */
#ifndef FK_AGENT_STACKS_H
#define FK_AGENT_STACKS_H

#include "agent/registry.h"

#include <stdio.h>

/* handler: this thread was met with such registers. */
void fk_stacks_ask(struct fk_thread *self, uintptr_t sp, uintptr_t tp);
/* Reads the map at most once, and does nothing when nobody asks. */
void fk_stacks_learn(void);
/* The same from an open listing, for tests. */
void fk_stacks_learn_from(FILE *maps);

#endif
