/*
 * Plays a plan from its first phase to its last: starts the players, keeps
 * the time, listens to Ctrl-C, tells display and server. One Ctrl-C ends the
 * phase and waits for what is under way, a second one does not wait.
 */
#ifndef FK_LOADGEN_CONDUCTOR_H
#define FK_LOADGEN_CONDUCTOR_H

#include "loadgen/display.h"
#include "loadgen/run.h"

struct conductor {
    const struct engine_target *targets; /* one, or one a region */
    unsigned num_targets;
    enum engine_kind engine;
    bool seconds; /* keep what each second held */
    enum priority priority;
    const char *server; /* "" = nobody is told */
    unsigned workers;
    struct display *display;
};

/* Call before any thread is started. */
void conductor_block_signals(void);
/* Fills in `run`, which is complete also when it was interrupted. */
FK_MUST_USE enum fk_err conductor_play(
    const struct conductor *c, struct run *run, struct fk_diag *diag);

#endif
