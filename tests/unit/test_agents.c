/* Lines of agents on /metrics: totals replace totals, strangers do no harm. */
#include "server/agents.h"

#include <stdio.h>
#include <string.h>

#include "tests/tap.h"

static struct agents agents;
static int64_t now_ns = 1;

static void report(const char *line)
{
    agents_report(&agents, fk_slice_of(line), now_ns++);
}

/* The value of a line that starts with `metric`, or -1. */
static long long value_of(const char *metric)
{
    struct fk_buf page;
    long long value = -1;
    fk_buf_init(&page, 1 << 20);
    agents_print(&agents, now_ns, &page);
    fk_buf_addc(&page, '\0');
    CHECK_INT(page.err, FK_OK);
    char key[300];
    snprintf(key, sizeof(key), "\nflamekit_agent_%s ", metric);
    const char *at = strstr(page.ptr, key);
    if (at != NULL)
        sscanf(at + strlen(key), "%lld", &value);
    fk_buf_fini(&page);
    return value;
}

TEST(totals_replace_totals)
{
    report("id=a;taken=10;delivered=7;lost_queue=3;waiting=0;service=shop");
    report("id=a;taken=20;delivered=14;lost_queue=4;waiting=2;service=shop");
    report("id=b;taken=5;delivered=5;service=shop");
    report("id=b;taken=1;delivered=1;newer=99;service=other");
    CHECK_INT(value_of("samples_taken_total{service_name=\"shop\"}"), 25);
    CHECK_INT(value_of("samples_delivered_total{service_name=\"shop\"}"), 19);
    CHECK_INT(
        value_of("samples_lost_total{service_name=\"shop\",reason=\"queue\"}"),
        4);
    CHECK_INT(value_of("samples_waiting{service_name=\"shop\"}"), 2);
    CHECK_INT(value_of("samples_taken_total{service_name=\"other\"}"), 1);
    CHECK_INT(value_of("reports_ignored_total"), 0);
}

TEST(the_wall_clock_adds_up_and_the_slowest_round_counts)
{
    report("id=a;wall_taken=30;wall_delivered=20;wall_lost_table=4;"
           "wall_lost_profile=3;wall_lost_queue=2;wall_waiting=1;"
           "wall_round=20;service=x");
    report("id=b;wall_taken=5;wall_delivered=5;wall_round=50;service=x");
    CHECK_INT(value_of("wall_nanoseconds_taken_total{service_name=\"x\"}"), 35);
    CHECK_INT(
        value_of("wall_nanoseconds_delivered_total{service_name=\"x\"}"), 25);
    CHECK_INT(value_of("wall_nanoseconds_lost_total{service_name=\"x\","
                       "reason=\"table\"}"),
        4);
    CHECK_INT(value_of("wall_nanoseconds_waiting{service_name=\"x\"}"), 1);
    CHECK_INT(value_of("wall_round_nanoseconds{service_name=\"x\"}"), 50);
    now_ns += INT64_C(400) * 1000000000;
    CHECK_INT(value_of("wall_round_nanoseconds{service_name=\"x\"}"), 0);
}

TEST(an_agent_that_makes_room_stays_in_the_sum)
{
    char line[100];
    for (int i = 0; i < 3 * AGENTS_INSTANCES; i++) {
        snprintf(line, sizeof(line), "id=%d;taken=2;waiting=1;service=x", i);
        report(line);
    }
    CHECK_INT(value_of("samples_taken_total{service_name=\"x\"}"),
        6 * AGENTS_INSTANCES);
    CHECK_INT(
        value_of("samples_waiting{service_name=\"x\"}"), AGENTS_INSTANCES);
}

TEST(an_agent_that_fell_silent_has_no_gauges)
{
    report("id=a;taken=3;waiting=3;service=x");
    now_ns += INT64_C(400) * 1000000000;
    CHECK_INT(value_of("samples_waiting{service_name=\"x\"}"), 0);
    CHECK_INT(value_of("samples_taken_total{service_name=\"x\"}"), 3);
}

TEST(services_are_bounded)
{
    char line[100];
    for (int i = 0; i < AGENTS_SERVICES + 1; i++) {
        snprintf(line, sizeof(line), "id=a;taken=1;service=s%d", i);
        report(line);
    }
    CHECK_INT(value_of("samples_taken_total{service_name=\"s0\"}"), -1);
    CHECK_INT(value_of("samples_taken_total{service_name=\"s1\"}"), 1);
    CHECK_INT(value_of("samples_taken_total{service_name=\"s64\"}"), 1);
}

TEST(nonsense_is_counted)
{
    static const char *const lines[] = {"", ";",
        "service=", "id=a;service=", "taken=1;service=x",
        "id=a;taken=-1;service=x", "id=a;taken=1e9;service=x",
        "id=a;taken=99999999999999999999;service=x", "id=a;taken;service=x",
        "id=0123456789012345678901234567890123456789;"
        "service=x",
        "id=a;service=\x01", "id=a;taken=1"};
    size_t n = sizeof(lines) / sizeof(lines[0]);
    for (size_t i = 0; i < n; i++)
        report(lines[i]);
    CHECK_INT(value_of("reports_ignored_total"), (long long)n);
    agents_report(&agents, (struct fk_slice){0}, now_ns);
    CHECK_INT(value_of("reports_ignored_total"), (long long)n);
}

TEST(a_name_cannot_break_the_page)
{
    report("id=a;taken=1;service=a\"b\\c;d=e");
    CHECK_INT(
        value_of("samples_taken_total{service_name=\"a\\\"b\\\\c;d=e\"}"), 1);
}

TAP_MAIN
