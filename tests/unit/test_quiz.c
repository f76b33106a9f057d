/* cli/quiz.c */
#include "cli/quiz.h"
#include "tests/tap.h"

static const char *const text =
    "# a comment\n"
    "item one \"First?\"\na wrong M1 \"no\" \"because\"\nb right \"yes\" "
    "\"so\"\n"
    "item two \"Second?\"\na right \"yes\" \"so\"\n";

TEST(an_item_is_found_with_its_options)
{
    struct quiz_item q;
    struct fk_diag diag = {""};
    CHECK_INT(quiz_find(fk_slice_of(text), "q", "one", &q, &diag), FK_OK);
    CHECK_STR(q.question, "First?");
    CHECK_INT(q.num_options, 2);
    CHECK_STR(quiz_option(&q, "A")->code, "M1");
    CHECK(quiz_option(&q, "b")->right);
    CHECK(quiz_option(&q, "c") == NULL);
    CHECK(quiz_option(&q, "ab") == NULL);
}

TEST(mistakes_in_a_quiz_are_named)
{
    struct quiz_item q;
    struct fk_diag diag = {""};
    CHECK_INT(quiz_find(fk_slice_of(text), "q", "three", &q, &diag),
        FK_ERR_NOT_FOUND);
    diag.text[0] = '\0';
    CHECK_INT(quiz_find(fk_slice_of("item x \"?\"\na maybe \"t\" \"r\"\n"),
                  "quiz.kit", "x", &q, &diag),
        FK_ERR_FORMAT);
    CHECK(strstr(diag.text, "quiz.kit:2:") != NULL);
}

TAP_MAIN
