/*
 * check.kit: what an exercise asks for, line by line.
 *
 *   check    07.2 "Find the hot function"
 *   window   phase=mixed trim=5s            or: last=5m
 *   profile  cpu workshop.demo.app
 *   E  samples >= 300                       environment: the world is right
 *   E  share(compute_primes_slow) 60%..97%
 *   E  path a > b > c >= 98%
 *   W  viewed flamegraph in-window focus=compute_primes_slow      work done
 *   U  ask top_self "Which ...?" = top_self +-5pt           understanding
 *   wrong top_self is(handle_primes_slow) M4 "Wide, but innocent: ..."
 *   U  pick hot-callers                     an item of quiz.kit
 *   say "A wide frame tells you where to look ..."
 */
#ifndef CLI_CHECKFILE_H
#define CLI_CHECKFILE_H

#include "cli/measure.h"

enum {
    CHECK_ITEMS_MAX = 24,
    CHECK_WRONG_MAX = 6,
    CHECK_PATH_MAX = 8,
};

enum check_kind {
    CHECK_RANGE,  /* E expr lo..hi */
    CHECK_PATH,   /* E path */
    CHECK_VIEWED, /* W */
    CHECK_ASK,    /* U ask */
    CHECK_PICK,   /* U pick */
};

struct check_wrong {
    struct expr expr;
    char code[8];
    char reason[256];
};

struct check_item {
    enum check_kind kind;
    int line;
    struct expr expr; /* RANGE, ASK */
    double low, high; /* RANGE, PATH; shares as 0..1 */
    char path[CHECK_PATH_MAX][128];
    size_t path_len;
    char view[32]; /* VIEWED */
    char focus[128];
    bool in_window, other_profile;
    char id[32]; /* ASK, PICK */
    char question[256];
    double tolerance; /* ASK: points when absolute, else a factor */
    bool tolerance_points;
    struct check_wrong wrong[CHECK_WRONG_MAX];
    size_t num_wrong;
};

struct checkfile {
    char id[16], title[128];
    struct window_rule window;
    char service[128];
    struct check_item item[CHECK_ITEMS_MAX];
    size_t num_items;
    char say[512];
};

/* Refuses anything it does not know, with file:line. */
FK_MUST_USE enum fk_err checkfile_parse(struct fk_slice text, const char *file,
    struct checkfile *out, struct fk_diag *diag);

#endif
