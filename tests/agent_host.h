/*
 * What tests of the whole agent share: a host program that burns CPU, and a
 * server that takes what the agent sends. One a process, which is one a test.
 */
#ifndef FK_TESTS_AGENT_HOST_H
#define FK_TESTS_AGENT_HOST_H

#include "agent/flamekit.h"
#include "tests/fakeserver.h"
#include "tests/received.h"

#include <stdint.h>
#include <sys/types.h>

#ifdef FK_SANITIZED
#define HOST_FULL(n, less) (less) /* instrumented code is slow */
#else
#define HOST_FULL(n, less) (n)
#endif

struct fake_server *host_server(void); /* started when first asked for */
/* Uploads once an hour, so that the test decides when. */
flamekit_config host_config(unsigned rate);
/* Configure, and register the calling thread. */
void host_start(unsigned rate);
flamekit_stats host_stats(void);
/* Until the agent has its tables and this thread its timer. */
void host_wait_sampled(void);

int64_t host_cpu_ns(void); /* of the calling thread */
void host_spin(unsigned rounds);
void host_burn(int64_t cpu_ns);
void host_nap_ms(int64_t ms);

/* A child must end by itself, with status 0. */
void host_child_ends(pid_t pid);
/* Through the exit handlers, but not through a leak checker, which would want
 * to see the threads of the parent. */
_Noreturn void host_exit(void);

#endif
