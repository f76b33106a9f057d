/*
 * What `perf script` prints: for every sample a line with the command, the
 * process and the event, then its frames, leaf first, then an empty line.
 * Each sample counts 1; the command is the root of its stack.
 *
 * Limits: 64 KiB a line; frames past the 1,000th (from the leaf) are cut.
 */
#ifndef SERVER_PERF_SCRIPT_H
#define SERVER_PERF_SCRIPT_H

#include "server/stacks.h"

/* Does the text begin like one? */
bool perf_script_is(struct fk_slice text);
FK_MUST_USE enum fk_err perf_script_read(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag);

#endif
