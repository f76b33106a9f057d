/*
 * Where plans are: a path as given, or a name that is looked up as
 * NAME.load in the folders of the kit.
 */
#ifndef FK_LOADGEN_LIBRARY_H
#define FK_LOADGEN_LIBRARY_H

#include "common/buf.h"

/* `folders`: colon separated, searched first; may be "". Then the kit around
 * the running program: loadgen/plans and every folder of scenarios. The path
 * is written to `path`, the text to `text`. */
FK_MUST_USE enum fk_err library_read(const char *plan, const char *folders,
    struct fk_buf *path, struct fk_buf *text, struct fk_diag *diag);

#endif
