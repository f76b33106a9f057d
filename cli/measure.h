/*
 * The expressions of check files, such as share(f), A.cores/B.cores or
 * io.wall{endpoint="/api/slow_io"}.threads: a function of one view of one
 * window, or the ratio of two. One table; `measure_parse` finds the rows,
 * `measure` computes them.
 */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include "cli/world.h"

enum measure_unit {
    UNIT_COUNT,
    UNIT_SHARE,
    UNIT_CORES,
    UNIT_FRAMES,
    UNIT_TEXT,
    UNIT_RATIO,
    UNIT_SECONDS,
    UNIT_MS,   /* of CPU a request */
    UNIT_RATE, /* a second */
    UNIT_TIME, /* of the day; the number is ms since 1970 */
};

struct value {
    enum measure_unit unit;
    double number; /* shares are 0..1 */
    double n;      /* samples behind it */
    char text[256];
};

struct measure_term {
    const struct measure_row *row;
    size_t window, view; /* indices into the rule */
    char arg[128];
};

enum { MEASURE_TERMS_MAX = 2 };

struct expr {
    char text[256]; /* as it was written */
    struct measure_term term[MEASURE_TERMS_MAX];
    size_t num_terms;
};

/* Adds the views it needs to `rule`, whose windows and kind are known. */
bool measure_parse(
    struct fk_slice text, struct world_rule *rule, struct expr *out);
void measure(const struct expr *e, const struct world *world, struct value *v);
/* "79.2 %", "0.11", "412 samples", a name. */
void measure_print(const struct value *v, char *out, size_t size);
/* How much of a day, in ms, a time is after midnight here. */
int64_t measure_time_of_day(int64_t ms);

#endif
