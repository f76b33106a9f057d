#include "server/attime.h"
#include "tests/tap.h"

#define S 1000000000ll

static const struct {
    const char *text;
    int64_t ns; /* with now = 2020-01-01 */
} cases[] = {
    {"", 1577836800 * S},
    {"now", 1577836800 * S},
    {"tomorrow", 1577836800 * S},
    {"now-1s", 1577836799 * S},
    {"now+1s", 1577836801 * S},
    {" now - 1 h ", 1577833200 * S},
    {"anything-1h", 1577833200 * S},
    {"-1h", 1577833200 * S},
    {"now-1min", 1577836740 * S},
    {"now-1m", 1577836740 * S},
    {"now-1minute", 1577836740 * S},
    {"now-1h30m", 1577831400 * S},
    {"now-1d", 1577750400 * S},
    {"now-1w", 1577232000 * S},
    {"now-1mon", 1575244800 * S},
    {"now-1month", 1575244800 * S},
    {"now-1M", 1575244800 * S},
    {"now-1y", 1546300800 * S},
    {"now-1", 1577836800 * S},
    {"now-1fortnight", 1577836800 * S},
    {"now-", 1577836800 * S},
    {"now-h", 1577836800 * S},
    {"0", 0},
    {"20200101", 1577836800 * S},
    {"20240229", 1709164800 * S},
    {"20230229", 20230229 * S}, /* no such day: seconds */
    {"19000101", 19000101 * S},
    {"1577836800", 1577836800 * S},
    {"1_577_836_800", 1577836800 * S},
    {"1577836800001", 1577836800001 * 1000000},
    {"1577836800000001", 1577836800000001 * 1000},
    {"1577836800000000001", 1577836800000000001},
    {"99999999999999999999999", INT64_MAX},
    {"now-99999999999y", INT64_MIN},
    {"now+99999999999y", INT64_MAX},
};

TEST(attime_understands_every_text)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = attime_parse(fk_slice_of(cases[i].text), 1577836800 * S);
        if (cases[i].ns == INT64_MIN)
            CHECK(ns < 0);
        else if (ns != cases[i].ns)
            tap_fail(__FILE__, __LINE__, "\"%s\": got %lld, want %lld",
                cases[i].text, (long long)ns, (long long)cases[i].ns);
    }
}

TEST(attime_ignores_what_is_too_long)
{
    char text[1000];
    memset(text, '9', sizeof text);
    CHECK_INT(attime_parse((struct fk_slice){text, sizeof text}, 0), INT64_MAX);
    memset(text, '\0', sizeof text);
    CHECK_INT(attime_parse((struct fk_slice){text, sizeof text}, 7), 7);
}

TAP_MAIN
