#include "server/seal.h"

#include "common/array.h"
#include "server/seal_duty.h"

#include <stdlib.h>

/* A day without single profiles changes by the age of its sums only. */
#define LOOK_AGAIN_MS     (60 * 1000)
#define LOOK_AGAIN_OLD_MS (60 * LOOK_AGAIN_MS)
#define NO_GROUP          UINT32_MAX

/* ---- items ---- */

enum fk_err seal_add_item(struct seal *s, uint32_t group, int64_t key)
{
    struct seal_item *items =
        fk_array_more(s->items, s->num_items, &s->cap_items, sizeof *items);
    if (!items)
        return FK_ERR_NOMEM;
    s->items = items;
    s->items[s->num_items++] = (struct seal_item){group, key};
    return FK_OK;
}

struct listing {
    struct seal *seal;
    enum fk_err err;
};

static void list_series(void *arg, uint32_t series, int64_t first, int64_t last)
{
    struct listing *l = arg;
    (void)first;
    (void)last;
    if (!l->err)
        l->err = seal_add_item(l->seal, 0, series);
}

static int by_key(const void *a, const void *b)
{
    const struct seal_item *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Several series name the same group. */
static void keep_distinct(struct seal *s)
{
    size_t kept = 0;
    if (s->num_items)
        qsort(s->items, s->num_items, sizeof *s->items, by_key);
    for (size_t i = 0; i < s->num_items; i++)
        if (!kept || s->items[kept - 1].key != s->items[i].key)
            s->items[kept++] = s->items[i];
    s->num_items = kept;
}

/* All series, each with its group, or NO_GROUP if it is not in its rows. */
static enum fk_err list_all(struct seal *s)
{
    struct listing l = {s, FK_OK};
    enum fk_err err = journal_ranges(seal_db(s), list_series, &l);
    err = err ? err : l.err;
    for (size_t i = 0; !err && i < s->num_items; i++) {
        const struct series_entry *e =
            catalog_entry(s->catalog, (uint32_t)s->items[i].key);
        bool grouped = false, known;
        if (e)
            err = levels_grouped(seal_db(s), e->group, &grouped, &known);
        s->items[i].group = grouped ? e->group : NO_GROUP;
    }
    return err;
}

/* Every id that has rows of levels: series, and groups by their first. */
enum fk_err seal_list_ids(struct seal *s)
{
    enum fk_err err = list_all(s);
    size_t count = s->num_items;
    for (size_t i = 0; !err && i < count; i++)
        if (s->items[i].group != NO_GROUP)
            err = seal_add_item(s, 0, s->items[i].group | LEVELS_GROUP);
    keep_distinct(s);
    return err;
}

static int by_group(const void *a, const void *b)
{
    const struct seal_item *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return by_key(a, b);
}

enum fk_err seal_list_members(struct seal *s)
{
    enum fk_err err = list_all(s);
    size_t kept = 0;
    for (size_t i = 0; i < s->num_items; i++)
        if (s->items[i].group != NO_GROUP)
            s->items[kept++] = s->items[i];
    s->num_items = kept;
    if (kept)
        qsort(s->items, kept, sizeof *s->items, by_group);
    return err;
}

/* ---- slices ---- */

/* In this order: what is missing or wrong in sums comes first, and what is
 * dropped was added up before. */
static const struct seal_duty *const duties[] = {&seal_mend, &seal_late,
    &seal_bucket, &seal_hour, &seal_whole_day, &seal_drop_journal,
    &seal_drop_level, &seal_group_totals, &seal_drop_series, &seal_drop_spans,
    &seal_shrink};

void seal_abort(struct seal *s)
{
    s->duty = NULL;
    s->num_items = 0;
    bucket_reset(&s->one);
    bucket_reset(&s->group);
}

/* The first duty of the day that is due, into s->duty. */
static enum fk_err find_duty(
    struct seal *s, struct day *day, int64_t now_ms, struct fk_diag *diag)
{
    enum fk_err err = days_open(s->days, day, diag);
    if (err)
        return err;
    s->day = day;
    if (!day->old_ms)
        day->old_ms = now_ms; /* who knows: it was not seen coming */
    for (size_t i = 0; i < sizeof duties / sizeof *duties; i++) {
        bool due = false;
        s->state = day->state;
        s->num_items = s->at = 0;
        s->listed = s->list_until = 0;
        err = duties[i]->due(s, now_ms, &due);
        if (err)
            return db_explain(day->writer, err, diag);
        if (!due)
            continue;
        s->duty = duties[i];
        return FK_OK;
    }
    bool old = day->state.dropped >= days_end(day);
    day->look_ms = now_ms + (old ? LOOK_AGAIN_OLD_MS : LOOK_AGAIN_MS);
    return FK_OK;
}

static enum fk_err find_day(struct seal *s, struct fk_diag *diag)
{
    int64_t now_ms = s->options->now_ms();
    enum fk_err err = FK_OK;
    for (struct day *day = s->days->first; !err && day && !s->duty;
         day = day->next) {
        if (day->look_ms > now_ms && !atomic_exchange(&day->damaged, false))
            continue;
        err = find_duty(s, day, now_ms, diag);
        if (err)
            day->look_ms = now_ms + LOOK_AGAIN_MS;
    }
    return err;
}

static bool is_pending(const struct seal *s)
{
    return s->listed < s->list_until || s->at < s->num_items;
}

/* In a transaction. */
static enum fk_err run_duty(struct seal *s)
{
    int64_t began = fk_mono_ns();
    enum fk_err err = FK_OK;
    while (!err && is_pending(s) && fk_mono_ns() - began < SEAL_SLICE_NS)
        err = s->duty->step(s);
    if (!err && !is_pending(s) && s->duty->done)
        s->duty->done(&s->state, s);
    return err ? err : levels_save_state(seal_db(s), &s->state);
}

static enum fk_err run_slice(struct seal *s, struct fk_diag *diag)
{
    enum fk_err err = days_open(s->days, s->day, diag);
    if (err)
        return err;
    err = db_begin(seal_db(s), s->duty->name);
    if (!err)
        err = run_duty(s);
    if (!err)
        err = db_commit(seal_db(s));
    if (err) {
        db_explain(seal_db(s), err, diag);
        db_rollback(seal_db(s));
        return err;
    }
    s->day->state = s->state;
    return FK_OK;
}

enum fk_err seal_slice(struct seal *s, bool *more, struct fk_diag *diag)
{
    enum fk_err err = s->duty ? FK_OK : find_day(s, diag);
    *more = false;
    if (!err && !s->duty) {
        s->rounds++;
        return FK_OK;
    }
    if (!err)
        err = run_slice(s, diag);
    *more = !err;
    if (err || !is_pending(s))
        seal_abort(s);
    return err;
}

enum fk_err seal_init(struct seal *s, const struct store_options *options,
    struct catalog *catalog, struct days *days)
{
    *s = (struct seal){.options = options, .catalog = catalog, .days = days};
    enum fk_err err = bucket_init(&s->one);
    enum fk_err other = bucket_init(&s->group);
    return err ? err : other;
}

void seal_fini(struct seal *s)
{
    bucket_fini(&s->one);
    bucket_fini(&s->group);
    free(s->items);
}
