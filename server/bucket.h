/*
 * Ten minutes of one series or group being added up: by minute, as a whole,
 * and the totals of the profiles one by one. The sealer fills one and writes
 * it to the levels of a day's file, in a transaction of its own.
 *
 * One thread. Errors: those of db.h, and FK_ERR_NOMEM.
 */
#ifndef SERVER_BUCKET_H
#define SERVER_BUCKET_H

#include "server/chunk.h"
#include "server/levels.h"
#include "server/pairs.h"

enum { BUCKET_MINUTES = 10, BUCKET_SECONDS = 600 };

struct blob_codec;

struct bucket {
    struct pairs minute[BUCKET_MINUTES], whole, sum;
    struct chunk_point *points;
    size_t num_points, cap_points;
    struct blob_codec *codec;
    struct fk_buf bytes;  /* of the row that is written */
    struct fk_buf stored; /* of the row that is read */
    uint64_t set_aside;   /* damaged rows met and put away */
};

FK_MUST_USE enum fk_err bucket_init(struct bucket *b);
void bucket_fini(struct bucket *b);
void bucket_reset(struct bucket *b);

/* A profile of the journal, so many ms after the bucket's start. Nodes are
 * below num_nodes, or it is FK_ERR_CORRUPT and nothing was added. */
FK_MUST_USE enum fk_err bucket_add(
    struct bucket *b, struct fk_slice blob, uint32_t ms, uint32_t num_nodes);
/* Another's minutes, without its totals. */
void bucket_merge(struct bucket *b, struct bucket *other);

/* Put rows in the place of what is there, with a chunk only if there are
 * totals. */
FK_MUST_USE enum fk_err bucket_replace(
    struct bucket *b, struct db *db, uint32_t id, int64_t start);
/* Add to every level that has come past the bucket's start. */
FK_MUST_USE enum fk_err bucket_add_to(struct bucket *b, struct db *db,
    const struct levels_state *st, uint32_t id, int64_t start);

/* Make a row of a level from those of the level below, damaged ones mended
 * first. */
FK_MUST_USE enum fk_err bucket_build(struct bucket *b, struct db *db,
    enum level level, uint32_t id, int64_t start);
/* If the row is damaged: set it aside, and build it anew where there is a
 * level below. */
FK_MUST_USE enum fk_err bucket_mend(struct bucket *b, struct db *db,
    enum level level, uint32_t id, int64_t start);

#endif
