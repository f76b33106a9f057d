/* Statistics of samples. */
#ifndef CLI_STATS_H
#define CLI_STATS_H

struct interval {
    double low, high;
};

/* Wilson's score interval for hits of n, 95 % (E. B. Wilson, JASA 1927). Of
 * no samples nothing is known: 0..1. */
struct interval stats_wilson(double hits, double n);
/* How many samples make a share of p known to +- half, 95 %. */
double stats_samples_needed(double p, double half);

#endif
