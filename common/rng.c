#include "common/rng.h"

#include "common/hash.h"

uint64_t fk_rng_at(uint64_t seed, uint64_t k)
{
    return fk_hash_mix(seed + (k + 1) * 0x9E3779B97F4A7C15u);
}

double fk_rng_unit(uint64_t x)
{
    return (double)(x >> 11) * 0x1p-53;
}

/* The upper half of the product; its bias is n / 2^64, which no plan of ours
 * can notice. */
uint64_t fk_rng_below(uint64_t x, uint64_t n)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)x * n) >> 64);
}
