/*
 * Which trie holds the stacks of an app on which day. An app begins a new one
 * with the first profile of a month, or of a day once the old one is half
 * full; so stacks that no kept day names can be dropped as a whole. All
 * profiles of an app and a day have the same trie, whenever they come: that
 * of the latest `since` up to the day, or the oldest there is.
 *
 * Threads: tries_get, tries_on and tries_is_new from any; all else under the
 * catalog's lock. What is dropped stays readable until tries_free_dropped.
 */
#ifndef SERVER_TRIES_H
#define SERVER_TRIES_H

#include "server/trie.h"

#define TRIES_DAY_MS 86400000

struct tries_app {
    struct trie *_Atomic newest; /* and by trie.older the others */
    _Atomic int64_t last_date;   /* that a profile came for */
};

struct tries {
    struct trie *_Atomic *by_id; /* NULL = dropped */
    struct tries_app *apps;      /* by the id of the app's first trie */
    _Atomic uint32_t count;      /* of ids given so far */
    uint32_t max;
    struct fk_map names; /* hash of service_name -> app: verify */
    struct trie_limits limits;
    struct trie *dropped; /* by next_dropped: to be freed */
    uint64_t overflows;   /* of those that were dropped */
};

FK_MUST_USE enum fk_err tries_init(struct tries *t, uint32_t max);
void tries_fini(struct tries *t);

/* NULL when there is none of this id, or no longer. */
struct trie *tries_get(const struct tries *t, uint32_t id);
/* That of an app on a day since 1970; NULL when there is no such app. */
struct trie *tries_on(const struct tries *t, uint32_t app, int64_t date);
/* Is the day later than all so far? Then tries_reach goes before tries_on. */
bool tries_is_new(const struct tries *t, uint32_t app, int64_t date);

/* The app of this name, made if new; TRIE_NONE past the limit. */
uint32_t tries_app(struct tries *t, struct fk_slice name, int64_t date);
/* A profile of this day comes, or is there: begin a trie if it is time. */
void tries_reach(struct tries *t, uint32_t app, int64_t date);
/* A stored day, known while loading: no trie begins at or before it. */
void tries_note(struct tries *t, uint32_t app, int64_t date);
/* As stored, by ascending id, before others see it. */
FK_MUST_USE enum fk_err tries_load(struct tries *t, uint32_t id,
    struct fk_slice name, uint32_t app, int64_t since);

/* Stacks that became "other", ever since it was opened. */
uint64_t tries_overflows(const struct tries *t);

/* Drop one that no day from `date` on has; TRIE_NONE when there is none. */
uint32_t tries_drop(struct tries *t, int64_t date);
/* One that was dropped and is not freed yet; NULL when there is none. */
struct trie *tries_dropped(const struct tries *t, uint32_t id);
/* Free those that nobody holds, some time after they were dropped. */
void tries_free_dropped(struct tries *t);

#endif
