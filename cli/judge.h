/* Judging one line of a check file; checker.c calls these through a table. */
#ifndef CLI_JUDGE_H
#define CLI_JUDGE_H

#include "cli/checker.h"

/* Each fills in the verdict, the text and perhaps the code. */
typedef void judge_fn(
    struct checker *c, const struct check_item *item, struct finding *f);

judge_fn judge_range, judge_path, judge_ask, judge_pick;
judge_fn judge_viewed, judge_marked; /* judge_work.c */

void judge_say(struct finding *f, enum verdict verdict, const char *fmt, ...)
    FK_PRINTF(3, 4);

/* Is this answer right for that value? */
bool judge_answer(const struct check_item *item, const struct value *truth,
    const char *answer);

#endif
