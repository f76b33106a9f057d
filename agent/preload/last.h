/*
 * The last thread of the host ends the process. The C library counts the
 * agent's threads as well and would not; and once the last one is gone nobody
 * has the host's files any more, which its exit handlers may write to. What is
 * not counted here, such as threads of thrd_create, agent/ending.h sees.
 */
#ifndef FK_AGENT_PRELOAD_LAST_H
#define FK_AGENT_PRELOAD_LAST_H

/* One thread more, one less that could not be made. */
void fk_last_add(void);
void fk_last_undo(void);
/* On a thread that was added: it will be seen to leave. */
void fk_last_watch(void);

#endif
