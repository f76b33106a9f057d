/*
 * A tenant's day files, DIR/day-YYYYMMDD.db: the profiles of one UTC day
 * each, so that forgetting is unlinking.
 *
 * Threads: days_take, days_put and what is read of a day from any; all else
 * belongs to the writer thread. A day that is taken stays readable, even
 * when it is dropped meanwhile.
 */
#ifndef SERVER_DAYS_H
#define SERVER_DAYS_H

#include "server/db_pool.h"
#include "server/journal.h"
#include "server/levels.h"

#include <stdatomic.h>

#define DAYS_MAX 512 /* files of a tenant */

/* Where a reader met a row that fails its check. */
struct day_damage {
    bool journal; /* `at` is its key, or of a level: */
    enum level level;
    uint32_t id;
    int64_t at;
};

/* Noted at a time; the next reader notes the rest. */
#define DAY_MAX_DAMAGE 16

struct day {
    struct day *next; /* a later one */
    int64_t date;     /* days since 1970 */
    char *path;
    struct db_pool readers;
    _Atomic bool suspect; /* a reader met a damaged file, */
    _Atomic bool damaged; /* or damaged rows, noted below */
    /* The writer thread's: */
    struct db *writer; /* NULL = closed */
    bool begun;
    uint64_t used;             /* when: larger is later */
    struct levels_state state; /* as in the file, once `writer` is open */
    int64_t look_ms;           /* when the sealer looks at it next */
    int64_t old_ms; /* when something older than the journal came last */
    /* Guarded by days.lock: */
    int refs;
    bool dropped;
    struct day_damage damage[DAY_MAX_DAMAGE];
    int num_damage;
};

/* When the sealer should know of a row that is written. */
struct days_clock {
    int64_t now_ms, look_ms, old_ms; /* rows before old_ms are old */
};

struct days {
    char *dir;
    uint64_t clock; /* of day.used */
    int num_writers;
    pthread_mutex_t lock; /* guards what follows */
    struct day *first;
    int count;
};

FK_MUST_USE enum fk_err days_init(
    struct days *d, const char *dir, struct fk_diag *diag);
void days_fini(struct days *d); /* all are back */

/* The earliest with a date in [from, until], or NULL. */
struct day *days_take(struct days *d, int64_t from, int64_t until);
void days_put(struct days *d, struct day *day);
void days_note_damage(
    struct days *d, struct day *day, const struct day_damage *damage);
/* What was noted since the last call; returns how many. */
int days_take_damage(
    struct days *d, struct day *day, struct day_damage damage[DAY_MAX_DAMAGE]);

/* The writing connection of a day, with its state; for the writer thread. */
FK_MUST_USE enum fk_err days_open(
    struct days *d, struct day *day, struct fk_diag *diag);
/* Rename a damaged file to bad-YYYYMMDD.db and forget it. */
void days_set_aside(struct days *d, struct day *day);
/* The earliest there is; INT64_MAX = none. */
int64_t days_first_date(const struct days *d);
/* Drop one: the earliest, unless it is the only one. False: there was
 * none. */
bool days_drop_first(struct days *d);

static inline int64_t days_begin(const struct day *day)
{
    return day->date * 86400;
}

static inline int64_t days_end(const struct day *day)
{
    return (day->date + 1) * 86400;
}

static inline int64_t days_date(int64_t time_ms)
{
    return time_ms / 86400000;
}

/* One transaction over all days: add rows, then commit or roll back.
 * Atomic a day; docs/storage.md says what that means at midnight. */
FK_MUST_USE enum fk_err days_add(struct days *d, struct journal_row *row,
    const struct days_clock *clock, struct fk_diag *diag);
FK_MUST_USE enum fk_err days_commit(struct days *d, struct fk_diag *diag);
void days_rollback(struct days *d);
/* Before it: whatever the transaction wrote to may be damaged. */
void days_suspect_begun(struct days *d);

/* Drop days that ended, and were last written, more than keep_days ago.
 * Returns how many. */
int days_expire(struct days *d, int64_t now_ms, uint32_t keep_days);

#endif
