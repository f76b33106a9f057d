#include "tests/bench_estimate.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/rng.h"

#define SEED 7

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The least squares' slope of y over x. */
static double slope(const double *y, const double *x, size_t n)
{
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return xx > 0 ? xy / xx : 0;
}

/* Of sorted values, each there `times` over (NULL: once). */
static double trimmed_mean(
    const double *sorted, const unsigned *times, size_t n)
{
    double sum = 0;
    size_t cut = n / 10, at = 0, taken = 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned t = times ? times[i] : 1; t > 0; t--, at++)
            if (at >= cut && at < n - cut) {
                sum += sorted[i];
                taken++;
            }
    return sum / (double)taken;
}

static void sort_draws(struct bench_estimate *e)
{
    double sorted[BENCH_DRAWS];
    for (size_t i = 0; i < BENCH_DRAWS; i++)
        sorted[i] = e->draws[i];
    qsort(sorted, BENCH_DRAWS, sizeof(sorted[0]), ascending);
    e->lo = sorted[BENCH_DRAWS / 40];
    e->hi = sorted[BENCH_DRAWS - 1 - BENCH_DRAWS / 40];
}

void bench_estimate(struct bench_estimate *e, double *values,
    const double *disturbances, size_t n)
{
    double by = slope(values, disturbances, n);
    for (size_t i = 0; i < n; i++)
        values[i] -= by * disturbances[i];
    qsort(values, n, sizeof(values[0]), ascending);
    e->value = trimmed_mean(values, NULL, n);
    unsigned *times = malloc(n * sizeof(*times));
    if (times == NULL)
        abort();
    for (uint64_t draw = 0; draw < BENCH_DRAWS; draw++) {
        for (size_t i = 0; i < n; i++)
            times[i] = 0;
        for (size_t i = 0; i < n; i++)
            times[fk_rng_below(fk_rng_at(SEED, draw * n + i), n)]++;
        e->draws[draw] = trimmed_mean(values, times, n);
    }
    free(times);
    sort_draws(e);
}

void bench_estimate_ratio(struct bench_estimate *e,
    const struct bench_estimate *a, const struct bench_estimate *b)
{
    e->value = a->value / b->value;
    for (size_t i = 0; i < BENCH_DRAWS; i++)
        e->draws[i] = a->draws[i] / b->draws[(i + 1) % BENCH_DRAWS];
    sort_draws(e);
}
