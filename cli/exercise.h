/*
 * Exercises on disk: exercises/NN.M-name/ with README.md (front matter),
 * check.kit, quiz.kit and hints/1.md ... Data only.
 */
#ifndef CLI_EXERCISE_H
#define CLI_EXERCISE_H

#include "cli/kit.h"

enum { EXERCISES_MAX = 64, EXERCISE_HINTS = 3 };

struct exercise {
    char id[16];   /* 07.2 */
    char dir[512]; /* exercises/07.2-find-the-hot-function, from the root */
    char title[128];
    int minutes_low, minutes_high;
    char plan[64];     /* of `load: PLAN [for DURATION]` */
    char duration[16]; /* 120s, "" = the plan's own */
    bool night;        /* `instance: night`: a demo app of its own */
    bool optional;     /* `optional: yes`: `next` passes it by */
    char predict[512]; /* the question to answer before looking */
};

/* Sorted by id; *n of at most EXERCISES_MAX. A front matter that lacks a
 * field is FK_ERR_FORMAT naming the file. */
FK_MUST_USE enum fk_err exercise_list(const struct kit *kit,
    struct exercise *out, size_t *n, struct fk_diag *diag);
/* "07.2", or an alias: "2" means 07.2. */
FK_MUST_USE enum fk_err exercise_find(const struct kit *kit, const char *name,
    struct exercise *out, struct fk_diag *diag);
/* A file of the exercise, such as "check.kit" or "hints/1.md". */
FK_MUST_USE enum fk_err exercise_file(const struct kit *kit,
    const struct exercise *ex, const char *name, struct fk_buf *out,
    struct fk_diag *diag);
/* A text without its front matter, if it has one. */
struct fk_slice exercise_body(struct fk_slice text);
/* A file for reading: its body, with the ports that the kit has got. */
FK_MUST_USE enum fk_err exercise_text(const struct kit *kit,
    const struct exercise *ex, const char *name, struct fk_buf *out,
    struct fk_diag *diag);

#endif
