/* SplitMix64 as a counter-based generator: value k of a seed is a pure
 * function of both, so threads and order never change what is drawn. */
#ifndef FK_COMMON_RNG_H
#define FK_COMMON_RNG_H

#include <stdint.h>

uint64_t fk_rng_at(uint64_t seed, uint64_t k);
double fk_rng_unit(uint64_t x);                /* [0,1) from 64 random bits */
uint64_t fk_rng_below(uint64_t x, uint64_t n); /* [0,n), n > 0 */

#endif
