/*
 * Takes out of a module or a style sheet what only its readers need: comments,
 * indentation, spaces between words and signs. Nothing is renamed, reordered
 * or rewritten; the page's files stay the ones that people edit, and
 * tests/ui/strip.test.js proves with a full parser that each means the same
 * afterwards.
 *
 * A tool of the build, for our own sources: it knows ECMAScript's tokens, not
 * its grammar. Pure; the texts are borrowed, the caller owns the buffer.
 */
#ifndef FK_SERVER_STRIP_H
#define FK_SERVER_STRIP_H

#include "common/buf.h"
#include "common/slice.h"

/* FK_ERR_FORMAT, with the line and what begins there without an end in diag.
 * A buffer that is full keeps its own err. */
enum fk_err strip_js(
    struct fk_slice text, struct fk_buf *out, struct fk_diag *diag);
enum fk_err strip_css(
    struct fk_slice text, struct fk_buf *out, struct fk_diag *diag);

#endif
