#include "server/scan_spans.h"

#include "common/log.h"
#include "server/spans.h"

static enum fk_err visit(void *arg, const struct store_span_item *item)
{
    struct scan_spans *scan = arg;
    scan->stopped = scan->fn(scan->arg, item);
    return scan->stopped;
}

static enum fk_err on_row(
    void *arg, uint32_t series, int64_t time_ms, struct fk_slice bytes)
{
    struct scan_spans *scan = arg;
    if (!catalog_set_has(&scan->set, series))
        return FK_OK;
    const struct trie *trie = tries_on(
        &scan->catalog->tries, scan->set.app[series], time_ms / TRIES_DAY_MS);
    const struct store_span_item like = {
        .trie = trie->id, .series = series, .time_ms = time_ms};
    scan->stopped = store_meter_add(&scan->meter, bytes.len, scan->diag);
    if (scan->stopped)
        return scan->stopped;
    enum fk_err err = spans_visit(bytes, trie->num_nodes, &like, visit, scan);
    if (!err || scan->stopped)
        return err;
    scan->corrupt++;
    return FK_OK;
}

static enum fk_err scan_day(
    struct scan_spans *scan, struct day *day, int64_t t0, int64_t t1)
{
    struct db *db;
    struct levels_state state;
    struct fk_diag why = {""};
    enum fk_err err = db_pool_take(&day->readers, &db, &why);
    if (!err) {
        err = levels_load_state(db, days_begin(day), &state);
        scan->partial |= state.groups != GROUPS_AND_SERIES;
        if (!err)
            err = journal_scan_spans(db, t0, t1, on_row, scan);
        if (err && !scan->stopped)
            db_explain(db, err, &why);
        db_pool_put(&day->readers, db);
    }
    if (err != FK_ERR_CORRUPT || scan->stopped)
        return err && !scan->stopped
                   ? fk_diag_set(scan->diag, err, "%s", why.text)
                   : err;
    fk_log(FK_LOG_ERROR, "day_corrupt", "why=%s", fk_log_quote(why.text));
    scan->corrupt++;
    return FK_OK;
}

enum fk_err scan_spans_run(
    struct scan_spans *scan, const struct selector *s, int64_t t0, int64_t t1)
{
    struct day *day;
    int64_t date = days_date(t0 > 0 ? t0 : 0);
    enum fk_err err = catalog_select(scan->catalog, s, t0, t1, &scan->set);
    if (err)
        return err;
    while (!err && scan->set.selected && t0 < t1 &&
           (day = days_take(scan->days, date, days_date(t1 - 1)))) {
        err = scan_day(scan, day, t0, t1);
        date = day->date + 1;
        days_put(scan->days, day);
    }
    catalog_set_fini(&scan->set);
    return err;
}
