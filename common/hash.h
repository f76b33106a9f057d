/* Fast non-cryptographic hashing. Seed it per process wherever strangers
 * choose the keys (fk_hash_seed). */
#ifndef FK_COMMON_HASH_H
#define FK_COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t fk_hash_mix(uint64_t x); /* SplitMix64's finaliser; a bijection */
uint64_t fk_hash_bytes(uint64_t seed, const void *bytes, size_t n);
uint64_t fk_hash_seed(void); /* random, the same for the process's life */
/* CRC-32C (Castagnoli), for stored blobs; start with 0. */
uint32_t fk_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
