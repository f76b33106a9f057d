/*
 * What is seen through interposed functions, as one: the heap and the locks.
 * Threads: under the lifecycle lock of agent.c.
 */
#ifndef FK_AGENT_HOOKS_H
#define FK_AGENT_HOOKS_H

#include "agent/collect.h"

/* `types` and those whose interposers are in this process. */
unsigned fk_hooks_known(unsigned types);
/* On and off by the bits of `types`; logs what cannot be. */
void fk_hooks_switch(const flamekit_config *config, unsigned types);
void fk_hooks_stop(void);
void fk_hooks_add_sources(struct fk_collect *c, const flamekit_config *config);

void fk_hooks_fork_prepare(void);
void fk_hooks_fork_done(void);

#endif
