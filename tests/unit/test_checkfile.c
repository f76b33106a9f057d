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
               "U pick item\n");
    CHECK_INT(file.num_items, 7);
    CHECK(file.item[0].low == 300 && isinf(file.item[0].high));
    CHECK(fabs(file.item[1].low - 0.6) < 1e-9);
    CHECK(fabs(file.item[1].high - 0.97) < 1e-9);
    CHECK(fabs(file.item[2].high - 0.02) < 1e-9);
    CHECK_INT(file.item[3].path_len, 3);
    CHECK_STR(file.item[3].path[2], "c");
    CHECK_STR(file.item[4].focus, "f");
    CHECK(file.item[4].in_window);
    CHECK(file.item[5].tolerance_points);
    CHECK(fabs(file.item[5].tolerance - 0.05) < 1e-9);
    CHECK_INT(file.item[5].num_wrong, 1);
    CHECK_STR(file.item[5].wrong[0].code, "M11");
    CHECK_INT(file.item[6].kind, CHECK_PICK);
    CHECK_INT(file.window.last_ms, 300000);
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
        bool points;
        const char *answer;
        bool right;
    } rows[] = {
        {UNIT_SHARE, 0.79, 0.05, true, "80", true},
        {UNIT_SHARE, 0.79, 0.05, true, "80%", true},
        {UNIT_SHARE, 0.79, 0.05, true, "80 %", true},
        {UNIT_SHARE, 0.79, 0.05, true, "85", false},
        {UNIT_SHARE, 0.79, 0.05, true, "eighty", false},
        {UNIT_SHARE, 0.79, 0.05, true, "", false},
        {UNIT_CORES, 0.10, 0.30, false, "0.12", true},
        {UNIT_CORES, 0.10, 0.30, false, "0.14", false},
        {UNIT_CORES, 0.004, 0.30, false, "0.01", true}, /* two digits */
        {UNIT_FRAMES, 7, 0, false, "7", true},
        {UNIT_FRAMES, 7, 0, false, "8", false},
        {UNIT_FRAMES, 7, 0, false, "nan", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_item item = {
            .tolerance = rows[i].tolerance, .tolerance_points = rows[i].points};
        struct value v = {.unit = rows[i].unit, .number = rows[i].truth};
        tap_diag("%s", rows[i].answer);
        CHECK_INT(judge_answer(&item, &v, rows[i].answer), rows[i].right);
    }
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
