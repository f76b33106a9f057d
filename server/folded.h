/*
 * Stacks as text (spec/pyroscope-api 3.4): "main;work;hash 12", one a line,
 * root first ("groups", also called folded), or without the count, each line
 * counting 1 ("lines"). A line without a count is skipped, as Pyroscope
 * does; anything else that cannot be read is an error that names the line.
 * Limits: 64 KiB a line; frames past the 1,000th are cut.
 */
#ifndef SERVER_FOLDED_H
#define SERVER_FOLDED_H

#include "server/stacks.h"

#define FOLDED_MAX_LINE (64 * 1024)

/* "main;work 3": a stack, a blank, and how often. */
FK_MUST_USE enum fk_err folded_read_groups(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag);
/* "main;work": every line counts 1. */
FK_MUST_USE enum fk_err folded_read_lines(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag);

#endif
