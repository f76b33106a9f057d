/*
 * What a person sees while a plan is played, on stderr: one line that stays
 * in its place on a terminal, one line a second anywhere else, and nothing in
 * the background of a terminal. The cursor is never hidden, so nothing has to
 * be restored. NO_COLOR is obeyed.
 */
#ifndef FK_LOADGEN_DISPLAY_H
#define FK_LOADGEN_DISPLAY_H

#include "loadgen/player.h"

struct display {
    bool terminal, colour, quiet, line_open;
    int64_t next_ns;           /* when the next line is due */
    struct player_live window; /* what came in since the last line */
};

struct display_facts {
    const char *phase;
    uint32_t number, of; /* this phase of so many */
    double elapsed_s, duration_s;
    double target_rate; /* 0 for clients */
};

void display_init(struct display *d, bool quiet);
/* `live` holds the counts of the phase and what came in since the last call;
 * a line is written when one is due. */
void display_tick(struct display *d, const struct display_facts *facts,
    const struct player_live *live);
/* A sentence between the lines. */
void display_note(struct display *d, const char *fmt, ...) FK_PRINTF(2, 3);
/* End the line at hand, before anything else is printed. */
void display_break(struct display *d);

#endif
