/* From what a world shows to a verdict and what to do next. */
#include "cli/checker.h"

#include "tests/tap.h"

static const char text[] = "check 1 \"x\"\n"
                           "window A phase=one\n"
                           "window B phase=two\n"
                           "profile cpu app\n"
                           "E B.rate 9..11\n"
                           "say \"said\"\n";

static const struct row {
    const char *what;
    double rate;
    int64_t sent, late; /* of B */
    enum verdict verdict;
    const char *advice;
} rows[] = {
    {"as it should be", 10, 600, 0, VERDICT_PASS, "said"},
    {"as it should be, on a busy machine", 10, 600, 200, VERDICT_PASS, "said"},
    {"wrong, with nothing to excuse it", 5, 600, 11, VERDICT_BROKEN,
        "the kit's fault, not yours"},
    {"wrong, of a load that was held up", 5, 600, 12, VERDICT_MORE_DATA,
        "12 of 600 requests were sent late"},
    {"wrong, of a load that nobody counted", 5, 0, 0, VERDICT_BROKEN,
        "the kit's fault, not yours"},
};

TEST(a_busy_machine_is_nobodys_fault)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct fk_diag diag = {""};
        struct checker c = {.ex = {.id = "1"}};
        char advice[1200];
        tap_diag("%s", r->what);
        if (checkfile_parse(fk_slice_of(text), "c", &c.file, &diag))
            tap_fail(__FILE__, __LINE__, "%s", diag.text);
        c.world.rule = &c.file.rule;
        c.world.window[0] = (struct window){.rate = 10, .sent = 600};
        c.world.window[1] =
            (struct window){.rate = r->rate, .sent = r->sent, .late = r->late};
        checker_judge(&c);
        CHECK_INT(c.verdict, r->verdict);
        CHECK_INT(c.finding[0].verdict, r->verdict);
        checker_advice(&c, advice, sizeof advice);
        CHECK(strstr(advice, r->advice));
    }
}

TAP_MAIN
