#include "server/bucket.h"

#include "common/array.h"
#include "common/log.h"
#include "server/blob.h"
#include "server/totals.h"

#include <stdlib.h>

enum { MAX_ROW_BYTES = 64 << 20 };

enum fk_err bucket_init(struct bucket *b)
{
    *b = (struct bucket){.codec = blob_codec_new()};
    fk_buf_init(&b->bytes, MAX_ROW_BYTES);
    fk_buf_init(&b->stored, MAX_ROW_BYTES);
    return b->codec ? FK_OK : FK_ERR_NOMEM;
}

void bucket_fini(struct bucket *b)
{
    for (int i = 0; i < BUCKET_MINUTES; i++)
        pairs_fini(&b->minute[i]);
    pairs_fini(&b->whole);
    pairs_fini(&b->sum);
    blob_codec_free(b->codec);
    fk_buf_fini(&b->bytes);
    fk_buf_fini(&b->stored);
    free(b->points);
}

void bucket_reset(struct bucket *b)
{
    for (int i = 0; i < BUCKET_MINUTES; i++)
        pairs_reset(&b->minute[i]);
    b->num_points = 0;
}

/* ---- filling ---- */

static enum fk_err add_blob(struct bucket *b, struct pairs *to,
    struct fk_slice bytes, uint32_t num_nodes, int64_t *total)
{
    struct blob_pairs pairs;
    enum fk_err err = blob_read(b->codec, bytes, num_nodes, &pairs);
    if (err)
        return err;
    if (!pairs_reserve(to, pairs.n))
        return FK_ERR_NOMEM;
    for (size_t i = 0; i < pairs.n; i++)
        to->at[to->n + i] =
            (struct trie_value){pairs.nodes[i], pairs.values[i]};
    to->n += pairs.n;
    to->flags |= pairs.flags;
    *total = pairs.total;
    return FK_OK;
}

static enum fk_err add_point(struct bucket *b, uint32_t ms, int64_t total)
{
    struct chunk_point *points =
        fk_array_more(b->points, b->num_points, &b->cap_points, sizeof *points);
    if (!points)
        return FK_ERR_NOMEM;
    b->points = points;
    b->points[b->num_points++] = (struct chunk_point){ms, total};
    return FK_OK;
}

enum fk_err bucket_add(
    struct bucket *b, struct fk_slice blob, uint32_t ms, uint32_t num_nodes)
{
    int64_t total = 0;
    struct pairs *to = &b->minute[ms / 60000];
    enum fk_err err = add_blob(b, to, blob, num_nodes, &total);
    return err ? err : add_point(b, ms, total);
}

void bucket_merge(struct bucket *b, struct bucket *other)
{
    for (int i = 0; i < BUCKET_MINUTES; i++) {
        pairs_fold(&other->minute[i]);
        pairs_add(&b->minute[i], &other->minute[i]);
    }
}

/* ---- writing ---- */

static enum fk_err write_pairs(struct bucket *b, struct db *db,
    enum level level, uint32_t id, int64_t start, struct pairs *sum)
{
    pairs_fold(sum);
    if (sum->failed)
        return FK_ERR_NOMEM;
    if (!sum->n)
        return FK_OK;
    fk_buf_reset(&b->bytes);
    /* Hours and days are few and read often: unpacking them would take most
     * of the time of a query. */
    if (level >= LEVEL_HOUR)
        blob_encode(&b->bytes, sum->at, sum->n, sum->flags);
    else
        blob_encode_packed(b->codec, &b->bytes, sum->at, sum->n, sum->flags);
    if (b->bytes.err)
        return b->bytes.err;
    return levels_put(db, level, id, start, fk_buf_slice(&b->bytes));
}

/* ---- building and mending ---- */

static enum fk_err put_aside(struct bucket *b, struct db *db, enum level level,
    uint32_t id, int64_t start)
{
    b->set_aside++;
    fk_log(FK_LOG_ERROR, "row_set_aside",
        "level=%d id=%u start=%lld reason=damaged", (int)level, id,
        (long long)start);
    return levels_set_aside(db, level, id, start, fk_buf_slice(&b->stored));
}

struct building {
    struct bucket *bucket;
    int64_t damaged; /* start of the latest such child; -1 = none */
};

static enum fk_err add_child(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct building *g = arg;
    int64_t total;
    (void)level;
    (void)id;
    enum fk_err err =
        add_blob(g->bucket, &g->bucket->sum, data, UINT32_MAX, &total);
    if (err != FK_ERR_CORRUPT)
        return err;
    g->damaged = start;
    return FK_OK;
}

enum fk_err bucket_build(struct bucket *b, struct db *db, enum level level,
    uint32_t id, int64_t start)
{
    struct building g = {b, -1};
    enum level below = (enum level)(level - 1);
    enum fk_err err;
    do {
        int64_t mended = g.damaged;
        g.damaged = -1;
        pairs_reset(&b->sum);
        err = levels_scan(
            db, below, id, start, start + level_seconds[level], add_child, &g);
        if (!err && g.damaged >= 0)
            err = g.damaged == mended
                      ? FK_ERR_CORRUPT
                      : bucket_mend(b, db, below, id, g.damaged);
    } while (!err && g.damaged >= 0);
    return err ? err : write_pairs(b, db, level, id, start, &b->sum);
}

static enum fk_err check_row(struct bucket *b, enum level level)
{
    struct fk_slice stored = fk_buf_slice(&b->stored);
    struct totals totals;
    int64_t total;
    if (level == LEVEL_CHUNK)
        return chunk_check(stored);
    if (level == LEVEL_TOTALS)
        return totals_decode(stored, &totals);
    pairs_reset(&b->sum);
    return add_blob(b, &b->sum, stored, UINT32_MAX, &total);
}

enum fk_err bucket_mend(struct bucket *b, struct db *db, enum level level,
    uint32_t id, int64_t start)
{
    enum fk_err err = levels_get(db, level, id, start, &b->stored);
    if (err || !b->stored.len)
        return err;
    err = check_row(b, level);
    if (err != FK_ERR_CORRUPT)
        return err;
    err = put_aside(b, db, level, id, start);
    if (err || level < LEVEL_TEN || level > LEVEL_DAY)
        return err;
    return bucket_build(b, db, level, id, start);
}

static enum fk_err add_pairs(struct bucket *b, struct db *db, enum level level,
    uint32_t id, int64_t start, struct pairs *more)
{
    int64_t total;
    pairs_fold(more);
    if (!more->n)
        return FK_OK;
    pairs_reset(&b->sum);
    pairs_add(&b->sum, more);
    enum fk_err err = levels_get(db, level, id, start, &b->stored);
    if (!err && b->stored.len)
        err =
            add_blob(b, &b->sum, fk_buf_slice(&b->stored), UINT32_MAX, &total);
    if (err != FK_ERR_CORRUPT || !b->stored.len)
        return err ? err : write_pairs(b, db, level, id, start, &b->sum);
    if (level != LEVEL_MINUTE) /* those below have it by now */
        return bucket_mend(b, db, level, id, start);
    err = put_aside(b, db, level, id, start);
    return err ? err : write_pairs(b, db, level, id, start, more);
}

static enum fk_err write_chunk(
    struct bucket *b, struct db *db, uint32_t id, int64_t start)
{
    if (!b->num_points)
        return FK_OK;
    fk_buf_reset(&b->bytes);
    chunk_encode(&b->bytes, b->points, b->num_points);
    if (b->bytes.err)
        return b->bytes.err;
    return levels_put(db, LEVEL_CHUNK, id, start, fk_buf_slice(&b->bytes));
}

static enum fk_err add_chunk(
    struct bucket *b, struct db *db, uint32_t id, int64_t start)
{
    struct chunk chunk;
    struct chunk_point p;
    size_t own = b->num_points;
    enum fk_err err = levels_get(db, LEVEL_CHUNK, id, start, &b->stored);
    if (err || !b->stored.len)
        return err ? err : write_chunk(b, db, id, start);
    err = chunk_open(&chunk, fk_buf_slice(&b->stored));
    while (!err && chunk.n && !(err = chunk_next(&chunk, &p)))
        err = add_point(b, p.ms, p.total);
    if (err == FK_ERR_CORRUPT) {
        b->num_points = own;
        err = put_aside(b, db, LEVEL_CHUNK, id, start);
    }
    return err ? err : write_chunk(b, db, id, start);
}

/* Which series it was is not known any more: as if it were always the one
 * that is measured most often. */
static enum fk_err add_totals(
    struct bucket *b, struct db *db, uint32_t id, int64_t start)
{
    struct totals sum = {0};
    enum fk_err err = levels_get(db, LEVEL_TOTALS, id, start, &b->stored);
    if (!err && b->stored.len && totals_decode(fk_buf_slice(&b->stored), &sum))
        err = put_aside(b, db, LEVEL_TOTALS, id, start);
    fk_buf_reset(&b->bytes);
    chunk_encode(&b->bytes, b->points, b->num_points);
    if (!err)
        err = totals_add(&sum, fk_buf_slice(&b->bytes));
    fk_buf_reset(&b->bytes);
    totals_encode(&b->bytes, &sum);
    if (err || b->bytes.err)
        return err ? err : b->bytes.err;
    return levels_put(db, LEVEL_TOTALS, id, start, fk_buf_slice(&b->bytes));
}

static void sum_minutes(struct bucket *b)
{
    pairs_reset(&b->whole);
    for (int i = 0; i < BUCKET_MINUTES; i++) {
        pairs_fold(&b->minute[i]);
        pairs_add(&b->whole, &b->minute[i]);
    }
}

enum fk_err bucket_replace(
    struct bucket *b, struct db *db, uint32_t id, int64_t start)
{
    enum fk_err err = FK_OK;
    sum_minutes(b);
    for (int i = 0; !err && i < BUCKET_MINUTES; i++)
        err =
            write_pairs(b, db, LEVEL_MINUTE, id, start + i * 60, &b->minute[i]);
    if (!err)
        err = write_pairs(b, db, LEVEL_TEN, id, start, &b->whole);
    return err ? err : write_chunk(b, db, id, start);
}

static int64_t floor_to(int64_t at, enum level level)
{
    return at / level_seconds[level] * level_seconds[level];
}

enum fk_err bucket_add_to(struct bucket *b, struct db *db,
    const struct levels_state *st, uint32_t id, int64_t start)
{
    const bool wanted[] = {
        [LEVEL_TEN] = st->finest <= LEVEL_TEN,
        [LEVEL_HOUR] = st->finest <= LEVEL_HOUR && start < st->hours,
        [LEVEL_DAY] = st->whole,
    };
    enum fk_err err = FK_OK;
    sum_minutes(b);
    for (int i = 0; !err && st->finest == LEVEL_MINUTE && i < BUCKET_MINUTES;
         i++)
        err = add_pairs(b, db, LEVEL_MINUTE, id, start + i * 60, &b->minute[i]);
    for (enum level l = LEVEL_TEN; !err && l <= LEVEL_DAY; l++)
        if (wanted[l])
            err = add_pairs(b, db, l, id, floor_to(start, l), &b->whole);
    if (err)
        return err;
    if (!(id & LEVELS_GROUP))
        return add_chunk(b, db, id, start);
    return st->groups == GROUPS_AND_SERIES ? FK_OK
                                           : add_totals(b, db, id, start);
}
