/*
 * What many noisy differences say together: their mean without the outer
 * tenths, and where 95 of 100 such means would lie had they been drawn again
 * (bootstrap).
 */
#ifndef FK_TESTS_BENCH_ESTIMATE_H
#define FK_TESTS_BENCH_ESTIMATE_H

#include <stddef.h>

enum { BENCH_DRAWS = 1000 };

struct bench_estimate {
    double value, lo, hi;
    double draws[BENCH_DRAWS];
};

/* Each value has a disturbance, which is 0 on average: what goes up and down
 * with it is taken out. Sorts and changes `values`; n > 0. */
void bench_estimate(struct bench_estimate *e, double *values,
    const double *disturbances, size_t n);
/* a / b, which were measured apart. */
void bench_estimate_ratio(struct bench_estimate *e,
    const struct bench_estimate *a, const struct bench_estimate *b);

#endif
