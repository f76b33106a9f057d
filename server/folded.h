/*
 * Stacks as text (spec/pyroscope-api 3.4): "main;work;hash 12", one a line,
 * root first ("groups", also called folded), or without the count, each line
 * counting 1 ("lines"). A line without a count is skipped, as Pyroscope
 * does; anything else that cannot be read is an error that names the line.
 * Limits: 64 KiB a line; frames past the 1,000th are cut.
 */
#ifndef SERVER_FOLDED_H
#define SERVER_FOLDED_H

#include "common/err.h"
#include "common/slice.h"

#define FOLDED_MAX_LINE  (64 * 1024)
#define FOLDED_MAX_DEPTH 1000

enum folded_kind { FOLDED_GROUPS, FOLDED_LINES };

/* Frames are views into the text, never empty; count > 0. Anything but FK_OK
 * ends the reading and is returned. */
typedef enum fk_err (*folded_fn)(
    void *arg, const struct fk_slice *frames, size_t num_frames, int64_t count);

FK_MUST_USE enum fk_err folded_read(struct fk_slice text, enum folded_kind kind,
    folded_fn fn, void *arg, struct fk_diag *diag);

#endif
