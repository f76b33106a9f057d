/*
 * What a day's file holds beside its journal: the same profiles added up by
 * minute, ten minutes, hour and day, for each series and for each group (all
 * series of one app and type), and a chunk of totals for each ten minutes of
 * a series; of a group only once its series are forgotten, in which case it
 * is all that is left of them. And how far that has come:
 *
 *   begin ... dropped ... hours ... sealed ... closed ... end of the day
 *
 * Before `dropped` the journal is gone, `hours` are added up, everything
 * before `sealed` is in the levels except for what `late` names, and what
 * comes with a time before `closed` is late. All in seconds since 1970.
 *
 * Functions of a connection; one thread at a time, as with db.h. A reader
 * that wants all of it to agree wraps its calls in db_snapshot.
 */
#ifndef SERVER_LEVELS_H
#define SERVER_LEVELS_H

#include "common/buf.h"
#include "server/db.h"

enum level {
    LEVEL_MINUTE,
    LEVEL_TEN,
    LEVEL_HOUR,
    LEVEL_DAY,
    LEVEL_CHUNK,  /* of series: chunk.h */
    LEVEL_TOTALS, /* of groups: totals.h; the others hold blobs (blob.h) */
    LEVEL_COUNT
};

extern const int64_t level_seconds[LEVEL_COUNT];

/* The group of a series is named by its first series. */
#define LEVELS_GROUP (1u << 24)

/* After journal_schema's first step. */
#define LEVELS_SCHEMA                                                          \
    "CREATE TABLE level(key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"  \
    "CREATE TABLE late(key INTEGER PRIMARY KEY) STRICT;"                       \
    "CREATE TABLE grouped(id INTEGER PRIMARY KEY, yes INTEGER NOT NULL) "      \
    "STRICT;"                                                                  \
    "CREATE TABLE bad("                                                        \
    "  id INTEGER PRIMARY KEY,"                                                \
    "  place TEXT NOT NULL,"                                                   \
    "  key INTEGER NOT NULL,"                                                  \
    "  data BLOB NOT NULL) STRICT;"                                            \
    "CREATE TABLE state(id INTEGER PRIMARY KEY, value INTEGER NOT NULL) "      \
    "STRICT;"

/* Old files keep groups without their series; in this order, what is gone is
 * gone. Totals of groups there are from READ on. */
enum levels_groups {
    GROUPS_AND_SERIES,
    GROUPS_READ, /* series of groups are not read, nor written, any more */
    GROUPS_WITH_SPANS, /* they are gone */
    GROUPS_ALONE       /* and all spans */
};

struct levels_state {
    int64_t dropped, hours, sealed, closed;
    int64_t whole;  /* 1: the day as a whole is added up */
    int64_t finest; /* enum level: those below are gone */
    int64_t groups; /* enum levels_groups */
};

/* `begin` is that of the day. */
FK_MUST_USE enum fk_err levels_load_state(
    struct db *db, int64_t begin, struct levels_state *st);
FK_MUST_USE enum fk_err levels_save_state(
    struct db *db, const struct levels_state *st);

FK_MUST_USE enum fk_err levels_put(struct db *db, enum level level, uint32_t id,
    int64_t start, struct fk_slice data);
/* Into the emptied buffer; nothing when there is none. */
FK_MUST_USE enum fk_err levels_get(struct db *db, enum level level, uint32_t id,
    int64_t start, struct fk_buf *data);
/* Of [from, until), in order. The data is a view until the visitor returns. */
typedef enum fk_err (*levels_fn)(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data);
FK_MUST_USE enum fk_err levels_scan(struct db *db, enum level level,
    uint32_t id, int64_t from, int64_t until, levels_fn fn, void *arg);
FK_MUST_USE enum fk_err levels_delete(
    struct db *db, enum level level, uint32_t id);
/* Every row there is, for checking: ids and starts out of the key. */
FK_MUST_USE enum fk_err levels_scan_all(struct db *db, levels_fn fn, void *arg);

/* Is the group added up in this file? Decided once. */
FK_MUST_USE enum fk_err levels_grouped(
    struct db *db, uint32_t group, bool *yes, bool *decided);
FK_MUST_USE enum fk_err levels_set_grouped(
    struct db *db, uint32_t group, bool yes);

/* Set a damaged row aside. */
FK_MUST_USE enum fk_err levels_set_aside(struct db *db, enum level level,
    uint32_t id, int64_t start, struct fk_slice data);

#endif
