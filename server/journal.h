/*
 * The journal of one day's file: a row a profile, in the order of time, so
 * that a commit touches the end of one table however many series there are.
 * The same transaction notes which series the file holds.
 *
 * Functions of a connection; one thread at a time, as with db.h.
 */
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include "server/db.h"

/* key: seconds(32) << 31 | series(24) << 7 | a number of its own (7) */
#define JOURNAL_MAX_SAME 128 /* profiles of one series in one second */

extern const struct db_schema journal_schema;

struct journal_row {
    uint32_t series;
    int64_t time_ms, duration_ns;
    uint64_t dedup;
    uint8_t id[16];
    struct fk_slice blob; /* blob.h */
    bool stored;          /* result: false = it was there already (dedup) */
};

/* In a transaction. FK_ERR_LIMIT: JOURNAL_MAX_SAME of them are there. */
FK_MUST_USE enum fk_err journal_add(struct db *db, struct journal_row *row);

/* Rows of [t0, t1) in the order of seconds. The blob is a view until the
 * visitor returns. */
typedef enum fk_err (*journal_fn)(
    void *arg, uint32_t series, int64_t time_ms, struct db_stmt *row);
FK_MUST_USE enum fk_err journal_scan(
    struct db *db, int64_t t0, int64_t t1, journal_fn fn, void *arg);
struct fk_slice journal_blob(struct db_stmt *row);

/* What the file holds, by series. */
typedef void (*journal_range_fn)(
    void *arg, uint32_t series, int64_t first_ms, int64_t last_ms);
FK_MUST_USE enum fk_err journal_ranges(
    struct db *db, journal_range_fn fn, void *arg);

#endif
