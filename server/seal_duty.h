/*
 * What the sealer's duties are made of: between seal.c, which cuts them in
 * slices, seal_sum.c, which adds up, seal_tidy.c, which drops and mends, and
 * seal_series.c, which drops series of which the group is kept.
 */
#ifndef SERVER_SEAL_DUTY_H
#define SERVER_SEAL_DUTY_H

#include "server/seal.h"

/* A kind of work on a day. `due` sets up the items, and moves those marks
 * that must move before the work is done; `done`, if any, moves those that
 * may only move after it. */
struct seal_duty {
    const char *name;
    enum fk_err (*due)(struct seal *s, int64_t now_ms, bool *yes);
    enum fk_err (*step)(struct seal *s);
    void (*done)(struct levels_state *st, const struct seal *s);
};

extern const struct seal_duty seal_mend, seal_late, seal_bucket, seal_hour,
    seal_whole_day, seal_drop_journal, seal_drop_level, seal_group_totals,
    seal_drop_series, seal_drop_spans, seal_shrink;

static inline struct db *seal_db(const struct seal *s)
{
    return s->day->writer;
}

FK_MUST_USE enum fk_err seal_add_item(
    struct seal *s, uint32_t group, int64_t key);
/* Every id that has rows of levels: series, and groups by their first. */
FK_MUST_USE enum fk_err seal_list_ids(struct seal *s);
/* Every series that is in the rows of a group too, by group. */
FK_MUST_USE enum fk_err seal_list_members(struct seal *s);
/* A profile of the journal into s->one, which begins at `start`; a damaged
 * one is set aside. */
FK_MUST_USE enum fk_err seal_load(struct seal *s, int64_t key, int64_t start);

#endif
