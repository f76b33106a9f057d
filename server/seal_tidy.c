#include "server/seal_duty.h"

enum {
    DROP_STEP_S = 10,
    SHRINK_PAGES = 500, /* a slice */
    HOUR_S = 3600,
};

/* ---- dropping ---- */

/* The mark moves first: from then on nobody reads that hour's rows. */
static enum fk_err journal_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t end = s->state.dropped + HOUR_S, next;
    int64_t keep = s->options->keep.journal_ms;
    if (!keep || end > s->state.hours || end * 1000 + keep > now_ms ||
        now_ms - s->day->old_ms < keep)
        return FK_OK;
    enum fk_err err = journal_next_second(seal_db(s), s->state.dropped, &next);
    for (int64_t at = next / DROP_STEP_S * DROP_STEP_S; !err && at < end;
         at += DROP_STEP_S)
        err = seal_add_item(s, 0, at);
    s->state.dropped = end;
    *yes = true;
    return err;
}

static enum fk_err journal_step(struct seal *s)
{
    int64_t from = s->items[s->at++].key;
    return journal_drop(seal_db(s), from, from + DROP_STEP_S);
}

/* How long the finest level is kept; 0 = for ever. */
static int64_t keep_of(const struct store_keep *keep, int64_t finest)
{
    return finest == LEVEL_MINUTE ? keep->minutes_ms
           : finest == LEVEL_TEN  ? keep->tens_ms
           : finest == LEVEL_HOUR ? keep->hours_ms
                                  : 0;
}

static enum fk_err level_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t end = days_end(s->day);
    int64_t keep = keep_of(&s->options->keep, s->state.finest);
    if (!keep || s->state.dropped < end || !s->state.whole ||
        end * 1000 + keep > now_ms)
        return FK_OK;
    s->state.finest++;
    *yes = true;
    return seal_list_ids(s);
}

static enum fk_err level_step(struct seal *s)
{
    return levels_delete(seal_db(s), (enum level)(s->state.finest - 1),
        (uint32_t)s->items[s->at++].key);
}

/* Give the pages of a day that is over back to the disk. */
static enum fk_err shrink_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t pages = 0;
    (void)now_ms;
    if (s->state.dropped < days_end(s->day))
        return FK_OK;
    enum fk_err err = db_free_pages(seal_db(s), &pages);
    for (int64_t i = 0; !err && i < pages; i += SHRINK_PAGES)
        err = seal_add_item(s, 0, i);
    *yes = pages > 0;
    return err;
}

static enum fk_err shrink_step(struct seal *s)
{
    s->at++;
    return db_shrink(seal_db(s), SHRINK_PAGES);
}

/* ---- damage ---- */

static enum fk_err mend_due(struct seal *s, int64_t now_ms, bool *yes)
{
    (void)now_ms;
    int count = days_take_damage(s->days, s->day, s->damage);
    enum fk_err err = FK_OK;
    for (int i = 0; !err && i < count; i++)
        err = seal_add_item(s, 0, i);
    *yes = count > 0;
    return err;
}

static int64_t begin_of(int64_t key)
{
    return journal_second(key) / BUCKET_SECONDS * BUCKET_SECONDS;
}

static enum fk_err mend_step(struct seal *s)
{
    const struct day_damage *d = &s->damage[s->items[s->at++].key];
    if (!d->journal)
        return bucket_mend(&s->one, seal_db(s), d->level, d->id, d->at);
    uint64_t sealed = s->sealed; /* only looked at, not added up */
    enum fk_err err = seal_load(s, d->at, begin_of(d->at));
    s->sealed = sealed;
    bucket_reset(&s->one);
    return err;
}

const struct seal_duty seal_drop_journal = {
    "an end of the journal", journal_due, journal_step, NULL};
const struct seal_duty seal_drop_level = {
    "an end of sums", level_due, level_step, NULL};
const struct seal_duty seal_shrink = {
    "free pages", shrink_due, shrink_step, NULL};
const struct seal_duty seal_mend = {
    "what is set aside", mend_due, mend_step, NULL};
