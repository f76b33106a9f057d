/*
 * The frame pointer of a function that has one, when only its stack is known:
 * a blocked thread seen from outside shows pc and sp and nothing else. Where
 * frames were pushed the caller's pair (saved frame pointer, return address)
 * is on the stack; the first pair upwards that makes sense is it.
 *
 * Reads the stack it is given, and code through fk_peek, because it may be
 * unmapped at any time. Bounded; allocates nothing; any thread.
 */
#ifndef FK_AGENT_FPSCAN_H
#define FK_AGENT_FPSCAN_H

#include "agent/unwind.h"

/* `rule`, the one of `pc`, has fk_rule.base == FK_BASE_FP. False: no pair. */
bool fk_fpscan(const struct fk_objects *objects, const struct fk_stack *stack,
    uintptr_t sp, uintptr_t pc, const struct fk_rule *rule, uintptr_t *fp);

#endif
