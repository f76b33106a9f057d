/*
 * A call tree as text: "main;work;hash 12", one stack a line, root first,
 * which flame graph tools and /ingest read. A ';' in a name becomes ':', a
 * line break a blank.
 */
#ifndef SERVER_COLLAPSED_H
#define SERVER_COLLAPSED_H

#include "server/tree.h"

/* The left side of a finished tree. FK_ERR_LIMIT when `out` is full. */
FK_MUST_USE enum fk_err collapsed_write(
    const struct tree *t, struct fk_buf *out);

#endif
