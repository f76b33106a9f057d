/*
 * Stored rows into runs for a visitor. The thread that reads the rows does a
 * query of few all by itself; after that it hands them over in batches, and
 * up to three helpers check, unpack and decode beside it. So one snapshot
 * serves them all, and any kind of row.
 *
 * One reader, from _new to _free. The functions of `to` are called from any
 * of the threads, one at a time. Holds 2 MB while there are helpers.
 */
#ifndef SERVER_UNPACK_H
#define SERVER_UNPACK_H

#include "server/days.h"
#include "server/store.h"

struct unpack_row {
    uint32_t trie, series; /* store_run */
    uint32_t num_nodes;    /* of the trie */
    struct day_damage place;
};

struct unpack_to {
    /* Anything but FK_OK ends it all. */
    enum fk_err (*visit)(void *arg, const struct store_run *run);
    void (*damaged)(void *arg, const struct day_damage *place);
    void *arg;
};

struct unpack;

/* threads: the reader and its helpers, no more than there are processors.
 * NULL: no memory. */
struct unpack *unpack_new(const struct unpack_to *to, int threads);
void unpack_free(struct unpack *u); /* NULL is fine */
/* The data is copied. An error is the visitor's, of this row or an earlier
 * one, or FK_ERR_NOMEM. */
FK_MUST_USE enum fk_err unpack_add(
    struct unpack *u, const struct unpack_row *row, struct fk_slice data);
/* Until all that was added is visited. */
FK_MUST_USE enum fk_err unpack_drain(struct unpack *u);

#endif
