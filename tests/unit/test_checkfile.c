/* cli/checkfile.c and cli/judge.c: what a check file says and means. */
#include "cli/checkfile.h"
#include "cli/judge.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>

#define HEAD "check 1 \"t\"\nwindow last=5m\nprofile cpu app\nsay \"done\"\n"

static struct checkfile file;

static void parse(const char *text)
{
    struct fk_diag diag = {""};
    if (checkfile_parse(fk_slice_of(text), "check.kit", &file, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
}

TEST(every_form_is_read)
{
    parse(HEAD "E samples >= 300\n"
               "E share(f) 60%..97%\n"
               "E unresolved <= 2%\n"
               "E path a > b > c >= 98%\n"
               "W viewed zoom in-window focus=f\n"
               "U ask q \"How?\" = share(f) +-5pt\n"
               "wrong q is(20) M11 \"no\"\n"
               "U pick item\n"
               "W share(f) <= 2% \"do it\"\n");
    CHECK_INT(file.num_items, 8);
    CHECK_STR(file.item[7].todo, "do it");
    CHECK(fabs(file.item[7].high - 0.02) < 1e-9);
    CHECK(file.item[0].low == 300 && isinf(file.item[0].high));
    CHECK(fabs(file.item[1].low - 0.6) < 1e-9);
    CHECK(fabs(file.item[1].high - 0.97) < 1e-9);
    CHECK(fabs(file.item[2].high - 0.02) < 1e-9);
    CHECK_INT(file.item[3].path_len, 3);
    CHECK_STR(file.item[3].path[2], "c");
    CHECK_STR(file.item[4].view.focus, "f");
    CHECK_INT(file.item[4].view.window, 0);
    CHECK_INT(file.item[5].tolerance_kind, TOLERANCE_POINTS);
    CHECK(fabs(file.item[5].tolerance - 0.05) < 1e-9);
    CHECK_INT(file.item[5].num_wrong, 1);
    CHECK_STR(file.item[5].wrong[0].code, "M11");
    CHECK_INT(file.item[6].kind, CHECK_PICK);
    CHECK_INT(file.rule.window[0].last_ms, 300000);
}

TEST(what_it_does_not_know_is_an_error_with_its_place)
{
    static const char *const rows[] = {
        HEAD "X what\n",
        HEAD "E nonsense >= 3\n",
        HEAD "E samples >= many\n",
        HEAD "E share >= 3\n", /* needs a function */
        HEAD "E share(f) 60%\n",
        HEAD "E path a >= 98%\n", /* one frame is no path */
        HEAD "W viewed zoom loudly\n",
        HEAD "W watched zoom\n",
        HEAD "U ask q \"How?\" share(f)\n",
        HEAD "U ask q \"How?\" = share(f) 5pt\n",
        HEAD "wrong nobody is(1) M1 \"no\"\n",
        HEAD "E C.samples >= 3\n", /* no such window */
        HEAD "E wall.samples(\n",
        HEAD "E wall{endpoint=\"x\".samples >= 3\n",
        HEAD "E samples/samples/samples >= 3\n",
        HEAD "W viewed diff left=A right=B\n",
        HEAD "W marked spike within 10s of A\n",
        HEAD "profile heap app\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_diag diag = {""};
        tap_diag("%s", rows[i] + sizeof HEAD - 1);
        CHECK_INT(
            checkfile_parse(fk_slice_of(rows[i]), "check.kit", &file, &diag),
            FK_ERR_FORMAT);
        CHECK(strstr(diag.text, "check.kit:5:") != NULL);
    }
}

TEST(answers_are_judged_within_their_tolerance)
{
    static const struct {
        enum measure_unit unit;
        double truth, tolerance;
        enum check_tolerance kind;
        const char *answer;
        bool right;
    } rows[] = {
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "80", true},
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "80%", true},
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "80 %", true},
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "85", false},
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "eighty", false},
        {UNIT_SHARE, 0.79, 0.05, TOLERANCE_POINTS, "", false},
        {UNIT_CORES, 0.10, 0.30, TOLERANCE_FACTOR, "0.12", true},
        {UNIT_CORES, 0.10, 0.30, TOLERANCE_FACTOR, "0.14", false},
        {UNIT_CORES, 0.004, 0.30, TOLERANCE_FACTOR, "0.01",
            true}, /* two digits */
        {UNIT_SECONDS, 0.01, 0.05, TOLERANCE_FIXED, "0", true},
        {UNIT_SECONDS, 0.01, 0.05, TOLERANCE_FIXED, "0.0 s", true},
        {UNIT_SECONDS, 0.01, 0.05, TOLERANCE_FIXED, "12", false},
        {UNIT_RATIO, 7.5, 0.3, TOLERANCE_FACTOR, "7", true},
        {UNIT_RATIO, 7.5, 0.3, TOLERANCE_FACTOR, "2", false},
        {UNIT_FRAMES, 7, 0, TOLERANCE_FACTOR, "7", true},
        {UNIT_FRAMES, 7, 0, TOLERANCE_FACTOR, "8", false},
        {UNIT_FRAMES, 7, 0, TOLERANCE_FACTOR, "nan", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_item item = {
            .tolerance = rows[i].tolerance, .tolerance_kind = rows[i].kind};
        struct value v = {.unit = rows[i].unit, .number = rows[i].truth};
        tap_diag("%s", rows[i].answer);
        CHECK_INT(judge_answer(&item, &v, rows[i].answer), rows[i].right);
    }
}

TEST(times_of_day_are_judged_in_seconds)
{
    struct check_item item = {
        .tolerance = 10, .tolerance_kind = TOLERANCE_FIXED};
    struct value v = {.unit = UNIT_TIME, .number = 1700000000000};
    char text[32];
    measure_print(&v, text, sizeof text);
    CHECK(judge_answer(&item, &v, text));
    v.number += 9000;
    CHECK(judge_answer(&item, &v, text));
    v.number += 2000;
    CHECK(!judge_answer(&item, &v, text));
    CHECK(!judge_answer(&item, &v, "25:00"));
    CHECK(!judge_answer(&item, &v, "12:00 or so"));
}

TEST(windows_profiles_and_ratios_are_read)
{
    parse("check 1 \"t\"\n"
          "window A phase=uncached trim=1s\n"
          "window B phase=cached\n"
          "window all phase=calm..hashing\n"
          "profile cpu app\n"
          "predict A.share(f)\n"
          "E B.cores/A.cores <= 0.40\n"
          "E A.wall{endpoint=\"/api/slow_io\"}.share(simulate_io) >= 95%\n"
          "E all.peak/all.median >= 4\n"
          "W viewed diff left=A right=B\n"
          "W viewed flamegraph in=B kind=wall filter=endpoint\n"
          "W marked spike within 10s of B\n"
          "U ask at \"When?\" = B.start +-10s\n"
          "say \"done\"\n");
    CHECK_INT(file.rule.num_windows, 3);
    CHECK_STR(file.rule.window[0].name, "A");
    CHECK_INT(file.rule.window[0].trim_ms, 1000);
    CHECK_STR(file.rule.window[2].phase, "calm");
    CHECK_STR(file.rule.window[2].last_phase, "hashing");
    CHECK_INT(file.predict.num_terms, 1);
    /* A cpu, B cpu, A wall filtered, all cpu: each is fetched once */
    CHECK_INT(file.rule.num_views, 4);
    CHECK_INT(file.item[0].expr.num_terms, 2);
    CHECK_INT(file.item[0].expr.term[0].window, 1);
    CHECK_INT(file.rule.view[2].kind, KIND_WALL);
    CHECK_STR(file.rule.view[2].filter, "endpoint=\"/api/slow_io\"");
    CHECK(file.rule.view[3].series);
    CHECK_INT(file.item[3].view.window, 0);
    CHECK_INT(file.item[3].view.right, 1);
    CHECK_STR(file.item[4].view.filter, "endpoint");
    CHECK_INT(file.item[5].near_ms, 10000);
    CHECK_INT(file.item[6].tolerance_kind, TOLERANCE_FIXED);
}

TEST(names_are_judged_without_case_and_parentheses)
{
    struct check_item item = {0};
    struct value v = {.unit = UNIT_TEXT};
    snprintf(v.text, sizeof v.text, "is_prime_slow");
    CHECK(judge_answer(&item, &v, "is_prime_slow()"));
    CHECK(judge_answer(&item, &v, "IS_PRIME_SLOW"));
    CHECK(!judge_answer(&item, &v, "is_prime"));
    CHECK(!judge_answer(&item, &v, "()"));
}

TAP_MAIN
