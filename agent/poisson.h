/*
 * Sampling an amount at a mean distance: every byte (or nanosecond) has the
 * same chance, whatever the size of the piece it comes in. Any thread; the C
 * library's mathematics are not needed.
 */
#ifndef FK_AGENT_POISSON_H
#define FK_AGENT_POISSON_H

#include <stdint.h>

/* Random bits, of a stream of the calling thread's own. */
uint64_t fk_poisson_draw(void);

/* From 64 random bits: how far to the next sample; at least 1. */
int64_t fk_poisson_distance(uint64_t random, uint64_t mean);
/* For how many pieces of `size` one that was sampled stands:
 * 1 / (1 - exp(-size / mean)). */
double fk_poisson_weight(uint64_t size, uint64_t mean);
/* To a whole number, up or down by chance, so that sums stay right. */
int64_t fk_poisson_round(double value, uint64_t random);

#endif
