/*
 * Copies memory of our own process that may be gone the next moment: another
 * thread's stack, a library being unloaded. The kernel does the reading, so a
 * missing page is a short count and not a signal.
 *
 * Async-signal-safe, any thread, keeps errno.
 */
#ifndef FK_AGENT_PEEK_H
#define FK_AGENT_PEEK_H

#include <stddef.h>
#include <stdint.h>

/* Bytes copied from the front of [from, from + size); 0 when none. */
size_t fk_peek(void *to, uintptr_t from, size_t size);

#endif
