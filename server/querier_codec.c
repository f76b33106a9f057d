#include "server/querier_codec.h"

#include "common/pb.h"

#include <inttypes.h>
#include <stdio.h>

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

/* ---- writing answers --------------------------------------------------- */

void querier_add_profile_type(
    struct fk_buf *out, const struct profile_type *type)
{
    size_t mark = fk_pb_begin(out, 1);
    wire_add_str(out, 1, type->id);
    wire_add_str(out, 2, type->name);
    wire_add_str(out, 4, type->sample_type);
    wire_add_str(out, 5, type->sample_unit);
    wire_add_str(out, 6, type->period_type);
    wire_add_str(out, 7, type->period_unit);
    fk_pb_end(out, mark);
}

void querier_add_labels(struct fk_buf *out, struct fk_slice label_bytes)
{
    size_t mark = fk_pb_begin(out, 2);
    fk_buf_add_slice(out, label_bytes);
    fk_pb_end(out, mark);
}

void querier_add_flamegraph(struct fk_buf *out, const struct flamebearer *f)
{
    size_t mark = fk_pb_begin(out, 1);
    for (uint32_t i = 0; i < f->num_names; i++)
        fk_pb_add_bytes(out, 1, flamebearer_name(f, i));
    for (uint32_t i = 0; i < f->num_levels; i++) {
        size_t n, nested = fk_pb_begin(out, 2);
        const int64_t *values = flamebearer_level(f, i, &n);
        wire_add_packed(out, 1, values, n);
        fk_pb_end(out, nested);
    }
    wire_add_i64(out, 3, f->total);
    wire_add_i64(out, 4, f->max_self);
    if (f->width == 7) {
        wire_add_i64(out, 5, f->ticks[TREE_LEFT]);
        wire_add_i64(out, 6, f->ticks[TREE_RIGHT]);
    }
    fk_pb_end(out, mark);
}

/* Label bytes say field 1; here they are field 5. */
static void add_exemplar(struct fk_buf *out, const struct series_groups *groups,
    const struct exemplar *e, uint64_t span)
{
    const struct profile_id id = {e->series, e->time_ms};
    char text[PROFILE_ID_TEXT];
    struct fk_pb pb;
    size_t mark = fk_pb_begin(out, 4);
    profile_id_print(&id, text);
    wire_add_i64(out, 1, e->time_ms);
    wire_add_str(out, 2, fk_slice_of(text));
    if (span) {
        snprintf(text, sizeof text, "%016" PRIx64, span);
        wire_add_str(out, 3, fk_slice_of(text));
    }
    wire_add_i64(out, 4, e->value);
    fk_pb_init(&pb, groups->rest.text[e->rest]);
    while (fk_pb_next(&pb))
        fk_pb_add_bytes(out, 5, fk_pb_bytes(&pb));
    fk_pb_end(out, mark);
}

void querier_add_timeseries(struct fk_buf *out, const struct timeseries *ts)
{
    for (uint32_t i = 0; i < ts->num_groups; i++) {
        const struct timeseries_group *g = &ts->group[i];
        size_t mark = fk_pb_begin(out, 1);
        fk_buf_add_slice(out, g->labels);
        for (uint32_t k = g->first; k < g->first + g->count; k++) {
            size_t nested = fk_pb_begin(out, 2);
            wire_add_double(out, 1, timeseries_value(ts, &ts->cell[k]));
            wire_add_i64(out, 2, timeseries_time(ts, &ts->cell[k]));
            if (ts->ask.exemplars && ts->cell[k].top.value)
                add_exemplar(out, &ts->groups, &ts->cell[k].top, 0);
            fk_pb_end(out, nested);
        }
        fk_pb_end(out, mark);
    }
}

static void add_slot(struct fk_buf *out, const struct heatmap *h,
    const struct heatmap_slot *slot)
{
    const struct heatmap_point *top = &h->point[slot->first];
    size_t mark = fk_pb_begin(out, 2);
    wire_add_i64(out, 1, h->ask.start_ms + top->bucket * h->ask.step_ms);
    for (int row = 0; row < HEATMAP_ROWS; row++)
        fk_pb_add_double(out, 2, heatmap_edge(h, row));
    size_t counts = fk_pb_begin(out, 3);
    for (int row = 0; row < HEATMAP_ROWS; row++)
        fk_pb_add_varint(out, (uint64_t)slot->counts[row]);
    fk_pb_end(out, counts);
    for (uint32_t i = 1; i < slot->count; i++)
        if (h->point[slot->first + i].profile.value > top->profile.value)
            top = &h->point[slot->first + i];
    if (h->ask.exemplars)
        add_exemplar(out, &h->groups, &top->profile, top->span);
    fk_pb_end(out, mark);
}

/* A series a group, as many as were asked for. */
void querier_add_heatmap(struct fk_buf *out, const struct heatmap *h)
{
    int64_t groups = 0;
    for (uint32_t i = 0; i < h->count;) {
        uint32_t group = h->point[i].group;
        if (h->ask.limit > 0 && groups++ == h->ask.limit)
            return;
        size_t mark = fk_pb_begin(out, 1);
        fk_buf_add_slice(out, h->groups.labels.text[group]);
        while (i < h->count && h->point[i].group == group) {
            struct heatmap_slot slot;
            heatmap_slot(h, i, &slot);
            add_slot(out, h, &slot);
            i += slot.count;
        }
        fk_pb_end(out, mark);
    }
}

void querier_add_stats(
    struct fk_buf *out, bool ingested, int64_t oldest_ms, int64_t newest_ms)
{
    if (ingested)
        fk_pb_add_bool(out, 1, true);
    wire_add_i64(out, 2, oldest_ms);
    wire_add_i64(out, 3, newest_ms);
}
