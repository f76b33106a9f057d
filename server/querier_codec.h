/*
 * The messages of querier.v1.QuerierService (spec/pyroscope-api 8), each
 * described once: tables for wire.h, a C struct for requests, and functions
 * that write the larger answers.
 */
#ifndef SERVER_QUERIER_CODEC_H
#define SERVER_QUERIER_CODEC_H

#include "server/flamebearer.h"
#include "server/heatmap.h"
#include "server/timeseries.h"
#include "server/wire.h"

enum querier_format {
    QUERIER_UNSPECIFIED,
    QUERIER_FLAMEGRAPH,
    QUERIER_TREE,
    QUERIER_DOT,
    QUERIER_PPROF,
};

enum querier_exemplars {
    QUERIER_EXEMPLARS_UNSPECIFIED,
    QUERIER_EXEMPLARS_NONE,
    QUERIER_EXEMPLARS_INDIVIDUAL,
    QUERIER_EXEMPLARS_SPAN,
};

enum querier_heatmap { QUERIER_HEATMAP_INDIVIDUAL = 1, QUERIER_HEATMAP_SPAN };

/* All requests but Diff: each message is a part of these fields. */
struct querier_request {
    int64_t start_ms, end_ms;
    struct fk_slice name, type_id, selector;
    struct wire_list matchers, label_names; /* of struct fk_slice */
    struct wire_list group_by, call_site;   /* of struct fk_slice */
    struct wire_list profile_ids, trace_ids, spans;
    int64_t max_nodes, limit;
    double step_s;
    int format, aggregation, exemplars, query_type;
};

struct querier_diff_request {
    struct querier_request left, right;
};

extern const struct wire_field querier_profile_types_request[];
extern const struct wire_field querier_profile_types_response[];
extern const struct wire_field querier_label_names_request[];
extern const struct wire_field querier_label_values_request[];
extern const struct wire_field querier_names_response[];
extern const struct wire_field querier_series_request[];
extern const struct wire_field querier_series_response[];
extern const struct wire_field querier_merge_request[];
extern const struct wire_field querier_merge_response[];
extern const struct wire_field querier_select_series_request[];
extern const struct wire_field querier_select_series_response[];
extern const struct wire_field querier_heatmap_request[];
extern const struct wire_field querier_heatmap_response[];
extern const struct wire_field querier_profile_request[];
extern const struct wire_field querier_profile_response[];
extern const struct wire_field querier_span_request[];
extern const struct wire_field querier_diff_request[];
extern const struct wire_field querier_diff_response[];
extern const struct wire_field querier_empty[];
extern const struct wire_field querier_stats_response[];

/* ProfileTypesResponse.profile_types */
void querier_add_profile_type(
    struct fk_buf *out, const struct profile_type *type);
/* SeriesResponse.labels_set, from label bytes. */
void querier_add_labels(struct fk_buf *out, struct fk_slice labels);
/* Field 1 of the answers, FlameGraph or FlameGraphDiff by the width. */
void querier_add_flamegraph(struct fk_buf *out, const struct flamebearer *f);
void querier_add_timeseries(struct fk_buf *out, const struct timeseries *ts);
void querier_add_heatmap(struct fk_buf *out, const struct heatmap *h);
void querier_add_stats(
    struct fk_buf *out, bool ingested, int64_t oldest_ms, int64_t newest_ms);

#endif
