/* cli/words.c: a line cut into words. */
#include "cli/words.h"
#include "tests/tap.h"

static const struct {
    const char *line;
    bool ok;
    size_t count;
    const char *last;
} rows[] = {
    {"", true, 0, ""},
    {"   # only a comment", true, 0, ""},
    {"E samples >= 300", true, 4, "300"},
    {"  U ask\ta \"two words\"  ", true, 4, "two words"},
    {"say \"a # inside\" # outside", true, 2, "a # inside"},
    {"say \"\"", true, 2, ""},
    {"say \"open", false, 0, ""},
    {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 "
     "28 29 30 31 32 33",
        false, 0, ""},
};

TEST(words_are_cut_at_blanks_and_joined_by_quotes)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct words w;
        char last[64];
        bool ok = words_split(fk_slice_of(rows[i].line), &w);
        tap_diag("%s", rows[i].line);
        CHECK_INT(ok, rows[i].ok);
        if (!ok)
            continue;
        CHECK_INT(w.count, rows[i].count);
        words_copy(&w, w.count - (w.count > 0), last, sizeof last);
        CHECK_STR(last, rows[i].last);
    }
}

TAP_MAIN
