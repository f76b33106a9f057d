/* cli/judge_work.c: what a student did, as the server remembers it. */
#include "cli/judge.h"
#include "tests/tap.h"

#include <stdio.h>

#define CPU                                                                    \
    "process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name=\\\"a\\\"}"
#define WALL "wall:wall:nanoseconds:wall:nanoseconds"

static const char *const text =
    "check 1 \"t\"\n"
    "window A phase=one\n"
    "window B phase=two\n"
    "profile cpu a\n"
    "say \"done\"\n"
    "W viewed diff left=A right=B\n"
    "W viewed flamegraph in=B kind=wall filter=endpoint\n"
    "W viewed profile kind=other\n"
    "W marked spike within 10s of B\n"
    "W viewed zoom in=A focus=f\n";

static struct checker checker;

static void look(const char *activity, const char *markers)
{
    struct fk_diag diag = {""};
    json_decref(checker.activity);
    json_decref(checker.markers);
    checker = (struct checker){0};
    if (checkfile_parse(fk_slice_of(text), "c", &checker.file, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    checker.world.window[0] = (struct window){
        .from_ms = 100000, .until_ms = 130000, .start_ms = 100000};
    checker.world.window[1] = (struct window){
        .from_ms = 140000, .until_ms = 170000, .start_ms = 140000};
    checker.activity = json_loads(activity, 0, NULL);
    checker.markers = json_loads(markers, 0, NULL);
    CHECK(checker.activity && checker.markers);
}

static struct finding judge(size_t i)
{
    const struct check_item *item = &checker.file.item[i];
    struct finding f = {.item = item};
    (item->kind == CHECK_MARKED ? judge_marked : judge_viewed)(
        &checker, item, &f);
    return f;
}

#define DIFF(from, until, rfrom, runtil)                                       \
    "[{\"view\":\"diff\",\"query\":\"" CPU "\",\"from\":" #from                \
    ",\"until\":" #until ",\"detail\":{\"right\":{\"from\":" #rfrom            \
    ",\"until\":" #runtil "}}}]"

TEST(a_diff_has_the_right_phases_on_the_right_sides)
{
    static const struct {
        const char *activity;
        enum verdict verdict;
        const char *code;
    } rows[] = {
        {"[]", VERDICT_NOT_YET, ""},
        {DIFF(100000, 130000, 140000, 170000), VERDICT_PASS, ""},
        {DIFF(105000, 115000, 150000, 160000), VERDICT_PASS, ""},
        {DIFF(95000, 135000, 136000, 175000), VERDICT_PASS, ""},
        {DIFF(140000, 170000, 100000, 130000), VERDICT_NOT_YET, "M3"},
        {DIFF(100000, 170000, 140000, 170000), VERDICT_NOT_YET, ""},
        {DIFF(100000, 130000, 100000, 130000), VERDICT_NOT_YET, ""},
        {DIFF(130000, 130000, 140000, 170000), VERDICT_NOT_YET, ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        look(rows[i].activity, "[]");
        struct finding f = judge(0);
        tap_diag("%zu: %s", i, f.text);
        CHECK_INT(f.verdict, rows[i].verdict);
        CHECK_STR(f.code, rows[i].code);
    }
}

#define SEEN(view, query, from, until, focus)                                  \
    "[{\"view\":\"" view "\",\"query\":\"" query "\",\"from\":" #from          \
    ",\"until\":" #until ",\"focus\":\"" focus "\"}]"

TEST(views_are_told_apart_by_range_type_label_and_focus)
{
    static const struct {
        size_t item;
        const char *activity;
        enum verdict verdict;
    } rows[] = {
        {1,
            SEEN(
                "flamegraph", WALL "{endpoint=\\\"/x\\\"}", 141000, 150000, ""),
            VERDICT_PASS},
        {1,
            SEEN("flamegraph",
                WALL "{service_name=\\\"a\\\", endpoint=\\\"/x\\\"}", 141000,
                150000, ""),
            VERDICT_PASS},
        {1,
            SEEN("flamegraph", WALL "{service_name=\\\"a\\\"}", 141000, 150000,
                ""),
            VERDICT_NOT_YET},
        {1,
            SEEN("flamegraph", WALL "{endpoint_id=\\\"1\\\"}", 141000, 150000,
                ""),
            VERDICT_NOT_YET},
        {1, SEEN("flamegraph", CPU, 141000, 150000, ""), VERDICT_NOT_YET},
        {1, SEEN("flamegraph", WALL "{endpoint=\\\"/x\\\"}", 1000, 2000, ""),
            VERDICT_NOT_YET},
        {2, SEEN("profile", WALL "{}", 1, 2, ""), VERDICT_PASS},
        {2, SEEN("profile", CPU, 1, 2, ""), VERDICT_NOT_YET},
        {4, SEEN("zoom", CPU, 100000, 110000, "f"), VERDICT_PASS},
        {4, SEEN("zoom", CPU, 100000, 110000, "g"), VERDICT_NOT_YET},
        {4, SEEN("table", CPU, 100000, 110000, "f"), VERDICT_NOT_YET},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        look(rows[i].activity, "[]");
        tap_diag("%zu", i);
        CHECK_INT(judge(rows[i].item).verdict, rows[i].verdict);
    }
}

TEST(a_marker_must_be_near_the_start)
{
    static const struct {
        const char *markers;
        enum verdict verdict;
    } rows[] = {
        {"[]", VERDICT_NOT_YET},
        {"[{\"content\":\"spike\",\"kind\":\"note\",\"timestamp\":149000}]",
            VERDICT_PASS},
        {"[{\"content\":\"spike\",\"kind\":\"note\",\"timestamp\":151000}]",
            VERDICT_NOT_YET},
        {"[{\"content\":\"other\",\"kind\":\"note\",\"timestamp\":140000}]",
            VERDICT_NOT_YET},
        {"[{\"content\":\"spike\",\"kind\":\"phase\",\"timestamp\":140000}]",
            VERDICT_NOT_YET},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        look("[]", rows[i].markers);
        CHECK_INT(judge(3).verdict, rows[i].verdict);
    }
}

TAP_MAIN
