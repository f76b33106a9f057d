/*
 * check.kit: what an exercise asks for, line by line.
 *
 *   check    07.3 "Cached versus uncached"
 *   window   A phase=uncached trim=1s       or: last=5m, phase=calm..hashing
 *   window   B phase=cached trim=1s
 *   profile  cpu workshop.demo.app
 *   predict  A.share(compute_hash)          shown beside the prediction
 *   E  A.samples >= 500                     environment: the world is right
 *   E  A.share(compute_hash) 75%..97%
 *   E  path a > b > c >= 98%
 *   W  viewed flamegraph in=A focus=compute_hash                 work done
 *   W  viewed diff left=A right=B
 *   W  marked spike within 10s of B
 *   W  share(f) <= 2% "what to do"
 *   U  ask drop "By which factor ...?" = A.cost/B.cost +-30%  understanding
 *   wrong drop is(2) M20 "..."
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
    CHECK_VIEWED, /* W viewed */
    CHECK_MARKED, /* W marked */
    CHECK_ASK,    /* U ask */
    CHECK_PICK,   /* U pick */
};

struct check_wrong {
    struct expr expr;
    char code[8];
    char reason[256];
};

/* What "right" means for an answer. */
enum check_tolerance {
    TOLERANCE_FACTOR, /* +-30% of the truth */
    TOLERANCE_POINTS, /* +-5pt of a share */
    TOLERANCE_FIXED,  /* +-10s, +-0.05 */
};

enum { CHECK_ANYWHERE = -1 };

/* W viewed: where and what. */
struct check_view {
    char name[32], focus[128];
    char filter[64];   /* a label that must be in the selector */
    int window, right; /* indices, or CHECK_ANYWHERE; right of a diff */
    bool has_kind, other_kind;
    enum profile_kind kind;
};

struct check_item {
    enum check_kind kind;
    int line;
    struct expr expr; /* RANGE, ASK */
    double low, high; /* RANGE, PATH; shares as 0..1 */
    char todo[128];   /* RANGE of a W line: what makes it true */
    char path[CHECK_PATH_MAX][128];
    size_t path_len;
    size_t path_view;       /* index into the rule */
    struct check_view view; /* VIEWED */
    char text[64];          /* MARKED: part of the marker */
    int64_t near_ms;        /* MARKED: so near to the start of the window */
    size_t near_window;
    char id[32]; /* ASK, PICK */
    char question[256];
    double tolerance; /* ASK */
    enum check_tolerance tolerance_kind;
    struct check_wrong wrong[CHECK_WRONG_MAX];
    size_t num_wrong;
};

struct checkfile {
    char id[16], title[128];
    struct world_rule rule;
    struct expr predict; /* no terms: nothing to predict */
    struct check_item item[CHECK_ITEMS_MAX];
    size_t num_items;
    char say[512];
};

/* Refuses anything it does not know, with file:line. */
FK_MUST_USE enum fk_err checkfile_parse(struct fk_slice text, const char *file,
    struct checkfile *out, struct fk_diag *diag);

#endif
