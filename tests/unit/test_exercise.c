/* cli/kit.c, exercise.c, progress.c: the kit's files, the real ones. */
#include "cli/checker.h"
#include "cli/stack.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct kit kit;

static void forget_kit(void)
{
    stack_remove(kit.state);
}

static void open_kit(void)
{
    static char state[] = "/tmp/flamekit-test-XXXXXX";
    struct fk_diag diag = {""};
    CHECK(mkdtemp(state) != NULL);
    setenv("FLAMEKIT_STATE", state, 1);
    if (kit_open(&kit, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    atexit(forget_kit);
}

static void check_exercise(const struct exercise *ex)
{
    static struct checker c;
    static const char *const files[] = {
        "hints/1.md", "hints/2.md", "hints/3.md", "solution.md"};
    struct fk_diag diag = {""};
    tap_diag("%s", ex->id);
    if (checker_open(&kit, ex->id, &c, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    CHECK_STR(c.file.id, ex->id);
    for (size_t k = 0; k < c.file.num_items; k++) {
        struct quiz_item quiz;
        if (c.file.item[k].kind == CHECK_PICK)
            CHECK_INT(quiz_find(fk_buf_slice(&c.quiz), "quiz.kit",
                          c.file.item[k].id, &quiz, &diag),
                FK_OK);
    }
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        struct fk_buf text;
        CHECK_INT(exercise_file(&kit, ex, files[k], &text, &diag), FK_OK);
        CHECK(text.len > 40);
        fk_buf_fini(&text);
    }
    checker_close(&c);
}

TEST(every_exercise_has_all_its_files)
{
    static struct exercise all[EXERCISES_MAX];
    struct fk_diag diag = {""};
    size_t n = 0;
    open_kit();
    if (exercise_list(&kit, all, &n, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    CHECK(n >= 2);
    for (size_t i = 0; i < n; i++)
        check_exercise(&all[i]);
}

TEST(a_bare_number_means_scenario_seven)
{
    struct exercise ex;
    struct fk_diag diag = {""};
    open_kit();
    CHECK_INT(exercise_find(&kit, "2", &ex, &diag), FK_OK);
    CHECK_STR(ex.id, "07.2");
    CHECK_INT(exercise_find(&kit, "99", &ex, &diag), FK_ERR_NOT_FOUND);
    CHECK(strstr(diag.text, "flamekit list") != NULL);
}

TEST(progress_keeps_the_latest_fact)
{
    struct progress p;
    struct fk_diag diag = {""};
    char value[64];
    open_kit();
    CHECK_INT(progress_open(&kit, "07.1", &p, &diag), FK_OK);
    CHECK(!progress_get(&p, "answer", "cores", value, sizeof value));
    CHECK_INT(progress_set(&p, "answer", "cores", "0.1", &diag), FK_OK);
    CHECK_INT(progress_set(&p, "answer", "cores", "0 \"2\"\n", &diag), FK_OK);
    progress_close(&p);
    CHECK_INT(progress_open(&kit, "07.1", &p, &diag), FK_OK);
    CHECK(progress_get(&p, "answer", "cores", value, sizeof value));
    CHECK_STR(value, "0  2  ");
    progress_close(&p);
}

TEST(the_env_file_is_read_back)
{
    struct fk_diag diag = {""};
    struct kit again;
    open_kit();
    unsetenv("FLAMEKIT_RUN");
    unsetenv("FLAMEKIT_SERVER");
    unsetenv("FLAMEKIT_APP");
    snprintf(kit.run, sizeof kit.run, "r-1");
    snprintf(kit.server, sizeof kit.server, "http://127.0.0.1:4041");
    snprintf(kit.app, sizeof kit.app, "http://127.0.0.1:5050");
    CHECK_INT(kit_save_env(&kit, &diag), FK_OK);
    CHECK_INT(kit_open(&again, &diag), FK_OK);
    CHECK_STR(again.run, "r-1");
    CHECK_STR(again.server, "http://127.0.0.1:4041");
    setenv("FLAMEKIT_APP", "http://elsewhere", 1);
    CHECK_INT(kit_open(&again, &diag), FK_OK);
    CHECK_STR(again.app, "http://elsewhere");
}

TAP_MAIN
