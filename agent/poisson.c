#include "agent/poisson.h"

#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#define LN_2     0.69314718055994531
#define CERTAIN  40.0 /* exp(-40) is nothing beside 1 */
#define SMALL    0.05
#define MANTISSA 52
#define EXP_BIAS 1023
#define FRACTION ((1ull << MANTISSA) - 1)

uint64_t fk_poisson_draw(void)
{
    static _Thread_local uint64_t draws;
    if (draws == 0)
        draws = (uint64_t)fk_mono_ns() ^ (uintptr_t)&draws << 20;
    return fk_rng_at(fk_hash_seed(), draws++);
}

/* x in (0, 1]: mantissa m in [1, 2) by the series of atanh((m-1) / (m+1)),
 * right to 1e-7. */
static double log_of(double x)
{
    uint64_t bits;
    double m;
    memcpy(&bits, &x, sizeof(bits));
    int exponent = (int)(bits >> MANTISSA) - EXP_BIAS;
    bits = (bits & FRACTION) | (uint64_t)EXP_BIAS << MANTISSA;
    memcpy(&m, &bits, sizeof(m));
    double t = (m - 1) / (m + 1), s = t * t;
    double series =
        1 + s * (1. / 3 + s * (1. / 5 + s * (1. / 7 + s * (1. / 9 + s / 11))));
    return exponent * LN_2 + 2 * t * series;
}

/* 1 - exp(-x) without cancellation: a short series for small x, and
 * 1 - exp(-2x) = y * (2 - y) for the way back up. */
static double one_minus_exp(double x)
{
    int halved = 0;
    while (x > SMALL) {
        x /= 2;
        halved++;
    }
    double y = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5))));
    while (halved-- > 0)
        y = y * (2 - y);
    return y;
}

int64_t fk_poisson_distance(uint64_t random, uint64_t mean)
{
    double u = 1 - fk_rng_unit(random);
    return 1 + (int64_t)(-log_of(u) * (double)mean);
}

double fk_poisson_weight(uint64_t size, uint64_t mean)
{
    double x = (double)size / (double)mean;
    if (size == 0)
        return 1;
    return x > CERTAIN ? 1 : 1 / one_minus_exp(x);
}

int64_t fk_poisson_round(double value, uint64_t random)
{
    int64_t whole = (int64_t)value;
    return whole + (fk_rng_unit(random) < value - (double)whole);
}
