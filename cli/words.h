/*
 * A line cut into words: blanks separate, "double quotes" join, a word that
 * starts with '#' ends the line. The words of check.kit, quiz.kit and
 * progress files.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "common/slice.h"

enum { WORDS_MAX = 32 };

struct words {
    struct fk_slice at[WORDS_MAX]; /* views into the line */
    size_t count;
};

/* False: an open quote, or more than WORDS_MAX words. */
bool words_split(struct fk_slice line, struct words *out);
bool words_is(const struct words *w, size_t i, const char *text);
/* NUL-terminated copy, cut to fit; "" when there is no such word. */
void words_copy(const struct words *w, size_t i, char *out, size_t size);

#endif
