/*
 * The series of a tenant: label set -> id, and label -> series for
 * selecting. Ids are dense and never reused. A series is live while it has
 * data or was made by this process; only live ones count against the limit.
 * Not thread-safe: catalog.c holds the lock. Entries never move and their
 * labels never change.
 */
#ifndef SERVER_SERIES_H
#define SERVER_SERIES_H

#include "common/arena.h"
#include "common/map.h"
#include "server/selector.h"

#define SERIES_NONE   UINT32_MAX
#define SERIES_MAX_ID ((1u << 24) - 1) /* what a journal key has room for */

struct series_entry {
    uint32_t id, app;
    uint32_t group;   /* the first series of the same app and type */
    uint32_t members; /* of the group, at its first: how many they are */
    bool live;
    int64_t first_ms, last_ms; /* first > last: no profile yet */
    uint32_t num_labels;
    struct fk_label labels[];
};

struct series_posting {
    struct fk_label label;
    uint32_t *ids; /* ascending */
    uint32_t count;
    size_t cap;
};

struct series_index {
    struct fk_arena arena; /* entries and their texts */
    struct series_entry **entries;
    uint32_t count, live, max_live;
    size_t cap;
    struct fk_map by_labels; /* hash -> id: verify */
    struct fk_map by_group;  /* hash of app and type -> id: verify */
    struct series_posting *postings;
    uint32_t num_postings;
    size_t cap_postings;
    struct fk_map by_label; /* hash of name and value -> posting: verify */
};

void series_index_init(struct series_index *x, uint32_t max_live);
void series_index_fini(struct series_index *x);

uint32_t series_find(const struct series_index *x, const struct fk_labels *l);
/* A new one, not known before. FK_ERR_LIMIT past the limit of live ones. */
FK_MUST_USE enum fk_err series_add(struct series_index *x,
    const struct fk_labels *l, uint32_t app, uint32_t *id);
/* It has a profile at this time. */
void series_touch(struct series_index *x, uint32_t id, int64_t time_ms);
/* It has none any more, and does not count against the limit. */
void series_forget(struct series_index *x, uint32_t id);
void series_set_live(struct series_index *x, uint32_t id, bool live);
void series_labels(const struct series_entry *e, struct fk_labels *out);

/* Ids of what may match, ascending, put into ids[0..count) of the index's
 * count capacity; selector_matches tells what does. Returns how many. */
uint32_t series_candidates(
    const struct series_index *x, const struct selector *s, uint32_t *ids);

#endif
