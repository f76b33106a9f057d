/*
 * Totals over time (spec/pyroscope-api 8.6): buckets (t-step, t] for t =
 * start, start+step, ... <= end, a value only where there is data, one series
 * for each set of group labels.
 *
 * Limits: TIMESERIES_MAX_CELLS values in all.
 */
#ifndef SERVER_TIMESERIES_H
#define SERVER_TIMESERIES_H

#include "server/series_groups.h"

#define TIMESERIES_MAX_CELLS (1u << 20)

struct timeseries_ask {
    int64_t start_ms, end_ms, step_ms; /* step >= 1 */
    const struct fk_slice *group_by;
    uint32_t num_group_by;
    bool exemplars;
    bool average;  /* of the profiles of a bucket, instead of their sum */
    int64_t limit; /* keep the largest so many series; < 1: all */
};

struct timeseries_cell {
    uint32_t group;
    int64_t bucket; /* time = start + bucket * step */
    int64_t total;
    int64_t profiles;
    struct exemplar top; /* the profile with the highest value; 0 = none */
};

struct timeseries_group {
    struct fk_slice labels; /* label bytes */
    int64_t total;
    uint32_t first, count; /* in `cell`, by time */
};

struct timeseries {
    struct series_groups groups;
    uint32_t tenant; /* the one whose data is being added */
    bool partial;    /* some is not known by such groups any more */
    struct fk_map cell_of;
    struct timeseries_cell *cell;
    uint32_t count;
    size_t cap;
    struct timeseries_group *group; /* largest total first */
    uint32_t num_groups;
    struct timeseries_ask ask;
    struct fk_diag *diag;
};

/* The range of `select` is ignored. _fini always. */
FK_MUST_USE enum fk_err timeseries_init(struct timeseries *ts,
    const struct query *q, const struct query_select *select,
    const struct timeseries_ask *ask, struct fk_diag *diag);
void timeseries_fini(struct timeseries *ts);

/* That of a group and bucket; NULL if there is none and it is not to be
 * made. */
FK_MUST_USE enum fk_err timeseries_cell_of(struct timeseries *ts,
    uint32_t group, int64_t bucket, bool make, struct timeseries_cell **out);

/* Which bucket a time is in, and what all of them cover: [*t0, *t1). */
int64_t timeseries_bucket(const struct timeseries_ask *ask, int64_t time_ms);
void timeseries_range(
    const struct timeseries_ask *ask, int64_t *t0, int64_t *t1);

int64_t timeseries_time(
    const struct timeseries *ts, const struct timeseries_cell *cell);
double timeseries_value(
    const struct timeseries *ts, const struct timeseries_cell *cell);

#endif
