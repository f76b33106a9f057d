/*
 * One function an endpoint; the endpoint table calls them. Each answers JSON
 * into the call and never fails. Thread-safe.
 */
#ifndef FK_DEMOAPP_HANDLERS_H
#define FK_DEMOAPP_HANDLERS_H

#include "demoapp/call.h"

#include <stdint.h>

void handle_index(struct call *c);
void handle_primes_slow(struct call *c);
void handle_primes_fast(struct call *c);
void handle_hash(struct call *c);
void handle_hash_cached(struct call *c);
void handle_slow_io(struct call *c);
void handle_healthz(struct call *c);
void handle_hello(struct call *c);
void handle_hello_profiler(struct call *c);
/* lessons.c */
void handle_mixed(struct call *c);
void handle_report(struct call *c);
void handle_session(struct call *c);
void handle_locked(struct call *c);
void handle_spin(struct call *c);
void handle_faults(struct call *c);
void handle_flush(struct call *c);

/* The pretended disk: sleeps until 200 ms from now have passed, however often
 * a profiler's signal wakes it. Returns how late it woke, in ns. */
int64_t simulate_io(int64_t ms);

#endif
