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

#define DAYS_MAX 400 /* files of a tenant */

struct day {
    struct day *next; /* a later one */
    int64_t date;     /* days since 1970 */
    char *path;
    struct db_pool readers;
    /* The writer thread's: */
    struct db *writer; /* NULL = closed */
    bool begun;
    uint64_t used; /* when: larger is later */
    /* Guarded by days.lock: */
    int refs;
    bool dropped;
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

static inline int64_t days_date(int64_t time_ms)
{
    return time_ms / 86400000;
}

/* One transaction over all days: add rows, then commit or roll back.
 * Atomic a day; docs/storage.md says what that means at midnight. */
FK_MUST_USE enum fk_err days_add(
    struct days *d, struct journal_row *row, struct fk_diag *diag);
FK_MUST_USE enum fk_err days_commit(struct days *d, struct fk_diag *diag);
void days_rollback(struct days *d);

/* Drop days that ended, and were last written, more than keep_days ago.
 * Returns how many. */
int days_expire(struct days *d, int64_t now_ms, uint32_t keep_days);

#endif
