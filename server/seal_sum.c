#include "server/seal_duty.h"

#include "common/log.h"

#include <stdlib.h>

enum {
    MAX_LATE = 20000, /* profiles added in one go */
    LIST_STEP_S = 60,
    HOUR_S = 3600,
};

/* ---- profiles, series by series ---- */

static enum fk_err add_key(void *arg, int64_t key)
{
    struct seal *s = arg;
    const struct series_entry *e =
        catalog_entry(s->catalog, journal_series(key));
    return e ? seal_add_item(s, e->group, key) : FK_OK;
}

/* Groups side by side, in them series, in them the order of time. */
static int by_series(const void *a, const void *b)
{
    const struct seal_item *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    uint32_t p = journal_series(x->key), q = journal_series(y->key);
    if (p != q)
        return p < q ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static void sort_items(struct seal *s)
{
    if (s->num_items)
        qsort(s->items, s->num_items, sizeof *s->items, by_series);
}

/* The profile into s->one; a damaged one is set aside. */
enum fk_err seal_load(struct seal *s, int64_t key, int64_t start)
{
    struct bucket *b = &s->one;
    const struct series_entry *e =
        catalog_entry(s->catalog, journal_series(key));
    const struct trie *trie = catalog_trie_of(s->catalog, e, start * 1000);
    int64_t time_ms = 0;
    enum fk_err err = journal_get(seal_db(s), key, &time_ms, &b->stored);
    if (err || !b->stored.len)
        return err;
    err = bucket_add(b, fk_buf_slice(&b->stored),
        (uint32_t)(time_ms - start * 1000), trie->num_nodes);
    s->sealed += !err;
    if (err != FK_ERR_CORRUPT)
        return err;
    s->set_aside++;
    fk_log(FK_LOG_ERROR, "profile_set_aside", "file=%s key=%lld reason=damaged",
        s->day->path, (long long)key);
    return journal_set_aside(seal_db(s), key, fk_buf_slice(&b->stored));
}

/* A group of one series has nothing to add up. Whether it has more is
 * decided once a day, so that its rows are of the whole day or of none. */
static enum fk_err is_grouped(struct seal *s, uint32_t group, bool *yes)
{
    bool known;
    enum fk_err err = levels_grouped(seal_db(s), group, yes, &known);
    if (err || known)
        return err;
    *yes = catalog_is_shared(s->catalog, group);
    return levels_set_grouped(seal_db(s), group, *yes);
}

/* ---- a bucket of ten minutes ---- */

static enum fk_err bucket_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t next;
    enum fk_err err = journal_next_second(seal_db(s), s->state.sealed, &next);
    if (err || next >= days_end(s->day))
        return err;
    s->start = next / BUCKET_SECONDS * BUCKET_SECONDS;
    int64_t end = s->start + BUCKET_SECONDS;
    if (end + SEAL_GRACE_S > now_ms / 1000)
        return FK_OK;
    if (s->state.closed < end)
        s->state.closed = end;
    s->listed = s->start;
    s->list_until = end;
    *yes = true;
    return FK_OK;
}

/* The keys a minute at a time, since reading them reads all pages. */
static enum fk_err list_more(struct seal *s)
{
    int64_t from = s->listed;
    s->listed += LIST_STEP_S;
    enum fk_err err = journal_keys(seal_db(s), from, s->listed, add_key, s);
    if (!err && s->listed == s->list_until)
        sort_items(s);
    return err;
}

static bool same_series(const struct seal *s, size_t i, size_t k)
{
    return journal_series(s->items[i].key) == journal_series(s->items[k].key);
}

/* One series, and its group behind the last of it. */
static enum fk_err bucket_step(struct seal *s)
{
    if (s->listed < s->list_until)
        return list_more(s);
    size_t first = s->at;
    uint32_t series = journal_series(s->items[first].key);
    uint32_t group = s->items[first].group;
    bool grouped;
    enum fk_err err = is_grouped(s, group, &grouped);
    while (!err && s->at < s->num_items && same_series(s, first, s->at))
        err = seal_load(s, s->items[s->at++].key, s->start);
    if (!err)
        err = bucket_replace(&s->one, seal_db(s), series, s->start);
    if (!err && grouped)
        bucket_merge(&s->group, &s->one);
    bucket_reset(&s->one);
    bool last = s->at == s->num_items || s->items[s->at].group != group;
    if (err || !grouped || !last)
        return err;
    err = bucket_replace(&s->group, seal_db(s), group | LEVELS_GROUP, s->start);
    bucket_reset(&s->group);
    return err;
}

static void bucket_done(struct levels_state *st, const struct seal *s)
{
    st->sealed = s->start + BUCKET_SECONDS;
}

/* ---- what comes late ---- */

static enum fk_err add_late_key(void *arg, int64_t key)
{
    struct seal *s = arg;
    return s->num_items == MAX_LATE ? FK_ERR_FULL : add_key(arg, key);
}

static enum fk_err late_due(struct seal *s, int64_t now_ms, bool *yes)
{
    (void)now_ms;
    enum fk_err err =
        journal_late_keys(seal_db(s), s->state.sealed, add_late_key, s);
    sort_items(s);
    *yes = s->num_items > 0;
    return err == FK_ERR_FULL ? FK_OK : err;
}

static int64_t bucket_of(int64_t key)
{
    return journal_second(key) / BUCKET_SECONDS * BUCKET_SECONDS;
}

static enum fk_err end_late(struct seal *s, int64_t key)
{
    enum fk_err err = journal_clear_late(seal_db(s), key);
    if (!err && journal_second(key) < s->state.dropped)
        err = journal_delete(seal_db(s), key);
    return err;
}

/* What one series has in one bucket, into all levels at once. */
static enum fk_err late_step(struct seal *s)
{
    size_t first = s->at;
    const struct seal_item *item = &s->items[first];
    int64_t start = bucket_of(item->key);
    bool grouped;
    enum fk_err err = is_grouped(s, item->group, &grouped);
    while (!err && s->at < s->num_items && same_series(s, first, s->at) &&
           bucket_of(s->items[s->at].key) == start)
        err = seal_load(s, s->items[s->at++].key, start);
    bool alone = grouped && s->state.groups != GROUPS_AND_SERIES;
    if (!err && !alone)
        err = bucket_add_to(
            &s->one, seal_db(s), &s->state, journal_series(item->key), start);
    if (!err && grouped)
        err = bucket_add_to(
            &s->one, seal_db(s), &s->state, item->group | LEVELS_GROUP, start);
    for (size_t i = first; !err && i < s->at; i++)
        err = end_late(s, s->items[i].key);
    bucket_reset(&s->one);
    return err;
}

/* ---- hours and the day ---- */

static enum fk_err hour_due(struct seal *s, int64_t now_ms, bool *yes)
{
    int64_t end = s->state.hours + HOUR_S, next;
    if (end > days_end(s->day) || end + SEAL_GRACE_S > now_ms / 1000)
        return FK_OK;
    enum fk_err err = journal_next_second(seal_db(s), s->state.sealed, &next);
    if (err || next < end)
        return err;
    s->start = s->state.hours;
    if (s->state.sealed < end)
        s->state.sealed = end; /* there is nothing in between */
    if (s->state.closed < end)
        s->state.closed = end;
    *yes = true;
    return seal_list_ids(s);
}

static enum fk_err hour_step(struct seal *s)
{
    return bucket_build(&s->one, seal_db(s), LEVEL_HOUR,
        (uint32_t)s->items[s->at++].key, s->start);
}

static void hour_done(struct levels_state *st, const struct seal *s)
{
    st->hours = s->start + HOUR_S;
}

static enum fk_err day_due(struct seal *s, int64_t now_ms, bool *yes)
{
    (void)now_ms;
    if (s->state.whole || s->state.hours < days_end(s->day))
        return FK_OK;
    *yes = true;
    return seal_list_ids(s);
}

static enum fk_err day_step(struct seal *s)
{
    return bucket_build(&s->one, seal_db(s), LEVEL_DAY,
        (uint32_t)s->items[s->at++].key, days_begin(s->day));
}

static void day_done(struct levels_state *st, const struct seal *s)
{
    (void)s;
    st->whole = 1;
}

const struct seal_duty seal_late = {"late sums", late_due, late_step, NULL};
const struct seal_duty seal_bucket = {
    "sums of minutes", bucket_due, bucket_step, bucket_done};
const struct seal_duty seal_hour = {
    "sums of an hour", hour_due, hour_step, hour_done};
const struct seal_duty seal_whole_day = {
    "sums of a day", day_due, day_step, day_done};
