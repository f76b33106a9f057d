#include "server/querier_codec.h"

/* Rows: number, name, kind and, for requests, the member. */
#define AT(kind, member)                                                       \
    (kind), false, NULL, offsetof(struct querier_request, member), 0, NULL
#define STRINGS(member)                                                        \
    WIRE_STRING, true, NULL, offsetof(struct querier_request, member),         \
        sizeof(struct fk_slice), NULL
#define ONE(kind)      (kind), false, NULL, 0, 0, NULL
#define MANY(kind)     (kind), true, NULL, 0, 0, NULL
#define ONE_OF(table)  WIRE_MESSAGE, false, (table), 0, 0, NULL
#define MANY_OF(table) WIRE_MESSAGE, true, (table), 0, 0, NULL

const struct wire_field querier_empty[] = {{0}};

/* ---- labels ------------------------------------------------------------ */

const struct wire_field querier_profile_types_request[] = {
    {1, "start", AT(WIRE_INT64, start_ms)},
    {2, "end", AT(WIRE_INT64, end_ms)},
    {0},
};

static const struct wire_field profile_type[] = {
    {1, "ID", ONE(WIRE_STRING)},
    {2, "name", ONE(WIRE_STRING)},
    {4, "sample_type", ONE(WIRE_STRING)},
    {5, "sample_unit", ONE(WIRE_STRING)},
    {6, "period_type", ONE(WIRE_STRING)},
    {7, "period_unit", ONE(WIRE_STRING)},
    {0},
};

const struct wire_field querier_profile_types_response[] = {
    {1, "profile_types", MANY_OF(profile_type)},
    {0},
};

const struct wire_field querier_label_names_request[] = {
    {1, "matchers", STRINGS(matchers)},
    {2, "start", AT(WIRE_INT64, start_ms)},
    {3, "end", AT(WIRE_INT64, end_ms)},
    {0},
};

const struct wire_field querier_label_values_request[] = {
    {1, "name", AT(WIRE_STRING, name)},
    {2, "matchers", STRINGS(matchers)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {0},
};

const struct wire_field querier_names_response[] = {
    {1, "names", MANY(WIRE_STRING)},
    {0},
};

const struct wire_field querier_series_request[] = {
    {1, "matchers", STRINGS(matchers)},
    {2, "label_names", STRINGS(label_names)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {0},
};

static const struct wire_field label_pair[] = {
    {1, "name", ONE(WIRE_STRING)},
    {2, "value", ONE(WIRE_STRING)},
    {0},
};

static const struct wire_field labels[] = {
    {1, "labels", MANY_OF(label_pair)},
    {0},
};

const struct wire_field querier_series_response[] = {
    {2, "labels_set", MANY_OF(labels)},
    {0},
};

/* ---- flame graphs ------------------------------------------------------ */

static const struct request_json_word formats[] = {
    {"PROFILE_FORMAT_UNSPECIFIED", QUERIER_UNSPECIFIED},
    {"PROFILE_FORMAT_FLAMEGRAPH", QUERIER_FLAMEGRAPH},
    {"PROFILE_FORMAT_TREE", QUERIER_TREE},
    {"PROFILE_FORMAT_DOT", QUERIER_DOT},
    {"PROFILE_FORMAT_PPROF", QUERIER_PPROF},
    {NULL, 0},
};

static const struct wire_field location[] = {
    {1, "name", ONE(WIRE_STRING)},
    {0},
};

static const struct wire_field stack_trace_selector[] = {
    {1, "call_site", WIRE_MESSAGE, true, location,
        offsetof(struct querier_request, call_site), sizeof(struct fk_slice),
        NULL},
    {0},
};

const struct wire_field querier_merge_request[] = {
    {1, "profile_typeID", AT(WIRE_STRING, type_id)},
    {2, "label_selector", AT(WIRE_STRING, selector)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {5, "max_nodes", AT(WIRE_INT64, max_nodes)},
    {6, "format", WIRE_ENUM, false, NULL,
        offsetof(struct querier_request, format), 0, formats},
    {7, "stack_trace_selector", ONE_OF(stack_trace_selector)},
    {8, "profile_id_selector", STRINGS(profile_ids)},
    {10, "trace_id_selector", STRINGS(trace_ids)},
    {11, "span_selector", STRINGS(spans)},
    {0},
};

static const struct wire_field level[] = {
    {1, "values", MANY(WIRE_INT64)},
    {0},
};

static const struct wire_field flamegraph[] = {
    {1, "names", MANY(WIRE_STRING)},
    {2, "levels", MANY_OF(level)},
    {3, "total", ONE(WIRE_INT64)},
    {4, "max_self", ONE(WIRE_INT64)},
    {0},
};

static const struct wire_field flamegraph_diff[] = {
    {1, "names", MANY(WIRE_STRING)},
    {2, "levels", MANY_OF(level)},
    {3, "total", ONE(WIRE_INT64)},
    {4, "max_self", ONE(WIRE_INT64)},
    {5, "leftTicks", ONE(WIRE_INT64)},
    {6, "rightTicks", ONE(WIRE_INT64)},
    {0},
};

static const struct wire_field pprof_answer[] = {
    {1, "profile", ONE_OF(querier_profile_response)},
    {0},
};

const struct wire_field querier_merge_response[] = {
    {1, "flamegraph", ONE_OF(flamegraph)},
    {2, "tree", ONE(WIRE_BYTES)},
    {3, "dot", ONE(WIRE_STRING)},
    {5, "pprof", ONE_OF(pprof_answer)},
    {0},
};

const struct wire_field querier_span_request[] = {
    {1, "profile_typeID", AT(WIRE_STRING, type_id)},
    {2, "label_selector", AT(WIRE_STRING, selector)},
    {3, "span_selector", STRINGS(spans)},
    {4, "start", AT(WIRE_INT64, start_ms)},
    {5, "end", AT(WIRE_INT64, end_ms)},
    {6, "max_nodes", AT(WIRE_INT64, max_nodes)},
    {7, "format", WIRE_ENUM, false, NULL,
        offsetof(struct querier_request, format), 0, formats},
    {0},
};

const struct wire_field querier_diff_request[] = {
    {1, "left", WIRE_MESSAGE, false, querier_merge_request,
        offsetof(struct querier_diff_request, left), 0, NULL},
    {2, "right", WIRE_MESSAGE, false, querier_merge_request,
        offsetof(struct querier_diff_request, right), 0, NULL},
    {0},
};

const struct wire_field querier_diff_response[] = {
    {1, "flamegraph", ONE_OF(flamegraph_diff)},
    {0},
};

/* ---- totals over time -------------------------------------------------- */

static const struct request_json_word exemplar_types[] = {
    {"EXEMPLAR_TYPE_UNSPECIFIED", QUERIER_EXEMPLARS_UNSPECIFIED},
    {"EXEMPLAR_TYPE_NONE", QUERIER_EXEMPLARS_NONE},
    {"EXEMPLAR_TYPE_INDIVIDUAL", QUERIER_EXEMPLARS_INDIVIDUAL},
    {"EXEMPLAR_TYPE_SPAN", QUERIER_EXEMPLARS_SPAN},
    {NULL, 0},
};

#define EXEMPLARS                                                              \
    WIRE_ENUM, false, NULL, offsetof(struct querier_request, exemplars), 0,    \
        exemplar_types

static const struct request_json_word aggregations[] = {
    {"TIME_SERIES_AGGREGATION_TYPE_SUM", 0},
    {"TIME_SERIES_AGGREGATION_TYPE_AVERAGE", 1},
    {NULL, 0},
};

const struct wire_field querier_select_series_request[] = {
    {1, "profile_typeID", AT(WIRE_STRING, type_id)},
    {2, "label_selector", AT(WIRE_STRING, selector)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {5, "group_by", STRINGS(group_by)},
    {6, "step", AT(WIRE_DOUBLE, step_s)},
    {7, "aggregation", WIRE_ENUM, false, NULL,
        offsetof(struct querier_request, aggregation), 0, aggregations},
    {8, "stack_trace_selector", ONE_OF(stack_trace_selector)},
    {9, "limit", AT(WIRE_INT64, limit)},
    {10, "exemplar_type", EXEMPLARS},
    {0},
};

static const struct wire_field exemplar[] = {
    {1, "timestamp", ONE(WIRE_INT64)},
    {2, "profile_id", ONE(WIRE_STRING)},
    {3, "span_id", ONE(WIRE_STRING)},
    {4, "value", ONE(WIRE_INT64)},
    {5, "labels", MANY_OF(label_pair)},
    {6, "trace_id", ONE(WIRE_STRING)},
    {0},
};

static const struct wire_field point[] = {
    {1, "value", ONE(WIRE_DOUBLE)},
    {2, "timestamp", ONE(WIRE_INT64)},
    {4, "exemplars", MANY_OF(exemplar)},
    {0},
};

static const struct wire_field series[] = {
    {1, "labels", MANY_OF(label_pair)},
    {2, "points", MANY_OF(point)},
    {0},
};

const struct wire_field querier_select_series_response[] = {
    {1, "series", MANY_OF(series)},
    {0},
};

/* ---- heatmaps ---------------------------------------------------------- */

static const struct request_json_word heatmap_types[] = {
    {"HEATMAP_QUERY_TYPE_UNSPECIFIED", 0},
    {"HEATMAP_QUERY_TYPE_INDIVIDUAL", QUERIER_HEATMAP_INDIVIDUAL},
    {"HEATMAP_QUERY_TYPE_SPAN", QUERIER_HEATMAP_SPAN},
    {NULL, 0},
};

const struct wire_field querier_heatmap_request[] = {
    {1, "profile_typeID", AT(WIRE_STRING, type_id)},
    {2, "label_selector", AT(WIRE_STRING, selector)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {5, "step", AT(WIRE_DOUBLE, step_s)},
    {6, "group_by", STRINGS(group_by)},
    {7, "query_type", WIRE_ENUM, false, NULL,
        offsetof(struct querier_request, query_type), 0, heatmap_types},
    {8, "exemplar_type", EXEMPLARS},
    {9, "limit", AT(WIRE_INT64, limit)},
    {0},
};

static const struct wire_field heatmap_slot_fields[] = {
    {1, "timestamp", ONE(WIRE_INT64)},
    {2, "y_min", MANY(WIRE_DOUBLE)},
    {3, "counts", MANY(WIRE_NUMBER)},
    {4, "exemplars", MANY_OF(exemplar)},
    {0},
};

static const struct wire_field heatmap_series[] = {
    {1, "labels", MANY_OF(label_pair)},
    {2, "slots", MANY_OF(heatmap_slot_fields)},
    {0},
};

const struct wire_field querier_heatmap_response[] = {
    {1, "series", MANY_OF(heatmap_series)},
    {0},
};

/* ---- pprof ------------------------------------------------------------- */

const struct wire_field querier_profile_request[] = {
    {1, "profile_typeID", AT(WIRE_STRING, type_id)},
    {2, "label_selector", AT(WIRE_STRING, selector)},
    {3, "start", AT(WIRE_INT64, start_ms)},
    {4, "end", AT(WIRE_INT64, end_ms)},
    {5, "max_nodes", AT(WIRE_INT64, max_nodes)},
    {6, "stack_trace_selector", ONE_OF(stack_trace_selector)},
    {7, "profile_id_selector", STRINGS(profile_ids)},
    {8, "trace_id_selector", STRINGS(trace_ids)},
    {0},
};

static const struct wire_field value_type[] = {
    {1, "type", ONE(WIRE_INT64)},
    {2, "unit", ONE(WIRE_INT64)},
    {0},
};

static const struct wire_field sample[] = {
    {1, "location_id", MANY(WIRE_INT64)},
    {2, "value", MANY(WIRE_INT64)},
    {0},
};

static const struct wire_field mapping[] = {
    {1, "id", ONE(WIRE_INT64)},
    {2, "memory_start", ONE(WIRE_INT64)},
    {3, "memory_limit", ONE(WIRE_INT64)},
    {4, "file_offset", ONE(WIRE_INT64)},
    {5, "filename", ONE(WIRE_INT64)},
    {6, "build_id", ONE(WIRE_INT64)},
    {7, "has_functions", ONE(WIRE_BOOL)},
    {0},
};

static const struct wire_field line[] = {
    {1, "function_id", ONE(WIRE_INT64)},
    {2, "line", ONE(WIRE_INT64)},
    {0},
};

static const struct wire_field pprof_location[] = {
    {1, "id", ONE(WIRE_INT64)},
    {2, "mapping_id", ONE(WIRE_INT64)},
    {3, "address", ONE(WIRE_INT64)},
    {4, "line", MANY_OF(line)},
    {0},
};

static const struct wire_field function[] = {
    {1, "id", ONE(WIRE_INT64)},
    {2, "name", ONE(WIRE_INT64)},
    {3, "system_name", ONE(WIRE_INT64)},
    {4, "filename", ONE(WIRE_INT64)},
    {5, "start_line", ONE(WIRE_INT64)},
    {0},
};

const struct wire_field querier_profile_response[] = {
    {1, "sample_type", MANY_OF(value_type)},
    {2, "sample", MANY_OF(sample)},
    {3, "mapping", MANY_OF(mapping)},
    {4, "location", MANY_OF(pprof_location)},
    {5, "function", MANY_OF(function)},
    {6, "string_table", MANY(WIRE_STRING)},
    {9, "time_nanos", ONE(WIRE_INT64)},
    {10, "duration_nanos", ONE(WIRE_INT64)},
    {11, "period_type", ONE_OF(value_type)},
    {12, "period", ONE(WIRE_INT64)},
    {14, "default_sample_type", ONE(WIRE_INT64)},
    {0},
};

/* ---- statistics -------------------------------------------------------- */

const struct wire_field querier_stats_response[] = {
    {1, "data_ingested", ONE(WIRE_BOOL)},
    {2, "oldest_profile_time", ONE(WIRE_INT64)},
    {3, "newest_profile_time", ONE(WIRE_INT64)},
    {0},
};
