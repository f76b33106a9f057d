#include "server/writer.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/store_check.h"
#include "server/upkeep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    GROUP_PROFILES = 256,
    GROUP_BYTES = 1 << 20,
    QUIET_FRACTION = 16, /* of the delay without news ends the wait */
};

#define EXPIRE_EVERY_NS (600 * FK_NS_PER_S)
#define PROBE_EVERY_NS  FK_NS_PER_S

/* ---- the queue ---- */

enum fk_err writer_reserve(
    struct writer *w, const struct store_batch *batch, struct fk_diag *diag)
{
    size_t profiles = batch->num_profiles, bytes = intake_bytes(batch);
    enum fk_err err = FK_OK;
    pthread_mutex_lock(&w->lock);
    if (w->failing)
        err = fk_diag_set(diag, FK_ERR_UNAVAILABLE, "%s", w->why.text);
    else
        err = store_check_queue(
            w->options, w->profiles + profiles, w->bytes + bytes, diag);
    if (!err) {
        w->profiles += profiles;
        w->bytes += bytes;
    } else if (err == FK_ERR_FULL) {
        w->stats.rejected_full++;
    }
    pthread_mutex_unlock(&w->lock);
    return err;
}

void writer_give_back(struct writer *w, const struct store_batch *batch)
{
    pthread_mutex_lock(&w->lock);
    w->profiles -= batch->num_profiles;
    w->bytes -= intake_bytes(batch);
    pthread_mutex_unlock(&w->lock);
}

void writer_push(struct writer *w, struct write_item *item)
{
    item->arrived_ns = fk_mono_ns();
    pthread_mutex_lock(&w->lock);
    *w->last = item;
    w->last = &item->next;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void wait_until(struct writer *w, int64_t mono_ns)
{
    struct timespec at = {
        (time_t)(mono_ns / FK_NS_PER_S), (long)(mono_ns % FK_NS_PER_S)};
    pthread_cond_timedwait(&w->wake, &w->lock, &at);
}

/* Gather while more keeps coming, for the delay at most: one who is alone
 * does not wait for others who are not there. */
static void wait_for_more(struct writer *w)
{
    int64_t delay = w->options->commit_delay_ns;
    int64_t deadline = w->first->arrived_ns + delay;
    while (!w->stopping && w->profiles < GROUP_PROFILES &&
           w->bytes < GROUP_BYTES) {
        struct write_item **end = w->last;
        int64_t quiet = fk_mono_ns() + delay / QUIET_FRACTION;
        wait_until(w, quiet < deadline ? quiet : deadline);
        if (w->last == end || fk_mono_ns() >= deadline)
            return;
    }
}

/* The next group, cut off the queue. */
static struct write_item *cut_group(struct writer *w)
{
    struct write_item *group = w->first, **at = &w->first;
    size_t profiles = 0, bytes = 0;
    while (*at && profiles < GROUP_PROFILES && bytes < GROUP_BYTES) {
        profiles += (*at)->num_rows;
        bytes += (*at)->blobs.len;
        at = &(*at)->next;
    }
    struct write_item *rest = *at;
    *at = NULL;
    w->first = rest;
    if (!rest)
        w->last = &w->first;
    return group;
}

/* ---- one group ---- */

/* A profile older than all others may have waited while its trie was
 * dropped. */
static bool has_its_trie(struct writer *w, const struct journal_row *row)
{
    const struct series_entry *e = catalog_entry(w->catalog, row->series);
    return catalog_trie_of(w->catalog, e, row->time_ms)->id == row->trie;
}

static enum fk_err add_rows(
    struct writer *w, struct write_item *item, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    const struct store_options *o = w->options;
    struct days_clock clock = {.now_ms = o->now_ms()};
    clock.look_ms = clock.now_ms + o->seal_every_ms;
    clock.old_ms = clock.now_ms - o->keep.journal_ms;
    for (size_t i = 0; !err && i < item->num_rows; i++) {
        struct journal_row *row = &item->rows[i];
        err = has_its_trie(w, row)
                  ? days_add(w->days, row, &clock, diag)
                  : fk_diag_set(diag, FK_ERR_LIMIT,
                        "the stacks of that day were being forgotten: send "
                        "the profile again");
    }
    return err;
}

/* Items from `first` up to, not including, `end`. */
static enum fk_err write_items(struct writer *w, struct write_item *first,
    const struct write_item *end, struct fk_diag *diag)
{
    enum fk_err err = meta_save(w->meta, diag);
    for (struct write_item *i = first; !err && i != end; i = i->next)
        err = add_rows(w, i, diag);
    if (!err)
        err = days_commit(w->days, diag);
    if (err == FK_ERR_CORRUPT)
        days_suspect_begun(w->days);
    if (err)
        days_rollback(w->days);
    pthread_mutex_lock(&w->lock);
    w->stats.commits += !err;
    pthread_mutex_unlock(&w->lock);
    return err;
}

static void count_item(
    struct writer *w, const struct write_item *item, enum fk_err err)
{
    size_t stored = 0;
    for (size_t i = 0; !err && i < item->num_rows; i++) {
        const struct journal_row *row = &item->rows[i];
        stored += row->stored;
        if (row->stored)
            catalog_touch(w->catalog, row->series, row->time_ms);
    }
    pthread_mutex_lock(&w->lock);
    w->profiles -= item->num_rows;
    w->bytes -= item->bytes;
    w->stats.failed += err ? item->num_rows : 0;
    w->stats.batches += !err;
    w->stats.profiles += stored;
    w->stats.duplicates += err ? 0 : item->num_rows - stored;
    w->stats.samples += err ? 0 : item->samples;
    pthread_mutex_unlock(&w->lock);
}

static void finish_items(struct writer *w, struct write_item *first,
    const struct write_item *end, enum fk_err err, const char *why)
{
    while (first != end) {
        struct write_item *item = first;
        first = item->next;
        count_item(w, item, err);
        item->done(item->arg, err, why);
        fk_buf_fini(&item->blobs);
        free(item);
    }
}

static void set_failing(
    struct writer *w, enum fk_err err, const struct fk_diag *diag)
{
    bool failing = err && err != FK_ERR_LIMIT;
    if (!failing && w->low)
        return; /* what was queued is still written */
    pthread_mutex_lock(&w->lock);
    bool changed = failing != w->failing;
    w->failing = failing;
    if (failing)
        w->why = *diag;
    pthread_mutex_unlock(&w->lock);
    if (changed && failing)
        guard_drop_ballast(w->guard);
    if (changed && failing)
        fk_log(
            FK_LOG_ERROR, "store_failing", "why=%s", fk_log_quote(diag->text));
    else if (changed)
        fk_log(FK_LOG_INFO, "store_recovered", "dir=%s", w->days->dir);
}

/* What went wrong with the disk is one thing to those who wait. */
static enum fk_err outcome(enum fk_err err)
{
    return !err || err == FK_ERR_LIMIT ? err : FK_ERR_UNAVAILABLE;
}

/* A batch that breaks a limit must not take the others of its group with
 * it: then each is written alone. */
static void write_group(struct writer *w, struct write_item *group)
{
    struct fk_diag diag = {""};
    enum fk_err err = write_items(w, group, NULL, &diag);
    if (err != FK_ERR_LIMIT || !group->next) {
        set_failing(w, err, &diag);
        finish_items(w, group, NULL, outcome(err), diag.text);
        return;
    }
    while (group) {
        struct write_item *end = group->next;
        struct fk_diag own = {""};
        err = write_items(w, group, end, &own);
        set_failing(w, err, &own);
        finish_items(w, group, end, outcome(err), own.text);
        group = end;
    }
}

/* ---- the thread ---- */

static void refresh_ranges(struct writer *w)
{
    struct fk_diag diag = {""};
    seal_abort(&w->seal);
    if (upkeep_set_ranges(w->catalog, w->days, &diag))
        fk_log(FK_LOG_WARN, "ranges", "why=%s", fk_log_quote(diag.text));
}

/* Stacks that only days had which are gone. Readers may be at it still:
 * memory is given back the next time. */
static void drop_tries(struct writer *w)
{
    struct fk_diag diag = {""};
    int64_t date = days_first_date(w->days);
    uint32_t trie;
    catalog_free_dropped(w->catalog);
    while ((trie = catalog_drop_trie(w->catalog, date)) != TRIE_NONE)
        if (meta_drop_trie(w->meta, trie, &diag))
            fk_log(FK_LOG_WARN, "trie_drop", "why=%s", fk_log_quote(diag.text));
}

/* With too little room, say so, and drop a day now and then. */
static void look_at_disk(struct writer *w)
{
    struct fk_diag diag = {""};
    if (fk_mono_ns() < w->guard_ns)
        return;
    w->guard_ns = fk_mono_ns() + w->options->guard_every_ms * FK_NS_PER_MS;
    w->low = !guard_look(w->guard, &diag);
    if (!w->low)
        return;
    set_failing(w, FK_ERR_UNAVAILABLE, &diag);
    seal_abort(&w->seal);
    if (days_drop_first(w->days))
        refresh_ranges(w);
}

static void expire(struct writer *w)
{
    uint32_t keep_days = w->options->keep_days;
    if (fk_mono_ns() < w->expire_ns)
        return;
    w->expire_ns = fk_mono_ns() + EXPIRE_EVERY_NS;
    seal_abort(&w->seal);
    if (keep_days && days_expire(w->days, w->options->now_ms(), keep_days))
        refresh_ranges(w);
    drop_tries(w);
}

/* One slice of the sealer's work, or a look for some. */
static void add_up(struct writer *w)
{
    struct fk_diag diag = {""};
    bool more;
    if (!w->sealing && fk_mono_ns() < w->seal_ns)
        return;
    if (seal_slice(&w->seal, &more, &diag))
        fk_log(FK_LOG_WARN, "sealing", "why=%s", fk_log_quote(diag.text));
    w->sealing = more;
    w->idle_rounds = more ? 0 : w->idle_rounds + 1;
    if (!more)
        w->seal_ns = fk_mono_ns() + w->options->seal_every_ms * FK_NS_PER_MS;
}

/* Between two groups. */
static void keep_up(struct writer *w)
{
    int broken = upkeep_set_aside(w->days);
    if (broken)
        refresh_ranges(w);
    expire(w);
    look_at_disk(w);
    if (!w->failing)
        add_up(w);
    pthread_mutex_lock(&w->lock);
    w->broken += (uint64_t)broken;
    w->stats.sealed = w->seal.sealed;
    w->stats.seal_rounds = w->seal.rounds;
    w->stats.idle_tenants = w->idle_rounds >= 2;
    w->stats.set_aside = w->broken + w->seal.set_aside + w->seal.one.set_aside +
                         w->seal.group.set_aside;
    pthread_mutex_unlock(&w->lock);
}

/* Somebody may have made room. */
static void probe(struct writer *w)
{
    struct fk_diag diag = {""};
    if (w->low)
        return;
    enum fk_err err = meta_probe(w->meta, &diag);
    set_failing(w, err, &diag);
}

/* The next group to write; NULL when it was time for something else. With
 * the lock held. */
static struct write_item *next_group(struct writer *w)
{
    if (!w->first && !w->stopping && !w->sealing)
        wait_until(w, w->failing ? fk_mono_ns() + PROBE_EVERY_NS : w->seal_ns);
    if (!w->first)
        return NULL;
    wait_for_more(w);
    return cut_group(w);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    keep_up(w);
    pthread_mutex_lock(&w->lock);
    while (w->first || !w->stopping) {
        struct write_item *group = next_group(w);
        bool failing = w->failing;
        pthread_mutex_unlock(&w->lock);
        if (group)
            write_group(w, group);
        else if (failing)
            probe(w);
        keep_up(w);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum fk_err writer_start(
    struct writer *w, const struct writer_parts *parts, struct fk_diag *diag)
{
    *w = (struct writer){.options = parts->options,
        .catalog = parts->catalog,
        .meta = parts->meta,
        .days = parts->days,
        .guard = parts->guard};
    if (seal_init(&w->seal, w->options, w->catalog, w->days)) {
        seal_fini(&w->seal);
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    }
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    fk_cond_init(&w->wake);
    int code = pthread_create(&w->thread, NULL, writer_main, w);
    if (!code)
        pthread_setname_np(w->thread, "store-writer");
    return code ? fk_diag_set(diag, FK_ERR_UNAVAILABLE,
                      "cannot start the writer thread: %s", strerror(code))
                : FK_OK;
}

void writer_stop(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    seal_fini(&w->seal);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
}

enum fk_err writer_health(struct writer *w, struct fk_diag *diag)
{
    pthread_mutex_lock(&w->lock);
    enum fk_err err =
        w->failing ? fk_diag_set(diag, FK_ERR_UNAVAILABLE, "%s", w->why.text)
                   : FK_OK;
    pthread_mutex_unlock(&w->lock);
    return err;
}

void writer_stats(struct writer *w, struct store_stats *out)
{
    pthread_mutex_lock(&w->lock);
    out->profiles += w->stats.profiles;
    out->samples += w->stats.samples;
    out->batches += w->stats.batches;
    out->commits += w->stats.commits;
    out->duplicates += w->stats.duplicates;
    out->rejected_full += w->stats.rejected_full;
    out->failed += w->stats.failed;
    out->sealed += w->stats.sealed;
    out->set_aside += w->stats.set_aside;
    out->seal_rounds += w->stats.seal_rounds;
    out->idle_tenants += w->stats.idle_tenants;
    out->queue_profiles += w->profiles;
    out->queue_bytes += w->bytes;
    pthread_mutex_unlock(&w->lock);
}
