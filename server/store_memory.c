/*
 * The store without a disk: arrays, walked from end to end. It is the oracle
 * that store_sqlite.c is compared with, so it is meant to be obviously
 * right, not fast. Profiles are kept as they came; nothing is merged, and
 * "durable" means in memory. `done` is called before append returns.
 */
#include "server/intake.h"
#include "server/memory_docs.h"
#include "server/spans.h"
#include "server/store_check.h"

#include <stdlib.h>
#include <string.h>

struct profile {
    uint32_t series, trie;
    int64_t time_ms;
    uint64_t dedup;
    struct fk_buf spans; /* spans.h */
    size_t num_pairs;
    struct trie_value pairs[];
};

struct store_tenant {
    struct store_tenant *next;
    struct memory *store;
    struct fk_slice name;
    struct catalog catalog;
    pthread_mutex_t lock;      /* guards everything below */
    struct profile **profiles; /* in order of arrival, for ever */
    size_t num_profiles;
    struct memory_docs docs;
    struct store_stats stats;
};

struct memory {
    struct store store;
    struct store_options options;
    pthread_mutex_t lock; /* guards the list of tenants */
    struct store_tenant *tenants;
    uint32_t num_tenants;
};

static enum fk_err memory_open(const struct store_options *options,
    struct store **out, struct fk_diag *diag)
{
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    m->store.ops = &store_memory_ops;
    m->options = *options;
    pthread_mutex_init(&m->lock, NULL);
    *out = &m->store;
    return FK_OK;
}

static void tenant_free(struct store_tenant *t)
{
    for (size_t i = 0; i < t->num_profiles; i++) {
        fk_buf_fini(&t->profiles[i]->spans);
        free(t->profiles[i]);
    }
    free(t->profiles);
    memory_docs_fini(&t->docs);
    catalog_fini(&t->catalog);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static void memory_close(struct store *store)
{
    struct memory *m = (struct memory *)store;
    while (m->tenants) {
        struct store_tenant *t = m->tenants;
        m->tenants = t->next;
        tenant_free(t);
    }
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static struct store_tenant *tenant_new(struct memory *m, struct fk_slice name)
{
    struct store_tenant *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->store = m;
    pthread_mutex_init(&t->lock, NULL);
    memory_docs_init(&t->docs);
    t->name = fk_arena_dup(&t->docs.arena, name);
    if (t->name.ptr && !catalog_init(&t->catalog, m->options.max_series))
        return t;
    tenant_free(t);
    return NULL;
}

static struct store_tenant *known_tenant(
    const struct memory *m, struct fk_slice name)
{
    struct store_tenant *t = m->tenants;
    while (t && !fk_slice_eq(t->name, name))
        t = t->next;
    return t;
}

static enum fk_err find_tenant(struct memory *m, struct fk_slice name,
    struct store_tenant **out, struct fk_diag *diag)
{
    *out = known_tenant(m, name);
    if (*out)
        return FK_OK;
    if (m->num_tenants == STORE_MAX_TENANTS)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the store has its limit of %d tenants", STORE_MAX_TENANTS);
    struct store_tenant *t = tenant_new(m, name);
    if (!t)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    t->next = m->tenants;
    m->tenants = t;
    m->num_tenants++;
    *out = t;
    return FK_OK;
}

static enum fk_err memory_tenant(struct store *store, struct fk_slice name,
    struct store_tenant **out, struct fk_diag *diag)
{
    struct memory *m = (struct memory *)store;
    enum fk_err err = store_check_tenant(name, diag);
    if (err)
        return err;
    pthread_mutex_lock(&m->lock);
    err = find_tenant(m, name, out, diag);
    pthread_mutex_unlock(&m->lock);
    return err;
}

static bool memory_has_tenant(struct store *store, struct fk_slice name)
{
    struct memory *m = (struct memory *)store;
    pthread_mutex_lock(&m->lock);
    bool known = known_tenant(m, name);
    pthread_mutex_unlock(&m->lock);
    return known;
}

static bool is_duplicate(const struct store_tenant *t, uint32_t series,
    const struct store_profile *p)
{
    for (size_t i = 0; p->dedup && i < t->num_profiles; i++) {
        const struct profile *q = t->profiles[i];
        if (q->series == series && q->time_ms == p->time_ms &&
            q->dedup == p->dedup)
            return true;
    }
    return false;
}

static bool keep(struct store_tenant *t, struct intake *in, size_t i)
{
    const struct store_profile *p = &in->batch->profiles[i];
    if (is_duplicate(t, in->series[i], p)) {
        t->stats.duplicates++;
        return true;
    }
    intake_profile(in, i);
    struct profile *kept =
        malloc(sizeof *kept + in->num_pairs * sizeof kept->pairs[0]);
    if (!kept)
        return false;
    *kept = (struct profile){.series = in->series[i],
        .trie = in->trie->id,
        .time_ms = p->time_ms,
        .dedup = p->dedup,
        .num_pairs = in->num_pairs};
    fk_buf_init(&kept->spans, SIZE_MAX / 2);
    if (intake_spans(in, i, &kept->spans)) {
        fk_buf_fini(&kept->spans);
        free(kept);
        return false;
    }
    memcpy(kept->pairs, in->pairs, in->num_pairs * sizeof kept->pairs[0]);
    t->profiles[t->num_profiles++] = kept;
    catalog_touch(&t->catalog, in->series[i], p->time_ms);
    t->stats.profiles++;
    t->stats.samples += in->num_pairs;
    return true;
}

static bool keep_all(struct store_tenant *t, struct intake *in)
{
    size_t n = in->batch->num_profiles;
    struct profile **more =
        reallocarray(t->profiles, t->num_profiles + n + 1, sizeof *more);
    if (!more)
        return false;
    t->profiles = more;
    for (size_t i = 0; i < n; i++)
        if (!keep(t, in, i))
            return false;
    t->stats.batches++;
    t->stats.commits++;
    return true;
}

static enum fk_err memory_append(struct store_tenant *t,
    const struct store_batch *batch, store_done_fn done, void *arg,
    struct fk_diag *diag)
{
    struct intake in;
    enum fk_err err = store_check_queue(
        &t->store->options, batch->num_profiles, intake_bytes(batch), diag);
    if (err) {
        pthread_mutex_lock(&t->lock);
        t->stats.rejected_full++;
        pthread_mutex_unlock(&t->lock);
        return err;
    }
    err = intake_init(&in, &t->catalog, batch, diag);
    if (err)
        return err;
    pthread_mutex_lock(&t->lock);
    bool ok = keep_all(t, &in);
    pthread_mutex_unlock(&t->lock);
    intake_fini(&in);
    done(arg, ok ? FK_OK : FK_ERR_NOMEM, ok ? "" : "out of memory");
    return FK_OK;
}

static enum fk_err memory_series(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1, store_series_fn fn,
    void *arg)
{
    return catalog_visit(&t->catalog, s, t0, t1, fn, arg);
}

/* One query. It walks over a copy of the array of pointers, which is a
 * snapshot because profiles are never freed. */
struct scan {
    struct store_tenant *tenant;
    struct catalog_set set;
    struct store_meter meter;
    struct fk_diag *diag;
    void *arg; /* of the visitor */
};

/* What it does with each profile in the range. */
typedef enum fk_err (*profile_fn)(struct scan *scan, const struct profile *p);

static struct profile **copy_profiles(struct store_tenant *t, size_t *count)
{
    pthread_mutex_lock(&t->lock);
    *count = t->num_profiles;
    struct profile **copy = calloc(*count + 1, sizeof(struct profile *));
    if (copy && *count)
        memcpy(copy, t->profiles, *count * sizeof(struct profile *));
    pthread_mutex_unlock(&t->lock);
    return copy;
}

static enum fk_err scan_run(struct scan *scan, const struct selector *s,
    int64_t t0, int64_t t1, profile_fn fn)
{
    size_t count;
    enum fk_err err =
        catalog_select(&scan->tenant->catalog, s, t0, t1, &scan->set);
    if (err)
        return err;
    struct profile **all = copy_profiles(scan->tenant, &count);
    err = all ? FK_OK : FK_ERR_NOMEM;
    for (size_t i = 0; !err && i < count; i++)
        if (all[i]->time_ms >= t0 && all[i]->time_ms < t1 &&
            catalog_set_has(&scan->set, all[i]->series))
            err = fn(scan, all[i]);
    free(all);
    catalog_set_fini(&scan->set);
    return err;
}

struct merge {
    struct scan scan; /* first */
    store_run_fn fn;
};

static enum fk_err visit_run(struct scan *scan, const struct profile *p)
{
    const struct merge *m = (struct merge *)scan;
    uint32_t *nodes = malloc((p->num_pairs + 1) * sizeof *nodes);
    int64_t *values = malloc((p->num_pairs + 1) * sizeof *values);
    enum fk_err err = nodes && values ? FK_OK : FK_ERR_NOMEM;
    for (size_t i = 0; !err && i < p->num_pairs; i++) {
        nodes[i] = p->pairs[i].node;
        values[i] = p->pairs[i].value;
    }
    if (!err)
        err = store_meter_add(
            &scan->meter, p->num_pairs * STORE_PAIR_BYTES, scan->diag);
    if (!err) {
        struct store_run run = {
            p->trie, p->series, nodes, values, p->num_pairs};
        err = m->fn(scan->arg, &run);
    }
    free(nodes);
    free(values);
    return err;
}

static enum fk_err memory_merge(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_run_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct merge m = {
        {.tenant = t, .meter.budget = budget, .diag = diag, .arg = arg}, fn};
    return scan_run(&m.scan, s, t0, t1, visit_run);
}

static int64_t total_of(const struct profile *p)
{
    int64_t total = 0;
    for (size_t i = 0; i < p->num_pairs; i++)
        if (__builtin_add_overflow(total, p->pairs[i].value, &total))
            return INT64_MAX;
    return total;
}

struct timeline {
    struct scan scan; /* first */
    store_point_fn fn;
};

static enum fk_err visit_point(struct scan *scan, const struct profile *p)
{
    const struct timeline *t = (struct timeline *)scan;
    const struct store_point point = {
        .app = catalog_entry(&scan->tenant->catalog, p->series)->app,
        .series = p->series,
        .time_ms = p->time_ms,
        .total = total_of(p),
        .profiles = 1,
        .moments = 1};
    enum fk_err err = store_meter_add(&scan->meter, sizeof point, scan->diag);
    return err ? err : t->fn(scan->arg, &point);
}

static enum fk_err memory_timeline(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_point_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct timeline line = {
        {.tenant = t, .meter.budget = budget, .diag = diag, .arg = arg}, fn};
    return scan_run(&line.scan, s, t0, t1, visit_point);
}

struct spans {
    struct scan scan; /* first */
    store_span_fn fn;
};

static enum fk_err visit_spans(struct scan *scan, const struct profile *p)
{
    const struct spans *v = (struct spans *)scan;
    const struct store_span_item like = {
        .trie = p->trie, .series = p->series, .time_ms = p->time_ms};
    if (!p->spans.len)
        return FK_OK;
    const struct trie *trie = tries_get(&scan->tenant->catalog.tries, p->trie);
    enum fk_err err = store_meter_add(&scan->meter, p->spans.len, scan->diag);
    return err ? err
               : spans_visit(fk_buf_slice(&p->spans), trie->num_nodes, &like,
                     v->fn, scan->arg);
}

static enum fk_err memory_spans(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_span_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct spans v = {
        {.tenant = t, .meter.budget = budget, .diag = diag, .arg = arg}, fn};
    return scan_run(&v.scan, s, t0, t1, visit_spans);
}

static enum fk_err memory_trie_hold(
    struct store_tenant *t, uint32_t trie, struct store_trie *out)
{
    return catalog_trie_hold(&t->catalog, trie, out);
}

static void memory_trie_release(struct store_tenant *t, struct store_trie *trie)
{
    catalog_trie_release(&t->catalog, trie);
}

static enum fk_err memory_frame(struct store_tenant *t, uint32_t trie,
    uint32_t frame, struct store_frame *out)
{
    return catalog_frame(&t->catalog, trie, frame, out);
}

static enum fk_err memory_doc_put(
    struct store_tenant *t, const struct store_doc *doc, struct fk_diag *diag)
{
    enum fk_err err = store_check_doc(doc, diag);
    if (err)
        return err;
    pthread_mutex_lock(&t->lock);
    err = memory_docs_put(&t->docs, doc);
    pthread_mutex_unlock(&t->lock);
    return err ? fk_diag_set(diag, err, "out of memory") : FK_OK;
}

static enum fk_err memory_doc_del(
    struct store_tenant *t, struct fk_slice kind, struct fk_slice id)
{
    pthread_mutex_lock(&t->lock);
    bool known = memory_docs_del(&t->docs, kind, id);
    pthread_mutex_unlock(&t->lock);
    return known ? FK_OK : FK_ERR_NOT_FOUND;
}

static enum fk_err memory_doc_list(struct store_tenant *t, struct fk_slice kind,
    int64_t t0, int64_t t1, store_doc_fn fn, void *arg)
{
    size_t count = 0;
    pthread_mutex_lock(&t->lock);
    struct store_doc *docs = memory_docs_copy(&t->docs, kind, t0, t1, &count);
    pthread_mutex_unlock(&t->lock);
    enum fk_err err = docs ? FK_OK : FK_ERR_NOMEM;
    for (size_t i = 0; !err && i < count; i++)
        err = fn(arg, &docs[i]);
    free(docs);
    return err;
}

static enum fk_err memory_health(struct store *store, struct fk_diag *diag)
{
    (void)store;
    (void)diag;
    return FK_OK;
}

static void memory_stats(struct store *store, struct store_stats *out)
{
    struct memory *m = (struct memory *)store;
    *out = (struct store_stats){0};
    pthread_mutex_lock(&m->lock);
    for (struct store_tenant *t = m->tenants; t; t = t->next) {
        pthread_mutex_lock(&t->lock);
        out->profiles += t->stats.profiles;
        out->samples += t->stats.samples;
        out->batches += t->stats.batches;
        out->commits += t->stats.commits;
        out->duplicates += t->stats.duplicates;
        out->rejected_full += t->stats.rejected_full;
        pthread_mutex_unlock(&t->lock);
        catalog_stats(&t->catalog, out);
    }
    pthread_mutex_unlock(&m->lock);
}

const struct store_ops store_memory_ops = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .tenant = memory_tenant,
    .has_tenant = memory_has_tenant,
    .append = memory_append,
    .series = memory_series,
    .merge = memory_merge,
    .timeline = memory_timeline,
    .spans = memory_spans,
    .trie_hold = memory_trie_hold,
    .trie_release = memory_trie_release,
    .frame = memory_frame,
    .doc_put = memory_doc_put,
    .doc_del = memory_doc_del,
    .doc_list = memory_doc_list,
    .health = memory_health,
    .stats = memory_stats,
};
