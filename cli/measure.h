/*
 * The functions of check files: share(f), samples, cores ... evaluated on
 * one window of one profile. One table; `measure_parse` finds the row,
 * `measure` computes it.
 */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include "cli/profile.h"
#include "cli/window.h"
#include "common/slice.h"

/* What the numbers are computed from. */
struct world {
    const char *service;
    struct window window;
    struct profile cpu; /* nanoseconds */
    double samples;     /* of the same stacks, counted */
};

enum measure_unit {
    UNIT_COUNT,
    UNIT_SHARE,
    UNIT_CORES,
    UNIT_FRAMES,
    UNIT_TEXT
};

struct value {
    enum measure_unit unit;
    double number; /* shares are 0..1 */
    double n;      /* samples behind a share */
    char text[256];
};

struct expr {
    const struct measure_row *row;
    char arg[128];
};

/* "share(compute_primes_slow)", "samples", "path a > b" is not one. */
bool measure_parse(struct fk_slice text, struct expr *out);
void measure(const struct expr *e, const struct world *world, struct value *v);
/* The expression as it was written. */
void measure_name(const struct expr *e, char *out, size_t size);
/* "79.2 %", "0.11", "412 samples", a name. */
void measure_print(const struct value *v, char *out, size_t size);

#endif
