#include "server/timeline.h"
#include "tests/tap.h"

TEST(timeline_step_is_round_and_at_least_15_s)
{
    static const struct {
        int64_t range_s, step_s;
    } rows[] = {
        {0, 15},
        {1, 15},
        {3600, 15},
        {26250, 15},
        {26252, 20},
        {604800, 300},
        {2592000, 1800},
        {15552000, 10800},
        {31104000, 21600},
        {62208000, 43200},
        {3628800ll * 1500, 2592000},
        {3628801ll * 1500, 31536000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(timeline_step_s(7000, 7000 + rows[i].range_s * 1000),
            rows[i].step_s);
}

struct point {
    int64_t time_ms;
    double value;
};

static const struct {
    int64_t from_ms, until_ms, step_s;
    struct point points[5];
    const char *json; /* start and samples */
} cases[] = {
    {1692395965, 1692405965, 10, {{1692395965, 99}},
        "{\"startTime\":1692390,\"samples\":[99],"},
    {1692397017190, 1692397137190, 10, {{1692397077190, 99}},
        "{\"startTime\":1692397010,\"samples\":[0,0,0,0,0,0,99,0,0,0,0,0],"},
    {1692397658567, 1692397778567, 10,
        {{1692397718567, 99}, {1692397738567, 98}},
        "{\"startTime\":1692397650,\"samples\":[0,0,0,0,0,0,99,0,98,0,0,0],"},
    {0, 10000, 1, {{2000, 69}, {3000, 83}, {6000, 85}, {8000, 91}},
        "{\"startTime\":0,\"samples\":[0,0,69,83,0,0,85,0,91,0],"},
    {5000, 5000, 15, {{5000, 1}}, "{\"startTime\":0,\"samples\":[],"},
    /* Outside, negative, larger than any integer. */
    {30000, 60000, 15, {{29999, 5}, {60000, 5}, {45000, -1}, {30000, 1e300}},
        "{\"startTime\":30,\"samples\":[9223372036854775807,0],"},
    {-20000, -4000, 10, {{-15000, 3}}, "{\"startTime\":-20,\"samples\":[3],"},
};

TEST(timeline_puts_points_into_slots)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct timeline t;
        struct fk_buf out;
        struct fk_json json;
        fk_buf_init(&out, 4096);
        fk_json_init(&json, &out);
        CHECK(timeline_init(&t, cases[i].from_ms, cases[i].until_ms,
                  cases[i].step_s) == FK_OK);
        for (size_t p = 0; p < 5; p++)
            if (cases[i].points[p].value != 0)
                timeline_set(
                    &t, cases[i].points[p].time_ms, cases[i].points[p].value);
        timeline_write(&t, &json);
        size_t n = strlen(cases[i].json);
        CHECK(out.len > n);
        CHECK_MEM(out.ptr, n, cases[i].json, n);
        CHECK(strstr(out.ptr, "\"watermarks\":null}"));
        fk_buf_fini(&out);
        timeline_fini(&t);
    }
}

TEST(timeline_refuses_millions_of_slots)
{
    struct timeline t;
    CHECK(timeline_init(&t, 0, (TIMELINE_MAX_SLOTS + 1) * 1000ll, 1) ==
          FK_ERR_LIMIT);
    timeline_fini(&t);
}

TAP_MAIN
