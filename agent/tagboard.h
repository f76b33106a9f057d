/*
 * Which tags does another thread have? A thread keeps its label set in a
 * thread-local that only its own signal handler can read; once it sets a tag
 * it also posts every change here, by thread id, for who looks from outside.
 *
 * Threads: fk_tagboard_post for the calling thread, fk_tagboard_of for any;
 * lock-free. An entry is freed by the end of its thread. Sets live as long as
 * the process, so what was read stays good.
 * Limits: FK_TAGBOARD_MAX entries; threads that find no room have no tags for
 * others.
 */
#ifndef FK_AGENT_TAGBOARD_H
#define FK_AGENT_TAGBOARD_H

#include "agent/flamekit.h"

#include <sys/types.h>

#define FK_TAGBOARD_MAX 8192

void fk_tagboard_post(flamekit_labels labels);
/* NULL: none, or never set one. */
flamekit_labels fk_tagboard_of(pid_t tid);
/* In a forked child: the calling thread is the only one left, and has another
 * id. */
void fk_tagboard_forget(void);

#endif
