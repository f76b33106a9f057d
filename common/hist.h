/*
 * Log-linear histogram of nanoseconds: 128 linear steps an octave, relative
 * error under 0.8 %, 58 KiB, values up to 2^63 - 1; negative ones count as 0.
 * Merging adds counts, so percentiles of merged histograms are exact to the
 * same error; percentiles themselves are never averaged. Not thread-safe.
 */
#ifndef FK_COMMON_HIST_H
#define FK_COMMON_HIST_H

#include <stddef.h>
#include <stdint.h>

enum { FK_HIST_BUCKETS = 7424 }; /* 128 + 57 octaves x 128 */

struct fk_hist {
    uint64_t count;
    int64_t min, max;
    double sum;
    uint64_t bucket[FK_HIST_BUCKETS];
};

void fk_hist_reset(struct fk_hist *h);
void fk_hist_add(struct fk_hist *h, int64_t value);
void fk_hist_add_many(struct fk_hist *h, int64_t value, uint64_t count);
void fk_hist_merge(struct fk_hist *into, const struct fk_hist *from);
/* q in 0..1; the middle of the bucket that holds it; 0 when empty. */
int64_t fk_hist_quantile(const struct fk_hist *h, double q);
/* The middle of bucket i, which stands for all values in it. */
int64_t fk_hist_value(size_t i);
double fk_hist_mean(const struct fk_hist *h);

#endif
