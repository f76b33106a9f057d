/*
 * Checking an exercise: its check file against the server's data, the
 * page's activity and the student's answers.
 *
 * Four verdicts (spec: workshop 3.2): PASS; NOT YET: data fine, something
 * for the student to do; MORE DATA: too few samples to tell; BROKEN: the
 * kit's fault, not the student's.
 */
#ifndef CLI_CHECKER_H
#define CLI_CHECKER_H

#include "cli/checkfile.h"
#include "cli/exercise.h"
#include "cli/progress.h"
#include "cli/quiz.h"

#include <jansson.h>

enum verdict { /* also the exit status; a higher one wins, PASS aside */
    VERDICT_PASS = 0,
    VERDICT_NOT_YET = 1,
    VERDICT_MORE_DATA = 2,
    VERDICT_BROKEN = 3,
};

struct finding {
    const struct check_item *item;
    enum verdict verdict;
    char text[600]; /* what was seen, and what it smells of */
    char code[8];   /* misconception, such as M28 */
};

struct checker {
    const struct kit *kit;
    struct exercise ex;
    struct fk_buf text, quiz;
    struct checkfile file;
    struct progress progress;
    struct world world;
    json_t *activity, *markers;
    struct finding finding[CHECK_ITEMS_MAX];
    enum verdict verdict;
    struct fk_diag diag; /* reason of a verdict that no finding explains */
};

/* Reads the exercise's files; FK_ERR_FORMAT names file and line. */
FK_MUST_USE enum fk_err checker_open(const struct kit *kit, const char *name,
    struct checker *c, struct fk_diag *diag);
void checker_close(struct checker *c);
/* Looks at the world and judges every item. May be called again. */
void checker_run(struct checker *c);
/* The second half: judges every item of a world that is known. */
void checker_judge(struct checker *c);
void checker_print(const struct checker *c);
const char *verdict_name(enum verdict v);
/* What a line is about: "data", "you" or "answer". */
const char *checker_about(const struct check_item *item);
/* What to do next, in a sentence; what was learned, when it is solved. */
void checker_advice(const struct checker *c, char *out, size_t size);
/* What the prediction was about, as it is; false while it is not known. */
bool checker_measured(const struct checker *c, char *out, size_t size);

/* The item of this name that is answered with `answer ID=VALUE`. */
const struct check_item *checker_question(
    const struct checker *c, const char *id);
/* What a right answer is, from the live data; for the robot. */
FK_MUST_USE enum fk_err checker_solution(struct checker *c,
    const struct check_item *item, char *out, size_t size,
    struct fk_diag *diag);

#endif
