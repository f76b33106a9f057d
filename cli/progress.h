/*
 * What a student did so far: one text file an exercise in
 * .flamekit/progress/, a line a fact, so that it can be read and carried
 * away. Facts are words: "answer NAME VALUE", "predict VALUE", "hint N",
 * "passed". The latest fact of a name counts.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/kit.h"

struct progress {
    char path[PATH_MAX];
    struct fk_buf text;
};

FK_MUST_USE enum fk_err progress_open(const struct kit *kit,
    const char *exercise_id, struct progress *p, struct fk_diag *diag);
void progress_close(struct progress *p);
/* The value after "KIND NAME" (NAME "" for kinds without one); false when there
 * is none. */
bool progress_get(const struct progress *p, const char *kind, const char *name,
    char *value, size_t size);
/* Written at once. Quotes and line ends in the value become blanks. */
FK_MUST_USE enum fk_err progress_set(struct progress *p, const char *kind,
    const char *name, const char *value, struct fk_diag *diag);

enum progress_state { PROGRESS_FRESH, PROGRESS_STARTED, PROGRESS_PASSED };

/* A file that cannot be read counts as fresh. */
enum progress_state progress_state(
    const struct kit *kit, const char *exercise_id);

#endif
