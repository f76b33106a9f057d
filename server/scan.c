#include "server/scan.h"

#include "common/log.h"
#include "server/blob.h"
#include "server/chunk.h"
#include "server/totals.h"

#include <stdlib.h>

/* A stored bucket may begin before its profiles: select a little more. */
#define SELECT_MARGIN_MS (3600 * 1000)

struct scan_part {
    uint32_t id, app;
};

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t floor_to(int64_t at, int64_t step)
{
    return at / step * step;
}

static int64_t ceil_to(int64_t at, int64_t step)
{
    return (at + step - 1) / step * step;
}

/* ---- one row ---- */

/* A row that fails its check is left out, counted, and shown to the sealer;
 * the others are no worse for it. */
static void note_damage(void *arg, const struct day_damage *place)
{
    struct scan *scan = arg;
    scan->corrupt++;
    days_note_damage(scan->days, scan->day, place);
}

static enum fk_err visit_run(void *arg, const struct store_run *run)
{
    struct scan *scan = arg;
    enum fk_err err =
        store_meter_add(&scan->meter, run->n * STORE_PAIR_BYTES, scan->diag);
    return err ? err : scan->run_fn(scan->arg, run);
}

static enum fk_err add_blob(
    struct scan *scan, uint32_t id, uint32_t app, struct fk_slice data)
{
    const struct trie *trie =
        tries_on(&scan->catalog->tries, app, scan->day->date);
    const struct unpack_row row = {.trie = trie->id,
        .series = id & LEVELS_GROUP ? STORE_SERIES_MANY : id,
        .num_nodes = trie->num_nodes,
        .place = scan->place};
    scan->stopped = unpack_add(scan->unpack, &row, data);
    return scan->stopped;
}

/* Whoever looks in vain must come to an end as well. Helpers may be at the
 * other meter. */
static enum fk_err skip(struct scan *scan)
{
    scan->stopped = store_meter_add(&scan->skipped, 0, &scan->skip_why);
    return scan->stopped;
}

static enum fk_err visit_point(
    struct scan *scan, const struct store_point *point)
{
    scan->stopped = store_meter_add(&scan->meter, sizeof *point, scan->diag);
    if (!scan->stopped)
        scan->stopped = scan->point_fn(scan->arg, point);
    return scan->stopped;
}

static enum fk_err visit_profile(
    struct scan *scan, uint32_t series, int64_t time_ms, int64_t total)
{
    const struct store_point point = {
        scan->set.app[series], series, time_ms, total, 1, 1};
    return visit_point(scan, &point);
}

static enum fk_err on_journal(
    void *arg, uint32_t series, int64_t time_ms, struct db_stmt *row)
{
    struct scan *scan = arg;
    struct blob blob;
    if (!catalog_set_has(&scan->set, series))
        return skip(scan);
    scan->place = (struct day_damage){.journal = true, .at = db_int(row, 0)};
    if (scan->run_fn)
        return add_blob(scan, series, scan->set.app[series], journal_blob(row));
    if (!blob_open(&blob, journal_blob(row)))
        return visit_profile(scan, series, time_ms, blob.total);
    note_damage(scan, &scan->place);
    return FK_OK;
}

/* ---- the levels ---- */

static enum fk_err on_level(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct scan *scan = arg;
    scan->place = (struct day_damage){.level = level, .id = id, .at = start};
    return add_blob(scan, id, scan->part_app, data);
}

static enum fk_err on_chunk(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct scan *scan = arg;
    struct chunk chunk;
    struct chunk_point p;
    enum fk_err err = chunk_open(&chunk, data);
    scan->place = (struct day_damage){.level = level, .id = id, .at = start};
    while (!err && chunk.n && !(err = chunk_next(&chunk, &p))) {
        int64_t time_ms = start * 1000 + p.ms;
        if (time_ms < scan->t0 || time_ms >= scan->t1)
            continue;
        err = visit_profile(scan, id, time_ms, p.total);
        if (err)
            return err;
    }
    if (err)
        note_damage(scan, &scan->place);
    return FK_OK;
}

static enum fk_err on_totals(void *arg, enum level level, uint32_t id,
    int64_t start, struct fk_slice data)
{
    struct scan *scan = arg;
    struct totals t;
    scan->place = (struct day_damage){.level = level, .id = id, .at = start};
    if (start * 1000 < scan->t0)
        return FK_OK;
    if (totals_decode(data, &t)) {
        note_damage(scan, &scan->place);
        return FK_OK;
    }
    const struct store_point point = {scan->part_app, STORE_SERIES_MANY,
        start * 1000, t.total, t.profiles, t.moments};
    return visit_point(scan, &point);
}

static enum fk_err read_level(
    struct scan *scan, enum level level, int64_t from, int64_t until)
{
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; !err && i < scan->num_parts; i++) {
        uint32_t id = scan->parts[i].id;
        bool totals = level == LEVEL_CHUNK && id & LEVELS_GROUP;
        scan->part_app = scan->parts[i].app;
        err = levels_scan(scan->db, totals ? LEVEL_TOTALS : level, id, from,
            until,
            totals                 ? on_totals
            : level == LEVEL_CHUNK ? on_chunk
                                   : on_level,
            scan);
    }
    return err;
}

/* How far a level has come. */
static int64_t built_until(const struct levels_state *st, enum level level)
{
    switch (level) {
    case LEVEL_HOUR:
        return st->hours;
    case LEVEL_DAY:
        return st->whole ? INT64_MAX : 0;
    case LEVEL_MINUTE:
    case LEVEL_TEN:
    case LEVEL_CHUNK:
    case LEVEL_TOTALS:
    case LEVEL_COUNT:
        break;
    }
    return st->sealed;
}

/* [from, until) is aligned to the finest level: its middle comes from the
 * widest buckets that fit, its ends from narrower ones. */
static enum fk_err read_split(
    struct scan *scan, int level, int64_t from, int64_t until)
{
    if (from >= until || level < scan->state.finest)
        return FK_OK;
    int64_t step = level_seconds[level];
    int64_t a = ceil_to(from, step);
    int64_t b = floor_to(
        min(until, built_until(&scan->state, (enum level)level)), step);
    if (a >= b)
        return read_split(scan, level - 1, from, until);
    enum fk_err err = read_split(scan, level - 1, from, a);
    if (!err)
        err = read_level(scan, (enum level)level, a, b);
    return err ? err : read_split(scan, level - 1, b, until);
}

/* What is in the levels, or late for them. */
static enum fk_err read_sealed(struct scan *scan, int64_t from, int64_t until)
{
    if (from >= until)
        return FK_OK;
    enum fk_err err = read_split(scan, LEVEL_DAY, from, until);
    return err ? err
               : journal_scan_late(
                     scan->db, from * 1000, until * 1000, on_journal, scan);
}

static enum fk_err read_journal(struct scan *scan, int64_t t0, int64_t t1)
{
    return journal_scan(scan->db, t0, t1, on_journal, scan);
}

/* From the levels what is whole buckets, from the journal what is left over
 * at both ends and what came after. Where the journal is gone there is
 * nothing left over: a bucket is where it begins. */
static enum fk_err merge_day(struct scan *scan, int64_t t0, int64_t t1)
{
    const int64_t minute = level_seconds[LEVEL_MINUTE] * 1000;
    int64_t finest = level_seconds[scan->state.finest] * 1000;
    int64_t dropped = scan->state.dropped * 1000;
    int64_t sealed = scan->state.sealed * 1000;
    if (t1 <= dropped)
        return read_sealed(
            scan, ceil_to(t0, finest) / 1000, ceil_to(t1, finest) / 1000);
    int64_t a = ceil_to(t0, t0 < dropped ? finest : minute);
    int64_t b = floor_to(min(t1, sealed), minute);
    if (a >= b)
        return read_journal(scan, max(t0, dropped), t1);
    enum fk_err err = FK_OK;
    if (t0 >= dropped)
        err = read_journal(scan, t0, a);
    if (!err)
        err = read_sealed(scan, a / 1000, b / 1000);
    return err ? err : read_journal(scan, b, t1);
}

/* ---- totals ---- */

static enum fk_err timeline_day(struct scan *scan, int64_t t0, int64_t t1)
{
    int64_t step = level_seconds[LEVEL_CHUNK] * 1000;
    int64_t sealed = scan->state.sealed * 1000;
    enum fk_err err = FK_OK;
    scan->t0 = t0;
    scan->t1 = min(t1, sealed);
    if (scan->t0 < scan->t1) {
        err = read_level(scan, LEVEL_CHUNK, floor_to(t0, step) / 1000,
            ceil_to(scan->t1, step) / 1000);
        if (!err)
            err = journal_scan_late(
                scan->db, scan->t0, scan->t1, on_journal, scan);
    }
    return err ? err : read_journal(scan, max(t0, sealed), t1);
}

/* ---- days ---- */

/* How a group of series is read. */
enum reading {
    READ_UNDECIDED,
    READ_SERIES, /* one by one */
    READ_GROUP,  /* all are asked for: what they have in common */
    READ_NOTHING /* some are asked for, and only that is left */
};

struct choosing {
    struct scan *scan;
    int64_t t0, t1;
    bool *partial; /* by group: some of its series are not selected */
};

static void mark_member(
    void *arg, uint32_t series, int64_t first_ms, int64_t last_ms)
{
    struct choosing *c = arg;
    const struct catalog_set *set = &c->scan->set;
    const struct series_entry *e = catalog_entry(c->scan->catalog, series);
    if (e && e->group < set->count && first_ms < c->t1 && last_ms >= c->t0 &&
        !catalog_set_has(set, series))
        c->partial[e->group] = true;
}

/* The catalog knows what was sealed before the snapshot that we are in. Of a
 * day without series, the file itself knows which there were. */
static enum fk_err mark_partial(struct choosing *c)
{
    struct scan *scan = c->scan;
    if (scan->state.groups != GROUPS_AND_SERIES)
        return journal_ranges(scan->db, mark_member, c);
    catalog_mark_partial(scan->catalog, &scan->set, c->t0, c->t1, c->partial);
    return FK_OK;
}

static enum fk_err decide(
    const struct scan *scan, uint32_t group, bool partial, enum reading *out)
{
    bool alone = scan->state.groups != GROUPS_AND_SERIES, yes, decided;
    *out = READ_SERIES;
    if (!alone && (partial || !scan->run_fn))
        return FK_OK;
    enum fk_err err = levels_grouped(scan->db, group, &yes, &decided);
    if (!err && yes)
        *out = partial ? READ_NOTHING : READ_GROUP;
    return err;
}

static enum fk_err add_parts(struct scan *scan, const bool *partial)
{
    const struct catalog_set *set = &scan->set;
    enum reading *how = calloc((size_t)set->count + 1, sizeof *how);
    enum fk_err err = how ? FK_OK : FK_ERR_NOMEM;
    scan->num_parts = 0;
    for (uint32_t i = 0; !err && i < set->count; i++) {
        uint32_t group = set->group[i];
        if (!catalog_set_has(set, i))
            continue;
        bool first = how[group] == READ_UNDECIDED;
        if (first)
            err = decide(scan, group, partial[group], &how[group]);
        if (how[group] == READ_NOTHING)
            scan->partial = true;
        else if (how[group] == READ_SERIES)
            scan->parts[scan->num_parts++] = (struct scan_part){i, set->app[i]};
        else if (first)
            scan->parts[scan->num_parts++] =
                (struct scan_part){group | LEVELS_GROUP, set->app[i]};
    }
    free(how);
    return err;
}

/* All series one by one, but one group instead of all of its series where
 * none of them is left out. */
static enum fk_err choose_parts(struct scan *scan, int64_t t0, int64_t t1)
{
    struct choosing c = {
        scan, t0 - SELECT_MARGIN_MS, t1 + SELECT_MARGIN_MS, NULL};
    c.partial = calloc((size_t)scan->set.count + 1, sizeof *c.partial);
    enum fk_err err = c.partial ? mark_partial(&c) : FK_ERR_NOMEM;
    if (!err)
        err = add_parts(scan, c.partial);
    free(c.partial);
    return err;
}

static enum fk_err read_day(
    struct scan *scan, const struct day *day, int64_t t0, int64_t t1)
{
    int64_t begin = days_begin(day), end = days_end(day);
    t0 = max(t0, begin * 1000);
    t1 = min(t1, end * 1000);
    enum fk_err err = db_snapshot(scan->db);
    if (!err)
        err = levels_load_state(scan->db, begin, &scan->state);
    if (!err)
        err = choose_parts(scan, t0, t1);
    if (!err)
        err =
            scan->run_fn ? merge_day(scan, t0, t1) : timeline_day(scan, t0, t1);
    return err;
}

/* The day is over when they are done with it. */
static enum fk_err wait_for_helpers(struct scan *scan, enum fk_err err)
{
    enum fk_err last = unpack_drain(scan->unpack);
    if (scan->skip_why.text[0] && !last)
        fk_diag_set(scan->diag, err, "%s", scan->skip_why.text);
    if (last)
        scan->stopped = last;
    return last ? last : err;
}

/* A damaged day must not take the others with it. */
static enum fk_err scan_day(
    struct scan *scan, struct day *day, int64_t t0, int64_t t1)
{
    struct fk_diag why = {""};
    scan->day = day;
    enum fk_err err = db_pool_take(&day->readers, &scan->db, &why);
    if (!err) {
        err = read_day(scan, day, t0, t1);
        if (scan->run_fn)
            err = wait_for_helpers(scan, err);
        if (err && !scan->stopped)
            db_explain(scan->db, err, &why);
        db_rollback(scan->db);
        db_pool_put(&day->readers, scan->db);
    }
    if (err != FK_ERR_CORRUPT || scan->stopped)
        return err && !scan->stopped
                   ? fk_diag_set(scan->diag, err, "%s", why.text)
                   : err;
    fk_log(FK_LOG_ERROR, "day_corrupt", "why=%s", fk_log_quote(why.text));
    atomic_store(&day->suspect, true);
    scan->corrupt++;
    return FK_OK;
}

static enum fk_err scan_days(struct scan *scan, int64_t t0, int64_t t1)
{
    struct day *day;
    enum fk_err err = FK_OK;
    int64_t date = days_date(t0);
    while (!err && (day = days_take(scan->days, date, days_date(t1 - 1)))) {
        err = scan_day(scan, day, t0, t1);
        date = day->date + 1;
        days_put(scan->days, day);
    }
    return err;
}

enum fk_err scan_run(
    struct scan *scan, const struct selector *s, int64_t t0, int64_t t1)
{
    if (t0 >= t1)
        return FK_OK;
    t0 = max(t0, 0);
    t1 = min(t1, INT64_MAX - SELECT_MARGIN_MS);
    enum fk_err err = catalog_select(scan->catalog, s, t0 - SELECT_MARGIN_MS,
        t1 + SELECT_MARGIN_MS, &scan->set);
    if (err)
        return err;
    const struct unpack_to to = {visit_run, note_damage, scan};
    scan->skipped.budget = scan->meter.budget;
    scan->unpack = unpack_new(&to, scan->threads);
    scan->parts = calloc((size_t)scan->set.selected + 1, sizeof *scan->parts);
    if (!scan->unpack || !scan->parts)
        err = fk_diag_set(scan->diag, FK_ERR_NOMEM, "out of memory");
    if (!err && scan->set.selected)
        err = scan_days(scan, t0, t1);
    catalog_set_fini(&scan->set);
    unpack_free(scan->unpack);
    free(scan->parts);
    return err;
}
