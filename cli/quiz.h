/*
 * quiz.kit: questions of understanding whose wrong options name the
 * misconception behind them.
 *
 *   item hot-callers "20 % of the requests, most of the CPU. How?"
 *   a wrong M11 "It is called most often" "All five are called equally often."
 *   b right     "One call costs more"     "20 ms against 0.4 to 3 ms."
 */
#ifndef CLI_QUIZ_H
#define CLI_QUIZ_H

#include "common/err.h"
#include "common/slice.h"

enum { QUIZ_OPTIONS_MAX = 6 };

struct quiz_option {
    char letter;
    bool right;
    char code[8]; /* M11; "" when right */
    char text[256];
    char reason[256];
};

struct quiz_item {
    char question[256];
    struct quiz_option option[QUIZ_OPTIONS_MAX];
    size_t num_options;
};

/* `file` names the place in messages. */
FK_MUST_USE enum fk_err quiz_find(struct fk_slice text, const char *file,
    const char *item, struct quiz_item *out, struct fk_diag *diag);
const struct quiz_option *quiz_option(
    const struct quiz_item *item, const char *letter);
void quiz_print(const struct quiz_item *item);

#endif
