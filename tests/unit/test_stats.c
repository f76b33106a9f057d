/* cli/stats.c against values computed by hand from Wilson's formula. */
#include "cli/stats.h"
#include "tests/tap.h"

#include <math.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 0.0006;
}

TEST(wilson_of_known_cases)
{
    static const struct {
        double hits, n, low, high;
    } rows[] = {
        {0, 10, 0, 0.2775}, /* never below zero, never surely absent */
        {0, 300, 0, 0.0126},
        {50, 100, 0.4038, 0.5962},
        {90, 100, 0.8256, 0.9448},
        {10, 10, 0.7225, 1},
        {0, 0, 0, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct interval w = stats_wilson(rows[i].hits, rows[i].n);
        tap_diag(
            "%g of %g: %.4f..%.4f", rows[i].hits, rows[i].n, w.low, w.high);
        CHECK(near(w.low, rows[i].low) && near(w.high, rows[i].high));
    }
}

/* The table students get (workshop 3.2). */
TEST(samples_needed_as_in_the_cheat_sheet)
{
    CHECK_INT(stats_samples_needed(0.5, 0.05), 385);
    CHECK_INT(stats_samples_needed(0.1, 0.05), 139);
    CHECK_INT(stats_samples_needed(0.05, 0.01), 1825);
}

TAP_MAIN
