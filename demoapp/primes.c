#include "demoapp/primes.h"

#include "common/check.h"
#include "demoapp/teaching.h"

#include <stdbool.h>
#include <string.h>

static TEACHING bool is_prime_slow(uint32_t n)
{
    teaching_keep_frame();
    for (uint32_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n >= 2;
}

TEACHING uint32_t compute_primes_slow(uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < limit; n++)
        if (is_prime_slow(n))
            count++;
    return count;
}

TEACHING uint32_t compute_primes_fast(uint32_t limit)
{
    FK_ASSERT(limit <= PRIMES_LIMIT);
    if (limit < 3)
        return 0;
    /* composite[i] tells about the odd number 2i + 1. */
    bool composite[PRIMES_LIMIT / 2];
    memset(composite, 0, sizeof composite);
    uint32_t count = 1; /* the number 2 */
    for (uint32_t i = 1; i < limit / 2; i++) {
        if (composite[i])
            continue;
        count++;
        uint64_t n = 2 * (uint64_t)i + 1;
        for (uint64_t m = n * n / 2; m < limit / 2; m += n)
            composite[m] = true;
    }
    return count;
}
