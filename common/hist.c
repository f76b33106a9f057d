#include "common/hist.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Values below 128 have a bucket each; above, 128 buckets an octave. */
enum { STEP_BITS = 7, STEPS = 1 << STEP_BITS };

void fk_hist_reset(struct fk_hist *h)
{
    memset(h, 0, sizeof *h);
}

static size_t bucket_of(int64_t value)
{
    uint64_t v = (uint64_t)value;
    if (v < STEPS)
        return v;
    int octave = 63 - __builtin_clzll(v) - STEP_BITS;
    return (size_t)(octave + 1) * STEPS + (v >> octave) - STEPS;
}

int64_t fk_hist_value(size_t i)
{
    if (i < STEPS)
        return (int64_t)i;
    size_t octave = i / STEPS - 1;
    uint64_t low = (uint64_t)(i % STEPS + STEPS) << octave;
    return (int64_t)(low + ((1ull << octave) - 1) / 2);
}

void fk_hist_add(struct fk_hist *h, int64_t value)
{
    fk_hist_add_many(h, value, 1);
}

void fk_hist_add_many(struct fk_hist *h, int64_t value, uint64_t count)
{
    if (!count)
        return;
    if (value < 0)
        value = 0;
    if (!h->count || value < h->min)
        h->min = value;
    if (!h->count || value > h->max)
        h->max = value;
    h->count += count;
    h->sum += (double)value * (double)count;
    h->bucket[bucket_of(value)] += count;
}

void fk_hist_merge(struct fk_hist *into, const struct fk_hist *from)
{
    if (!from->count)
        return;
    if (!into->count || from->min < into->min)
        into->min = from->min;
    if (!into->count || from->max > into->max)
        into->max = from->max;
    into->count += from->count;
    into->sum += from->sum;
    for (size_t i = 0; i < FK_HIST_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
}

static int64_t within(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

int64_t fk_hist_quantile(const struct fk_hist *h, double q)
{
    if (!h->count)
        return 0;
    double wanted = ceil(q * (double)h->count);
    uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted, seen = 0;
    if (rank >= h->count)
        return h->max;
    size_t i = 0;
    while (seen + h->bucket[i] < rank)
        seen += h->bucket[i++];
    return within(fk_hist_value(i), h->min, h->max);
}

double fk_hist_mean(const struct fk_hist *h)
{
    return h->count ? h->sum / (double)h->count : 0;
}
