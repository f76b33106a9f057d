/* See stats.h. */
#include "cli/stats.h"

#include <math.h>

static const double Z95 = 1.959964;

struct interval stats_wilson(double hits, double n)
{
    if (n <= 0)
        return (struct interval){0, 1};
    double p = hits / n, z2 = Z95 * Z95;
    double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return (struct interval){fmax(0, centre - half), fmin(1, centre + half)};
}

double stats_samples_needed(double p, double half)
{
    return ceil(Z95 * Z95 * p * (1 - p) / (half * half));
}
