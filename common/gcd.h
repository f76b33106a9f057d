/* The greatest common divisor (Euclid); of 0 and b it is b. */
#ifndef FK_COMMON_GCD_H
#define FK_COMMON_GCD_H

#include <stdint.h>

static inline uint64_t fk_gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
