/*
 * The one thread that writes a tenant's profiles: takes batches from a
 * bounded queue, commits many in one go, then reports to those who wait.
 * First the catalog, then the profiles: an unused node after a crash is
 * harmless, a profile of unknown nodes is not.
 *
 * Threads: any may reserve and push. While the disk refuses, reserving is
 * refused as well and the thread tries once a second.
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include "server/days.h"
#include "server/guard.h"
#include "server/intake.h"
#include "server/meta.h"
#include "server/seal.h"

struct write_item {
    struct write_item *next;
    store_done_fn done;
    void *arg;
    size_t bytes; /* what the queue charges */
    int64_t arrived_ns;
    size_t samples;
    struct fk_buf blobs; /* of all rows */
    size_t num_rows;
    struct journal_row rows[];
};

/* Interns and encodes what the intake holds. NULL: no memory. */
struct write_item *write_item_new(
    struct intake *in, store_done_fn done, void *arg);

/* What it writes to, and what it asks. */
struct writer_parts {
    const struct store_options *options;
    struct catalog *catalog;
    struct meta *meta;
    struct days *days;
    struct guard *guard;
};

struct writer {
    const struct store_options *options;
    struct catalog *catalog;
    struct meta *meta;
    struct days *days;
    struct guard *guard;
    pthread_t thread;
    struct seal seal;  /* this and what follows are the thread's own */
    bool sealing;      /* it has more to do at once */
    int64_t seal_ns;   /* when it looks for something to do next */
    int64_t expire_ns; /* when to look for old days next */
    int64_t guard_ns;  /* when to look at the disk next */
    bool low;          /* the disk has too little room */
    uint64_t broken;   /* day files set aside */
    int idle_rounds;   /* of the sealer, one after the other */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    struct write_item *first, **last;
    size_t profiles, bytes; /* reserved: waiting and being written */
    bool stopping, failing;
    struct fk_diag why; /* it is failing */
    struct store_stats stats;
};

FK_MUST_USE enum fk_err writer_start(
    struct writer *w, const struct writer_parts *parts, struct fk_diag *diag);
void writer_stop(struct writer *w); /* after all that waits is written */

/* FK_ERR_FULL, FK_ERR_UNAVAILABLE. After FK_OK: push, or give it back. */
FK_MUST_USE enum fk_err writer_reserve(
    struct writer *w, const struct store_batch *batch, struct fk_diag *diag);
void writer_give_back(struct writer *w, const struct store_batch *batch);
void writer_push(struct writer *w, struct write_item *item);

FK_MUST_USE enum fk_err writer_health(struct writer *w, struct fk_diag *diag);
void writer_stats(struct writer *w, struct store_stats *out); /* adds */

#endif
