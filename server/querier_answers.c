/* The larger answers of querier.v1.QuerierService, as protobuf. */
#include "common/pb.h"
#include "server/querier_codec.h"

#include <inttypes.h>
#include <stdio.h>

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

static void add_trace(struct fk_buf *out, const uint8_t trace[16])
{
    char text[33];
    bool any = false;
    for (size_t i = 0; i < 16; i++) {
        snprintf(text + 2 * i, 3, "%02x", trace[i]);
        any = any || trace[i];
    }
    if (any)
        wire_add_str(out, 6, fk_slice_of(text));
}

/* Label bytes say field 1; here they are field 5. */
static void add_exemplar(struct fk_buf *out, const struct series_groups *groups,
    const struct exemplar *e, const struct heatmap_point *of)
{
    const struct profile_id id = {e->series, e->time_ms};
    char text[PROFILE_ID_TEXT];
    struct fk_pb pb;
    size_t mark = fk_pb_begin(out, 4);
    profile_id_print(&id, text);
    wire_add_i64(out, 1, e->time_ms);
    wire_add_str(out, 2, fk_slice_of(text));
    if (of && of->of_span && of->span) {
        snprintf(text, sizeof text, "%016" PRIx64, of->span);
        wire_add_str(out, 3, fk_slice_of(text));
    }
    wire_add_i64(out, 4, e->value);
    fk_pb_init(&pb, groups->rest.text[e->rest]);
    while (fk_pb_next(&pb))
        fk_pb_add_bytes(out, 5, fk_pb_bytes(&pb));
    if (of && of->of_span)
        add_trace(out, of->trace);
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
                add_exemplar(out, &ts->groups, &ts->cell[k].top, NULL);
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
        add_exemplar(out, &h->groups, &top->profile, top);
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
