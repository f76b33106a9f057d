/*
 * The journal of one day's file: a row a profile, in the order of time, so
 * that a commit touches the end of one table however many series there are.
 * The same transaction notes which series the file holds.
 *
 * Functions of a connection; one thread at a time, as with db.h.
 */
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include "common/buf.h"
#include "server/db.h"

/* key: seconds(32) << 31 | series(24) << 7 | a number of its own (7) */
#define JOURNAL_MAX_SAME 128 /* profiles of one series in one second */

extern const struct db_schema journal_schema; /* of the whole file */

static inline int64_t journal_second(int64_t key)
{
    return key >> 31;
}

static inline uint32_t journal_series(int64_t key)
{
    return (uint32_t)(key >> 7) & 0xFFFFFF;
}

struct journal_row {
    uint32_t series, trie;
    int64_t time_ms, duration_ns;
    uint64_t dedup;
    uint8_t id[16];
    struct fk_slice blob;  /* blob.h */
    struct fk_slice spans; /* spans.h; empty = none */
    bool stored;           /* result: false = it was there already (dedup) */
};

/* In a transaction. A time before `closed` (seconds) is late: levels.h.
 * FK_ERR_LIMIT: JOURNAL_MAX_SAME of them are there. */
FK_MUST_USE enum fk_err journal_add(
    struct db *db, struct journal_row *row, int64_t closed);

/* Rows of [t0, t1) in the order of seconds. The blob is a view until the
 * visitor returns. */
typedef enum fk_err (*journal_fn)(
    void *arg, uint32_t series, int64_t time_ms, struct db_stmt *row);
FK_MUST_USE enum fk_err journal_scan(
    struct db *db, int64_t t0, int64_t t1, journal_fn fn, void *arg);
/* The same, of those that are late. */
FK_MUST_USE enum fk_err journal_scan_late(
    struct db *db, int64_t t0, int64_t t1, journal_fn fn, void *arg);
struct fk_slice journal_blob(struct db_stmt *row);

/* Spans of profiles of [t0, t1), which stay when the profile goes. */
typedef enum fk_err (*journal_spans_fn)(
    void *arg, uint32_t series, int64_t time_ms, struct fk_slice spans);
FK_MUST_USE enum fk_err journal_scan_spans(
    struct db *db, int64_t t0, int64_t t1, journal_spans_fn fn, void *arg);

/* The first second at or after this one that has a row; INT64_MAX = none. */
FK_MUST_USE enum fk_err journal_next_second(
    struct db *db, int64_t from, int64_t *second);
/* The keys of [from, until) seconds without the late ones; only late ones
 * before `until`. */
typedef enum fk_err (*journal_key_fn)(void *arg, int64_t key);
FK_MUST_USE enum fk_err journal_keys(
    struct db *db, int64_t from, int64_t until, journal_key_fn fn, void *arg);
FK_MUST_USE enum fk_err journal_late_keys(
    struct db *db, int64_t until, journal_key_fn fn, void *arg);
/* One row, into the emptied buffer; nothing when it is gone. */
FK_MUST_USE enum fk_err journal_get(
    struct db *db, int64_t key, int64_t *time_ms, struct fk_buf *blob);
/* It is in the levels now. */
FK_MUST_USE enum fk_err journal_clear_late(struct db *db, int64_t key);
FK_MUST_USE enum fk_err journal_delete(struct db *db, int64_t key);
/* All of [from, until) seconds but the late ones. */
FK_MUST_USE enum fk_err journal_drop(
    struct db *db, int64_t from, int64_t until);
FK_MUST_USE enum fk_err journal_drop_spans(
    struct db *db, int64_t from, int64_t until);
/* Set a damaged row aside. */
FK_MUST_USE enum fk_err journal_set_aside(
    struct db *db, int64_t key, struct fk_slice blob);

/* What the file holds, by series. */
typedef void (*journal_range_fn)(
    void *arg, uint32_t series, int64_t first_ms, int64_t last_ms);
FK_MUST_USE enum fk_err journal_ranges(
    struct db *db, journal_range_fn fn, void *arg);

#endif
