#include "common/clock.h"
#include "tests/tap.h"

TEST(durations)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ns;
    } rows[] = {
        {"0", true, 0},
        {"0s", true, 0},
        {"1ns", true, 1},
        {"2us", true, 2000},
        {"250ms", true, 250 * FK_NS_PER_MS},
        {"30s", true, 30 * FK_NS_PER_S},
        {"2m", true, 120 * FK_NS_PER_S},
        {"1h30m", true, 5400 * FK_NS_PER_S},
        {"7d", true, 7 * 86400 * FK_NS_PER_S},
        {"1.5s", true, 1500 * FK_NS_PER_MS},
        {"0.25m", true, 15 * FK_NS_PER_S},
        {"1.0000000000000001s", true, FK_NS_PER_S},
        {"9223372036854775807ns", true, INT64_MAX},
        {"9223372036854775808ns", false, 0},
        {"106752d", false, 0},
        {"9223372036s9223372036s", false, 0},
        {"", false, 0},
        {"5", false, 0},
        {"s", false, 0},
        {"-5s", false, 0},
        {"5 s", false, 0},
        {"5s ", false, 0},
        {"5x", false, 0},
        {"1.s", false, 0},
        {".5s", false, 0},
        {"1s30", false, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns = -7;
        bool ok = fk_duration_parse(rows[i].text, &ns);
        if (ok != rows[i].ok || ns != (ok ? rows[i].ns : -7))
            tap_fail(__FILE__, __LINE__, "'%s' gave %d, %lld", rows[i].text, ok,
                (long long)ns);
    }
}

TEST(clocks_go_forward)
{
    int64_t wall = fk_wall_ns(), mono = fk_mono_ns(), cpu = fk_cpu_ns();
    CHECK(wall > 1600000000 * FK_NS_PER_S);
    volatile unsigned work = 0;
    while (fk_cpu_ns() - cpu < 2 * FK_NS_PER_MS)
        work++;
    CHECK(fk_mono_ns() - mono >= FK_NS_PER_MS);
}

TEST(sleep_ends_no_earlier_than_its_deadline)
{
    int64_t deadline = fk_mono_ns() + 5 * FK_NS_PER_MS;
    fk_sleep_until_mono(deadline);
    CHECK(fk_mono_ns() >= deadline);
    fk_sleep_until_mono(deadline - FK_NS_PER_S); /* past: at once */
    fk_sleep_until_mono(-5);
}

TAP_MAIN
