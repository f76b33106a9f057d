/*
 * Pages that exist before a signal handler writes to them: the kernel maps a
 * page when it is first written to, and takes ten microseconds and more for
 * it, which would be the host's time.
 *
 * Any thread. The contents do not change. Where the kernel does not know the
 * request (before Linux 5.14) nothing happens, and the handler pays.
 */
#ifndef FK_AGENT_PAGES_H
#define FK_AGENT_PAGES_H

#include <stddef.h>

/* All pages of [at, at + size), and what lies beside it in the outer ones. */
void fk_pages_populate(void *at, size_t size);

#endif
