/* The whole spectrum of latencies, in the text form of HdrHistogram. */
#include "loadgen/summary.h"

#include "common/clock.h"

#include <math.h>

/* Lines for each halving of what is left to 100 %. */
enum { TICKS = 5 };

static void line(struct fk_buf *out, double value_ms, uint64_t below,
    const struct fk_hist *h)
{
    double share = (double)below / (double)h->count;
    fk_buf_printf(out, "%12.3f %2.12f %10llu", value_ms, share,
        (unsigned long long)below);
    if (below < h->count)
        fk_buf_printf(out, " %14.2f", 1 / (1 - share));
    fk_buf_addc(out, '\n');
}

/* The next share to print, by how far it is to 100 %. */
static double next_share(double share)
{
    double halvings = floor(log2(1 / (1 - share))) + 1;
    return share + 1 / (TICKS * exp2(halvings));
}

static double deviation(const struct fk_hist *h, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < FK_HIST_BUCKETS; i++) {
        double off = (double)fk_hist_value(i) - mean;
        sum += (double)h->bucket[i] * off * off;
    }
    return h->count ? sqrt(sum / (double)h->count) : 0;
}

static void lines(struct fk_buf *out, const struct fk_hist *h)
{
    uint64_t below = 0;
    double share = 0;
    for (size_t i = 0; i < FK_HIST_BUCKETS && below < h->count; i++) {
        if (!h->bucket[i])
            continue;
        below += h->bucket[i];
        if (below < h->count && (double)below < share * (double)h->count)
            continue;
        int64_t value = fk_hist_value(i);
        line(out, (double)(value < h->max ? value : h->max) / FK_NS_PER_MS,
            below, h);
        while (below < h->count && share * (double)h->count <= (double)below)
            share = next_share(share);
    }
}

void summary_hgrm(const struct report *r, struct fk_buf *out)
{
    const struct fk_hist *h = &r->all.tally->response;
    double mean = fk_hist_mean(h);
    fk_buf_printf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
        "TotalCount", "1/(1-Percentile)");
    lines(out, h);
    fk_buf_printf(out,
        "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n"
        "#[Max     = %12.3f, Total count    = %12llu]\n"
        "#[Buckets = %12d, SubBuckets     = %12d]\n",
        mean / FK_NS_PER_MS, deviation(h, mean) / FK_NS_PER_MS,
        (double)(h->count ? h->max : 0) / FK_NS_PER_MS,
        (unsigned long long)h->count, FK_HIST_BUCKETS / 128, 128);
}
