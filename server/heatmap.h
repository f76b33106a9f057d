/*
 * How values of single profiles are spread over time (spec/pyroscope-api
 * 8.12): for each group of labels and each bucket (t-step, t] that has data,
 * how many profiles have a value in each of HEATMAP_ROWS equal bands between
 * the lowest and the highest value of the answer.
 *
 * Limits: HEATMAP_MAX_POINTS profiles.
 */
#ifndef SERVER_HEATMAP_H
#define SERVER_HEATMAP_H

#include "server/series_groups.h"
#include "server/timeseries.h"

#define HEATMAP_ROWS       20
#define HEATMAP_MAX_POINTS (1u << 20)

struct heatmap_point {
    uint32_t group;
    int64_t bucket; /* time = start + bucket * step */
    struct exemplar profile;
    bool of_span; /* it is the value of a span, not of a whole profile */
    uint64_t span;
    uint8_t trace[16];
};

struct heatmap {
    struct timeseries_ask ask;
    struct series_groups groups;
    struct heatmap_point *point; /* by group's labels and bucket */
    uint32_t count;
    size_t cap;
    int64_t low, high;
    uint32_t tenant;
    bool partial; /* some profiles are not known one by one any more */
    struct heatmap_point open; /* the span whose items are being added */
    struct fk_diag *diag;
};

/* The points [first, first + count) of one group and bucket. */
struct heatmap_slot {
    uint32_t first, count;
    int32_t counts[HEATMAP_ROWS];
};

/* Of whole profiles, or of their spans. The range of `select` is ignored.
 * _fini always. */
FK_MUST_USE enum fk_err heatmap_init(struct heatmap *h, const struct query *q,
    const struct query_select *select, const struct timeseries_ask *ask,
    bool spans, struct fk_diag *diag);
void heatmap_fini(struct heatmap *h);
/* The slot that begins at point `first`. */
void heatmap_slot(
    const struct heatmap *h, uint32_t first, struct heatmap_slot *out);
/* The lower edge of a band. */
double heatmap_edge(const struct heatmap *h, int row);

#endif
