#include "server/upkeep.h"

#include "common/log.h"

#include <stdlib.h>

/* ---- times of series ---- */

struct ranges {
    struct catalog_range *range;
    uint32_t count;
};

static void widen(void *arg, uint32_t series, int64_t first_ms, int64_t last_ms)
{
    struct ranges *r = arg;
    if (series >= r->count)
        return;
    if (first_ms < r->range[series].first_ms)
        r->range[series].first_ms = first_ms;
    if (last_ms > r->range[series].last_ms)
        r->range[series].last_ms = last_ms;
}

/* Opened for writing: a file that a crash left half made is finished, one of
 * an older program is brought up to date. */
static enum fk_err read_day(
    const struct day *day, struct ranges *r, struct fk_diag *diag)
{
    struct db *db;
    enum fk_err err = db_open(day->path, &journal_schema, DB_WRITE, &db, diag);
    if (err)
        return err;
    err = db_explain(db, journal_ranges(db, widen, r), diag);
    db_close(db);
    return err;
}

/* A damaged day must not take the others with it. */
static enum fk_err read_ranges(
    struct days *days, struct ranges *r, struct fk_diag *diag)
{
    struct day *day;
    enum fk_err err = FK_OK;
    int64_t date = 0;
    while (!err && (day = days_take(days, date, INT64_MAX))) {
        struct fk_diag why = {""};
        err = read_day(day, r, &why);
        if (err == FK_ERR_CORRUPT || err == FK_ERR_FORMAT) {
            fk_log(FK_LOG_ERROR, "day_unreadable", "why=%s",
                fk_log_quote(why.text));
            atomic_store(&day->suspect, err == FK_ERR_CORRUPT);
            err = FK_OK;
        }
        if (err)
            fk_diag_set(diag, err, "%s", why.text);
        date = day->date + 1;
        days_put(days, day);
    }
    return err;
}

enum fk_err upkeep_set_ranges(
    struct catalog *catalog, struct days *days, struct fk_diag *diag)
{
    struct ranges r = {NULL, catalog->series.count};
    r.range = calloc(r.count + 1, sizeof r.range[0]);
    if (!r.range)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < r.count; i++)
        r.range[i] = (struct catalog_range){INT64_MAX, INT64_MIN};
    enum fk_err err = read_ranges(days, &r, diag);
    if (!err)
        catalog_set_ranges(catalog, r.range, r.count);
    free(r.range);
    return err;
}

/* ---- days that must go ---- */

/* Is the file itself damaged, not only a row in it? */
static bool is_broken(struct days *days, struct day *day)
{
    struct fk_diag why = {""};
    enum fk_err err = days_open(days, day, &why);
    if (!err)
        err = db_explain(day->writer, db_check(day->writer), &why);
    if (err)
        fk_log(FK_LOG_ERROR, "day_damaged", "why=%s", fk_log_quote(why.text));
    return err == FK_ERR_CORRUPT;
}

int upkeep_set_aside(struct days *days)
{
    int count = 0;
    struct day *day = days->first, *next;
    for (; day; day = next) {
        next = day->next;
        if (!atomic_exchange(&day->suspect, false) || !is_broken(days, day))
            continue;
        days_set_aside(days, day);
        count++;
    }
    return count;
}
