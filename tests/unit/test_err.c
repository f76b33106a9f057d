#include "common/err.h"
#include "tests/tap.h"

#include <errno.h>

TEST(err_names_are_stable_words)
{
    CHECK_STR(fk_err_name(FK_OK), "ok");
    CHECK_STR(fk_err_name(FK_ERR_LIMIT), "limit");
    CHECK_STR(fk_err_name(FK_ERR_NOT_FOUND), "not_found");
    CHECK_STR(fk_err_name(FK_ERR_CANCELLED), "cancelled");
    CHECK_STR(fk_err_name((enum fk_err)99), "unknown");
}

TEST(diag_keeps_the_first_explanation)
{
    struct fk_diag d = {0};
    CHECK_INT(
        fk_diag_set(&d, FK_ERR_FORMAT, "line %d is bad", 3), FK_ERR_FORMAT);
    CHECK_INT(fk_diag_set(&d, FK_ERR_IO, "something failed"), FK_ERR_IO);
    CHECK_STR(d.text, "line 3 is bad");
}

TEST(diag_may_be_absent)
{
    CHECK_INT(fk_diag_set(NULL, FK_ERR_ARG, "nobody reads this"), FK_ERR_ARG);
}

/* 510 plain bytes, then characters of two to four bytes over the edge. */
TEST(diag_is_cut_between_characters)
{
    static const struct {
        const char *tail;
        size_t kept;
    } rows[] = {
        {"x", 511},
        {"\xC3\xA4", 510},
        {"\xE2\x82\xAC", 510},
        {"\xF0\x9F\x94\xA5", 510},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char plain[511];
        struct fk_diag d = {0};
        memset(plain, 'a', 510);
        plain[510] = '\0';
        fk_diag_set(&d, FK_ERR_ARG, "%s%sz", plain, rows[i].tail);
        CHECK_INT(strlen(d.text), rows[i].kept);
    }
}

TEST(an_errno_has_a_text_known_or_not)
{
    CHECK_STR(fk_errno_text(EACCES), "Permission denied");
    CHECK(strlen(fk_errno_text(100000)) > 0);
}

TAP_MAIN
