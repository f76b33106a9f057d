#include "server/catalog.h"

#include <stdlib.h>

/* Ids of tries are not used again before all are loaded anew. */
enum { TRIES_PER_SERIES = 16 };

enum fk_err catalog_init(struct catalog *c, uint32_t max_series)
{
    *c = (struct catalog){0};
    pthread_rwlock_init(&c->lock, NULL);
    series_index_init(&c->series, max_series);
    return tries_init(&c->tries, max_series * TRIES_PER_SERIES);
}

void catalog_fini(struct catalog *c)
{
    tries_fini(&c->tries);
    series_index_fini(&c->series);
    pthread_rwlock_destroy(&c->lock);
}

static int64_t date_of(int64_t time_ms)
{
    return time_ms / TRIES_DAY_MS;
}

struct trie *catalog_trie_of(
    struct catalog *c, const struct series_entry *e, int64_t time_ms)
{
    return tries_on(&c->tries, e->app, date_of(time_ms));
}

uint32_t catalog_drop_trie(struct catalog *c, int64_t date)
{
    pthread_rwlock_wrlock(&c->lock);
    uint32_t dropped = tries_drop(&c->tries, date);
    pthread_rwlock_unlock(&c->lock);
    return dropped;
}

void catalog_free_dropped(struct catalog *c)
{
    pthread_rwlock_wrlock(&c->lock);
    tries_free_dropped(&c->tries);
    pthread_rwlock_unlock(&c->lock);
}

/* All known and live, and no new day: the usual case, with a shared lock. */
static bool find_all(
    struct catalog *c, const struct store_batch *batch, uint32_t *series)
{
    for (size_t i = 0; i < batch->num_profiles; i++) {
        const struct store_profile *p = &batch->profiles[i];
        series[i] = series_find(&c->series, &p->labels);
        if (series[i] == SERIES_NONE)
            return false;
        const struct series_entry *e = c->series.entries[series[i]];
        if (!e->live || tries_is_new(&c->tries, e->app, date_of(p->time_ms)))
            return false;
    }
    return true;
}

/* How many live series the batch would add. Equal hashes count once: the
 * worst a collision can do is to let one more in. */
static enum fk_err count_new(
    struct catalog *c, const struct store_batch *batch, size_t *count)
{
    struct fk_map seen;
    enum fk_err err = FK_OK;
    fk_map_init(&seen, batch->num_profiles + 1);
    for (size_t i = 0; !err && i < batch->num_profiles; i++) {
        const struct fk_labels *l = &batch->profiles[i].labels;
        uint32_t id = series_find(&c->series, l);
        if (id == SERIES_NONE || !c->series.entries[id]->live)
            err = fk_map_put(&seen, fk_labels_hash(l), i);
    }
    *count = seen.count;
    fk_map_fini(&seen);
    return err;
}

static enum fk_err add_one(
    struct catalog *c, const struct store_profile *p, uint32_t *id)
{
    *id = series_find(&c->series, &p->labels);
    if (*id != SERIES_NONE) {
        series_set_live(&c->series, *id, true);
        return FK_OK;
    }
    uint32_t app = tries_app(&c->tries,
        fk_labels_get(&p->labels, FK_SLICE("service_name")),
        date_of(p->time_ms));
    return app == TRIE_NONE ? FK_ERR_LIMIT
                            : series_add(&c->series, &p->labels, app, id);
}

static enum fk_err add_all(struct catalog *c, const struct store_batch *batch,
    uint32_t *series, struct fk_diag *diag)
{
    size_t new = 0;
    enum fk_err err = count_new(c, batch, &new);
    uint32_t max = c->series.max_live, live = c->series.live;
    if (!err && (live > max || new > max - live))
        err = FK_ERR_LIMIT;
    for (size_t i = 0; !err && i < batch->num_profiles; i++)
        err = add_one(c, &batch->profiles[i], &series[i]);
    for (size_t i = 0; !err && i < batch->num_profiles; i++)
        tries_reach(&c->tries, c->series.entries[series[i]]->app,
            date_of(batch->profiles[i].time_ms));
    if (err == FK_ERR_LIMIT)
        fk_diag_set(diag, err,
            "Maximum active series limit exceeded (%u/%u), reduce the number "
            "of active streams (reduce labels or reduce label values), or "
            "raise --ingester.max-global-series-per-tenant",
            live, max);
    return err;
}

enum fk_err catalog_resolve(struct catalog *c, const struct store_batch *batch,
    uint32_t *series, struct fk_diag *diag)
{
    pthread_rwlock_rdlock(&c->lock);
    bool known = find_all(c, batch, series);
    pthread_rwlock_unlock(&c->lock);
    if (known)
        return FK_OK;
    pthread_rwlock_wrlock(&c->lock);
    enum fk_err err = add_all(c, batch, series, diag);
    pthread_rwlock_unlock(&c->lock);
    return err;
}

const struct series_entry *catalog_entry(struct catalog *c, uint32_t series)
{
    const struct series_entry *e = NULL;
    pthread_rwlock_rdlock(&c->lock);
    if (series < c->series.count)
        e = c->series.entries[series];
    pthread_rwlock_unlock(&c->lock);
    return e;
}

bool catalog_is_shared(struct catalog *c, uint32_t group)
{
    pthread_rwlock_rdlock(&c->lock);
    bool shared = c->series.entries[group]->members > 1;
    pthread_rwlock_unlock(&c->lock);
    return shared;
}

void catalog_touch(struct catalog *c, uint32_t series, int64_t time_ms)
{
    pthread_rwlock_wrlock(&c->lock);
    series_touch(&c->series, series, time_ms);
    pthread_rwlock_unlock(&c->lock);
}

void catalog_set_ranges(
    struct catalog *c, const struct catalog_range *ranges, uint32_t count)
{
    pthread_rwlock_wrlock(&c->lock);
    for (uint32_t i = 0; i < count; i++) {
        series_forget(&c->series, i);
        if (ranges[i].first_ms > ranges[i].last_ms)
            continue;
        series_touch(&c->series, i, ranges[i].first_ms);
        series_touch(&c->series, i, ranges[i].last_ms);
        tries_note(
            &c->tries, c->series.entries[i]->app, date_of(ranges[i].last_ms));
    }
    pthread_rwlock_unlock(&c->lock);
}

static bool in_range(const struct series_entry *e, int64_t t0, int64_t t1)
{
    if (e->first_ms > e->last_ms)
        return false;
    return (!t0 && !t1) || (e->first_ms < t1 && e->last_ms >= t0);
}

struct visit {
    const struct series_entry *entry; /* labels: they never change */
    int64_t first_ms, last_ms;        /* these do: as they were */
};

/* What may match, copied, so that nobody waits while it is looked at. */
static enum fk_err candidates(struct catalog *c, const struct selector *s,
    int64_t t0, int64_t t1, struct visit **out, uint32_t *out_count)
{
    pthread_rwlock_rdlock(&c->lock);
    uint32_t n = c->series.count, count = 0;
    uint32_t *ids = malloc((n + 1) * sizeof *ids);
    struct visit *visits = malloc((n + 1) * sizeof *visits);
    if (ids && visits) {
        n = series_candidates(&c->series, s, ids);
        for (uint32_t i = 0; i < n; i++) {
            const struct series_entry *e = c->series.entries[ids[i]];
            if (in_range(e, t0, t1))
                visits[count++] = (struct visit){e, e->first_ms, e->last_ms};
        }
    }
    pthread_rwlock_unlock(&c->lock);
    bool ok = ids && visits;
    free(ids);
    if (!ok) {
        free(visits);
        return FK_ERR_NOMEM;
    }
    *out = visits;
    *out_count = count;
    return FK_OK;
}

/* What matches. FK_ERR_LIMIT: regular expressions that take too long. */
static enum fk_err collect(struct catalog *c, const struct selector *s,
    int64_t t0, int64_t t1, struct visit **out, uint32_t *out_count)
{
    uint64_t work = SELECTOR_MAX_WORK;
    uint32_t count, kept = 0;
    struct visit *visits;
    enum fk_err err = candidates(c, s, t0, t1, &visits, &count);
    if (err)
        return err;
    for (uint32_t i = 0; i < count && work; i++) {
        struct fk_labels labels;
        series_labels(visits[i].entry, &labels);
        if (selector_matches(s, &labels, &work))
            visits[kept++] = visits[i];
    }
    if (!work) {
        free(visits);
        return FK_ERR_LIMIT;
    }
    *out = visits;
    *out_count = kept;
    return FK_OK;
}

enum fk_err catalog_visit(struct catalog *c, const struct selector *s,
    int64_t t0, int64_t t1, store_series_fn fn, void *arg)
{
    struct visit *visits;
    uint32_t count;
    enum fk_err err = collect(c, s, t0, t1, &visits, &count);
    if (err)
        return err;
    for (uint32_t i = 0; !err && i < count; i++) {
        struct fk_labels labels;
        series_labels(visits[i].entry, &labels);
        struct store_series series = {visits[i].entry->id, visits[i].entry->app,
            &labels, visits[i].first_ms, visits[i].last_ms};
        err = fn(arg, &series);
    }
    free(visits);
    return err;
}

enum fk_err catalog_select(struct catalog *c, const struct selector *s,
    int64_t t0, int64_t t1, struct catalog_set *out)
{
    struct visit *visits;
    uint32_t count;
    enum fk_err err = collect(c, s, t0, t1, &visits, &count);
    if (err)
        return err;
    uint32_t cap = count ? visits[count - 1].entry->id + 1 : 0;
    uint32_t *app = malloc(2 * ((size_t)cap + 1) * sizeof *app);
    if (app) {
        uint32_t *group = app + cap + 1;
        for (uint32_t i = 0; i < cap; i++)
            app[i] = group[i] = TRIE_NONE;
        for (uint32_t i = 0; i < count; i++) {
            const struct series_entry *e = visits[i].entry;
            app[e->id] = e->app;
            group[e->id] = e->group;
        }
        *out = (struct catalog_set){app, group, cap, count};
    }
    free(visits);
    return app ? FK_OK : FK_ERR_NOMEM;
}

/* Under the lock, against freeing what was dropped. */
enum fk_err catalog_trie_hold(
    struct catalog *c, uint32_t trie, struct store_trie *out)
{
    pthread_rwlock_rdlock(&c->lock);
    struct trie *found = tries_get(&c->tries, trie);
    if (found) {
        found->holds++;
        trie_view(found, out);
    }
    pthread_rwlock_unlock(&c->lock);
    return found ? FK_OK : FK_ERR_NOT_FOUND;
}

void catalog_trie_release(struct catalog *c, struct store_trie *trie)
{
    struct trie *held = trie->hold;
    (void)c;
    held->holds--;
    *trie = (struct store_trie){0};
}

enum fk_err catalog_frame(
    struct catalog *c, uint32_t trie, uint32_t frame, struct store_frame *out)
{
    struct trie *found = tries_get(&c->tries, trie);
    if (!found) { /* dropped, but held */
        pthread_rwlock_rdlock(&c->lock);
        found = tries_dropped(&c->tries, trie);
        pthread_rwlock_unlock(&c->lock);
    }
    if (!found || !trie_frame_at(found, frame, out))
        return FK_ERR_NOT_FOUND;
    return FK_OK;
}

/* One allocation holds both. */
void catalog_set_fini(struct catalog_set *set)
{
    free(set->app);
}

void catalog_mark_partial(struct catalog *c, const struct catalog_set *set,
    int64_t t0, int64_t t1, bool *partial)
{
    pthread_rwlock_rdlock(&c->lock);
    for (uint32_t i = 0; i < c->series.count; i++) {
        const struct series_entry *e = c->series.entries[i];
        if (e->group < set->count && in_range(e, t0, t1) &&
            !catalog_set_has(set, i))
            partial[e->group] = true;
    }
    pthread_rwlock_unlock(&c->lock);
}

void catalog_stats(struct catalog *c, struct store_stats *out)
{
    pthread_rwlock_rdlock(&c->lock);
    out->series += c->series.live;
    for (uint32_t i = 0; i < c->series.count; i++) {
        const struct series_entry *e = c->series.entries[i];
        if (e->first_ms > e->last_ms)
            continue;
        if (!out->oldest_ms || e->first_ms < out->oldest_ms)
            out->oldest_ms = e->first_ms;
        if (e->last_ms > out->newest_ms)
            out->newest_ms = e->last_ms;
    }
    for (uint32_t i = 0; i < c->tries.count; i++) {
        const struct trie *t = tries_get(&c->tries, i);
        out->trie_nodes += t ? t->num_nodes : 0;
    }
    out->other_stacks += tries_overflows(&c->tries);
    pthread_rwlock_unlock(&c->lock);
}
