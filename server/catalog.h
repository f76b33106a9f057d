/*
 * What a tenant knows beside values: its apps, each with its tries, and its
 * series. Kept in memory by every store; store_sqlite writes it down.
 *
 * Threads: any. One lock guards the series and the adding of tries; visitors
 * run without it. Tries lock themselves.
 */
#ifndef SERVER_CATALOG_H
#define SERVER_CATALOG_H

#include "server/series.h"
#include "server/store.h"
#include "server/tries.h"

struct catalog {
    pthread_rwlock_t lock;
    struct series_index series;
    struct tries tries;
};

FK_MUST_USE enum fk_err catalog_init(struct catalog *c, uint32_t max_series);
void catalog_fini(struct catalog *c);

/* The series of each profile, made if new: all of them, or none and
 * FK_ERR_LIMIT. After it, catalog_trie_of knows where their stacks go. */
FK_MUST_USE enum fk_err catalog_resolve(struct catalog *c,
    const struct store_batch *batch, uint32_t *series, struct fk_diag *diag);
/* That of a series at a time. */
struct trie *catalog_trie_of(
    struct catalog *c, const struct series_entry *e, int64_t time_ms);
/* For the writer, when days were dropped: forget one trie that only days
 * before this one had, TRIE_NONE when there is none. Later, free those that
 * nobody uses any more. */
uint32_t catalog_drop_trie(struct catalog *c, int64_t date);
void catalog_free_dropped(struct catalog *c);
/* A profile of a series at this time is stored. */
void catalog_touch(struct catalog *c, uint32_t series, int64_t time_ms);

/* When days were dropped or loaded: the times of all series anew. */
struct catalog_range {
    int64_t first_ms, last_ms; /* first > last: no profile */
};

void catalog_set_ranges(
    struct catalog *c, const struct catalog_range *ranges, uint32_t count);

/* Entries never move; NULL when there is no such series yet. */
const struct series_entry *catalog_entry(struct catalog *c, uint32_t series);

/* Has the group of this first series more than it? */
bool catalog_is_shared(struct catalog *c, uint32_t group);

/* store_ops.series */
FK_MUST_USE enum fk_err catalog_visit(struct catalog *c,
    const struct selector *s, int64_t t0, int64_t t1, store_series_fn fn,
    void *arg);

/* store_ops.trie_hold, trie_release, frame */
FK_MUST_USE enum fk_err catalog_trie_hold(
    struct catalog *c, uint32_t trie, struct store_trie *out);
void catalog_trie_release(struct catalog *c, struct store_trie *trie);
FK_MUST_USE enum fk_err catalog_frame(
    struct catalog *c, uint32_t trie, uint32_t frame, struct store_frame *out);

/* A selection to ask for each profile of a scan. */
struct catalog_set {
    uint32_t *app;   /* by series: its app, TRIE_NONE = not selected */
    uint32_t *group; /* by series: series_entry.group */
    uint32_t count, selected;
};

FK_MUST_USE enum fk_err catalog_select(struct catalog *c,
    const struct selector *s, int64_t t0, int64_t t1, struct catalog_set *out);
void catalog_set_fini(struct catalog_set *set);
/* Sets partial[g] for each group g < set->count that has a series with data
 * in the range which the set does not select. */
void catalog_mark_partial(struct catalog *c, const struct catalog_set *set,
    int64_t t0, int64_t t1, bool *partial);

static inline bool catalog_set_has(
    const struct catalog_set *set, uint32_t series)
{
    return series < set->count && set->app[series] != TRIE_NONE;
}

/* Counts for store_stats. */
void catalog_stats(struct catalog *c, struct store_stats *out);

#endif
