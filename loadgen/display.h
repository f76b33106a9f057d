/*
 * What a person sees while a plan is played, on stderr: a few lines that stay
 * in their place on a terminal, one line a second anywhere else, and nothing
 * in the background of a terminal. The cursor is never hidden, so nothing has
 * to be restored. NO_COLOR is obeyed.
 */
#ifndef FK_LOADGEN_DISPLAY_H
#define FK_LOADGEN_DISPLAY_H

#include "loadgen/player.h"

enum { DISPLAY_RECENT_S = 5 };

/* A second of a phase. */
struct display_second {
    uint64_t sent;
    struct fk_hist response;
};

struct display {
    bool terminal, colour, quiet;
    bool drawn;      /* the lines above the cursor are ours */
    int64_t next_ns; /* when they are due again */
    /* Of the phase at hand: */
    uint32_t number;
    uint64_t sent; /* at the last look */
    int64_t seconds;
    struct display_second recent[DISPLAY_RECENT_S];
    struct fk_hist all;
};

struct display_facts {
    const char *phase;
    uint32_t number, of; /* this phase of so many */
    double elapsed_s, duration_s;
    double target_rate; /* now; 0 for clients */
};

void display_init(struct display *d, bool quiet);
/* `live` holds the counts of the phase and what came in since the last call;
 * something is written when it is due. */
void display_tick(struct display *d, const struct display_facts *facts,
    const struct player_live *live);
/* A sentence between the lines. */
void display_note(struct display *d, const char *fmt, ...) FK_PRINTF(2, 3);
/* What was drawn stays where it is: something else comes below it. */
void display_break(struct display *d);

#endif
