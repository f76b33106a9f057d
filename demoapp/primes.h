/*
 * Counting primes twice: the same answer for sixty times the work. The cost
 * is a count of divisions, never a time, so a busy machine does not change
 * what a profile shows. Thread-safe; no state.
 */
#ifndef FK_DEMOAPP_PRIMES_H
#define FK_DEMOAPP_PRIMES_H

#include <stdint.h>

enum { PRIMES_LIMIT = 300000 }; /* the limit both endpoints count to */

/* How many primes are below `limit`? By trial division, about 20 ms. */
uint32_t compute_primes_slow(uint32_t limit);
/* The same by a sieve of odd numbers, about 0.3 ms. limit <= PRIMES_LIMIT. */
uint32_t compute_primes_fast(uint32_t limit);

#endif
