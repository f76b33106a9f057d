/*
 * Reading profiles back, day by day: the widest added-up levels that fit the
 * range, groups where all of a group is asked for, and the journal for the
 * rest. Each day is read in one snapshot. A range is exact while its journal
 * is kept; after that a profile counts as being at the start of its minute,
 * and later of its ten minutes or hour (the finest level that is kept).
 *
 * Any thread; a scan serves one query.
 */
#ifndef SERVER_SCAN_H
#define SERVER_SCAN_H

#include "server/catalog.h"
#include "server/days.h"
#include "server/store_check.h"
#include "server/unpack.h"

struct scan {
    struct catalog *catalog;
    struct days *days;
    struct store_meter meter;
    store_run_fn run_fn; /* one of the two */
    store_point_fn point_fn;
    void *arg;
    struct fk_diag *diag;
    int threads;      /* this one and its helpers */
    unsigned corrupt; /* result: rows and days that failed their check */
    bool partial;     /* result: some is in sums with what was not selected */

    /* The rest is the scan's own. */
    struct catalog_set set;
    struct day *day;
    struct db *db;
    struct levels_state state;
    struct scan_part *parts; /* what to read of the levels of this day */
    uint32_t num_parts;
    uint32_t part_app;       /* of the part at hand */
    struct day_damage place; /* of the row at hand, should it be damaged */
    struct unpack *unpack;
    struct store_meter skipped; /* for rows of others */
    struct fk_diag skip_why;
    int64_t t0, t1;      /* of the chunks at hand */
    enum fk_err stopped; /* by the visitor or the budget */
};

FK_MUST_USE enum fk_err scan_run(
    struct scan *scan, const struct selector *s, int64_t t0, int64_t t1);

#endif
