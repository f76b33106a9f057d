/*
 * Stacks as lists of names: the shape that the formats without functions and
 * locations have in common (folded.h, trie_body.h, speedscope.h). A reader
 * calls one function for every stack, ingest_stacks_add in the server.
 */
#ifndef SERVER_STACKS_H
#define SERVER_STACKS_H

#include "common/err.h"
#include "common/slice.h"

#define STACKS_MAX_DEPTH 1000 /* frames; what is deeper is left out */

/* Root first; names are valid during the call, never empty; count > 0.
 * Anything but FK_OK ends the reading and is returned. */
typedef enum fk_err (*stacks_fn)(
    void *arg, const struct fk_slice *frames, size_t num_frames, int64_t count);

/* A whole body. `diag` gets one sentence that names the place, unless the
 * error is that of `fn`. */
typedef enum fk_err (*stacks_read_fn)(
    struct fk_slice body, stacks_fn fn, void *arg, struct fk_diag *diag);

/* The frames of "main;work", up to STACKS_MAX_DEPTH; empty ones are left
 * out. */
size_t stacks_split(struct fk_slice stack, struct fk_slice *frames);

#endif
