#include "common/hist.h"
#include "tests/tap.h"

#include <math.h>

static struct fk_hist h, other;

TEST(an_empty_histogram_answers_zero)
{
    fk_hist_reset(&h);
    CHECK_INT(fk_hist_quantile(&h, 0.5), 0);
    CHECK(fk_hist_mean(&h) == 0);
}

TEST(small_values_are_exact)
{
    fk_hist_reset(&h);
    for (int64_t v = 0; v <= 100; v++)
        fk_hist_add(&h, v);
    CHECK_INT(fk_hist_quantile(&h, 0), 0);
    CHECK_INT(fk_hist_quantile(&h, 0.5), 50);
    CHECK_INT(fk_hist_quantile(&h, 0.99), 99);
    CHECK_INT(fk_hist_quantile(&h, 1), 100);
    CHECK(fk_hist_mean(&h) == 50.0);
}

/* One value of every size: what comes back is within 0.8 %. */
TEST(relative_error_is_bounded)
{
    for (double v = 1; v < 9.2e18; v *= 1.0371) {
        int64_t value = (int64_t)v;
        fk_hist_reset(&h);
        fk_hist_add(&h, value - value / 4);
        fk_hist_add(&h, value);
        fk_hist_add(&h, INT64_MAX);
        double got = (double)fk_hist_quantile(&h, 0.5);
        if (fabs(got - (double)value) > 0.008 * (double)value)
            tap_fail(__FILE__, __LINE__, "%.0f came back as %.0f", v, got);
    }
}

TEST(extremes_have_buckets)
{
    fk_hist_reset(&h);
    fk_hist_add(&h, -5);
    fk_hist_add(&h, INT64_MAX);
    CHECK_INT(h.min, 0);
    CHECK_INT(fk_hist_quantile(&h, 1), INT64_MAX);
    CHECK_INT(fk_hist_quantile(&h, 0.1), 0);
    CHECK_INT(h.count, 2);
}

TEST(merging_is_adding_everything_to_one)
{
    static struct fk_hist all;
    fk_hist_reset(&h);
    fk_hist_reset(&other);
    fk_hist_reset(&all);
    fk_hist_merge(&h, &other);
    CHECK_INT(h.count, 0);
    for (int64_t v = 1; v < 1000000; v = v * 3 / 2 + 1) {
        fk_hist_add(v % 2 ? &h : &other, v);
        fk_hist_add(&all, v);
    }
    fk_hist_merge(&h, &other);
    CHECK_INT(h.count, all.count);
    CHECK_INT(h.min, all.min);
    CHECK_INT(h.max, all.max);
    for (double q = 0; q <= 1; q += 0.05)
        CHECK_INT(fk_hist_quantile(&h, q), fk_hist_quantile(&all, q));
}

TAP_MAIN
