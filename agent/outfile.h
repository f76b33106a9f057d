/*
 * A file instead of a server: the profiles of all intervals are merged and
 * the file is written anew after each of them, under another name first, so
 * that whoever opens it finds a whole one, however the program ends.
 *
 * The path's ending says what is written: .pb, .pprof or .prof is pprof, with
 * .gz compressed; anything else is folded text of the default sample type.
 * "%p" in it stands for the process id. Agent thread only.
 */
#ifndef FK_AGENT_OUTFILE_H
#define FK_AGENT_OUTFILE_H

#include "common/pprof_merge.h"

#define FK_OUTFILE_BYTES (64u << 20) /* of merged profile */

struct fk_outfile {
    char path[4096];
    struct fk_pprof_merge merge;
    bool changed;
};

/* NULL without memory or when the path is too long. */
struct fk_outfile *fk_outfile_new(const char *path);
void fk_outfile_free(struct fk_outfile *out); /* NULL is fine */
/* One finished profile. FK_ERR_LIMIT when it did not fit. */
FK_MUST_USE enum fk_err fk_outfile_add(
    struct fk_outfile *out, struct fk_slice pprof);
/* FK_ERR_IO: errno tells. Nothing to do when nothing was added. */
FK_MUST_USE enum fk_err fk_outfile_write(struct fk_outfile *out);

#endif
