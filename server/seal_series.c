#include "server/seal_duty.h"

#include <string.h>

enum { SPANS_STEP_S = 10 };

/* ---- totals of groups: from then on nobody reads their series ---- */

static enum fk_err totals_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t end = days_end(s->day), keep = s->options->keep.series_ms;
    if (!keep || end * 1000 + keep > now_ms || !s->state.whole ||
        s->state.dropped < end || s->state.groups != GROUPS_AND_SERIES)
        return FK_OK;
    memset(s->totals, 0, sizeof s->totals);
    *yes = true;
    return seal_list_members(s);
}

/* What is damaged is left out here, and set aside before it is dropped. */
static enum fk_err add_chunk(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct seal *s = arg;
    const struct day_damage place = {.level = level, .id = id, .at = start};
    int64_t i = (start - days_begin(s->day)) / BUCKET_SECONDS;
    if (totals_add(&s->totals[i], data))
        days_note_damage(s->days, s->day, &place);
    return FK_OK;
}

static enum fk_err write_totals(struct seal *s, uint32_t group)
{
    struct fk_buf *bytes = &s->one.bytes;
    enum fk_err err = FK_OK;
    for (int i = 0; !err && i < SEAL_BUCKETS; i++) {
        if (!s->totals[i].profiles)
            continue;
        fk_buf_reset(bytes);
        totals_encode(bytes, &s->totals[i]);
        err = bytes->err;
        if (!err)
            err = levels_put(seal_db(s), LEVEL_TOTALS, group | LEVELS_GROUP,
                days_begin(s->day) + i * BUCKET_SECONDS, fk_buf_slice(bytes));
    }
    memset(s->totals, 0, sizeof s->totals);
    return err;
}

/* One series, and behind the last of a group what they have together. */
static enum fk_err totals_step(struct seal *s)
{
    const struct seal_item *item = &s->items[s->at++];
    enum fk_err err = levels_scan(seal_db(s), LEVEL_CHUNK, (uint32_t)item->key,
        days_begin(s->day), days_end(s->day), add_chunk, s);
    bool last = s->at == s->num_items || item[1].group != item->group;
    return err || !last ? err : write_totals(s, item->group);
}

static void totals_done(struct levels_state *st, const struct seal *s)
{
    (void)s;
    st->groups = GROUPS_READ;
}

/* ---- then the series go ---- */

static enum fk_err series_due(struct seal *s, int64_t now_ms, bool *yes)
{
    (void)now_ms;
    *yes = s->state.groups == GROUPS_READ;
    return *yes ? seal_list_members(s) : FK_OK;
}

static enum fk_err series_step(struct seal *s)
{
    uint32_t series = (uint32_t)s->items[s->at++].key;
    enum fk_err err = FK_OK;
    for (enum level l = LEVEL_MINUTE; !err && l <= LEVEL_CHUNK; l++)
        err = levels_delete(seal_db(s), l, series);
    return err;
}

static void series_done(struct levels_state *st, const struct seal *s)
{
    (void)s;
    st->groups = GROUPS_WITH_SPANS;
}

/* ---- and the spans ---- */

static enum fk_err spans_due(struct seal *s, int64_t now_ms, bool *yes)
{
    enum fk_err err = FK_OK;
    (void)now_ms;
    *yes = s->state.groups == GROUPS_WITH_SPANS;
    for (int64_t at = days_begin(s->day); *yes && !err && at < days_end(s->day);
         at += SPANS_STEP_S)
        err = seal_add_item(s, 0, at);
    return err;
}

static enum fk_err spans_step(struct seal *s)
{
    int64_t from = s->items[s->at++].key;
    return journal_drop_spans(seal_db(s), from, from + SPANS_STEP_S);
}

static void spans_done(struct levels_state *st, const struct seal *s)
{
    (void)s;
    st->groups = GROUPS_ALONE;
}

const struct seal_duty seal_group_totals = {
    "totals of groups", totals_due, totals_step, totals_done};
const struct seal_duty seal_drop_series = {
    "an end of series", series_due, series_step, series_done};
const struct seal_duty seal_drop_spans = {
    "an end of spans", spans_due, spans_step, spans_done};
