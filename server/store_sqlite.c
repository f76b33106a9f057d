/*
 * The store on one machine's disk: a folder of SQLite files for each tenant
 * (docs/storage.md), a catalog in memory, one writer thread a tenant, readers
 * on connections of their own. This file puts the parts together.
 */
#include "common/log.h"
#include "server/datadir.h"
#include "server/scan.h"
#include "server/scan_spans.h"
#include "server/upkeep.h"
#include "server/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DIR = PATH_MAX - 512 }; /* a tenant's folder and file follow */

#define FORGOTTEN                                                              \
    "part of this range is so old that only sums of whole services are "       \
    "kept: ask for all of a service, or for a later time"

struct store_tenant {
    struct store_tenant *next;
    struct fk_buf name;
    char path[PATH_MAX];
    struct catalog catalog;
    struct meta meta;
    struct days days;
    struct writer writer;
    bool writing; /* the writer was started */
    _Atomic uint64_t corrupt;
};

struct sqlite {
    struct store store;
    struct store_options options;
    char dir[PATH_MAX];
    int lock_fd;
    struct guard guard;
    pthread_mutex_t lock; /* guards the list of tenants */
    struct store_tenant *tenants;
    uint32_t num_tenants;
};

/* ---- life ---- */

static enum fk_err sqlite_open(const struct store_options *options,
    struct store **out, struct fk_diag *diag)
{
    if (strlen(options->dir) > MAX_DIR)
        return fk_diag_set(
            diag, FK_ERR_ARG, "the data directory's path is too long");
    struct sqlite *q = calloc(1, sizeof *q);
    if (!q)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    q->store.ops = &store_sqlite_ops;
    q->options = *options;
    snprintf(q->dir, sizeof q->dir, "%s", options->dir);
    enum fk_err err = datadir_lock(q->dir, &q->lock_fd, diag);
    if (err) {
        free(q);
        return err;
    }
    guard_init(
        &q->guard, q->dir, options->min_free_bytes, options->ballast_bytes);
    pthread_mutex_init(&q->lock, NULL);
    *out = &q->store;
    return FK_OK;
}

static void tenant_close(struct store_tenant *t)
{
    if (t->writing)
        writer_stop(&t->writer);
    days_fini(&t->days);
    meta_close(&t->meta);
    catalog_fini(&t->catalog);
    fk_buf_fini(&t->name);
    free(t);
}

static void sqlite_close(struct store *store)
{
    struct sqlite *q = (struct sqlite *)store;
    while (q->tenants) {
        struct store_tenant *t = q->tenants;
        q->tenants = t->next;
        tenant_close(t);
    }
    close(q->lock_fd);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static enum fk_err open_parts(
    struct sqlite *q, struct store_tenant *t, struct fk_diag *diag)
{
    struct fk_slice name = fk_buf_slice(&t->name);
    enum fk_err err = datadir_tenant(q->dir, name, t->path, diag);
    if (!err)
        err = catalog_init(&t->catalog, q->options.max_series);
    if (!err)
        err = meta_open(&t->meta, t->path, name, &t->catalog, diag);
    if (!err)
        err = days_init(&t->days, t->path, diag);
    if (!err)
        err = upkeep_set_ranges(&t->catalog, &t->days, diag);
    if (!err)
        err = writer_start(&t->writer,
            &(struct writer_parts){
                &q->options, &t->catalog, &t->meta, &t->days, &q->guard},
            diag);
    t->writing = !err;
    return err;
}

static enum fk_err tenant_open(struct sqlite *q, struct fk_slice name,
    struct store_tenant **out, struct fk_diag *diag)
{
    struct store_tenant *t = calloc(1, sizeof *t);
    if (!t)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    fk_buf_init(&t->name, STORE_TENANT_MAX_BYTES);
    fk_buf_add_slice(&t->name, name);
    enum fk_err err = t->name.err;
    if (!err)
        err = open_parts(q, t, diag);
    if (err)
        tenant_close(t);
    else
        *out = t;
    return err;
}

/* One that is open. */
static struct store_tenant *known_tenant(
    const struct sqlite *q, struct fk_slice name)
{
    struct store_tenant *t = q->tenants;
    while (t && !fk_slice_eq(fk_buf_slice(&t->name), name))
        t = t->next;
    return t;
}

/* Those on the disk count even while nobody has asked for them, so that none
 * of them finds its place taken. */
static bool is_full(const struct sqlite *q, struct fk_slice name)
{
    return q->num_tenants == STORE_MAX_TENANTS ||
           (!datadir_has_tenant(q->dir, name) &&
               datadir_tenants(q->dir) >= STORE_MAX_TENANTS);
}

static enum fk_err find_tenant(struct sqlite *q, struct fk_slice name,
    struct store_tenant **out, struct fk_diag *diag)
{
    *out = known_tenant(q, name);
    if (*out)
        return FK_OK;
    if (is_full(q, name))
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the store has its limit of %d tenants", STORE_MAX_TENANTS);
    enum fk_err err = tenant_open(q, name, out, diag);
    if (err)
        return err;
    (*out)->next = q->tenants;
    q->tenants = *out;
    q->num_tenants++;
    return FK_OK;
}

static enum fk_err sqlite_tenant(struct store *store, struct fk_slice name,
    struct store_tenant **out, struct fk_diag *diag)
{
    struct sqlite *q = (struct sqlite *)store;
    enum fk_err err = store_check_tenant(name, diag);
    if (err)
        return err;
    pthread_mutex_lock(&q->lock);
    err = find_tenant(q, name, out, diag);
    pthread_mutex_unlock(&q->lock);
    return err;
}

static bool sqlite_has_tenant(struct store *store, struct fk_slice name)
{
    struct sqlite *q = (struct sqlite *)store;
    pthread_mutex_lock(&q->lock);
    bool known = known_tenant(q, name);
    pthread_mutex_unlock(&q->lock);
    return known || datadir_has_tenant(q->dir, name);
}

/* ---- writing ---- */

static enum fk_err sqlite_append(struct store_tenant *t,
    const struct store_batch *batch, store_done_fn done, void *arg,
    struct fk_diag *diag)
{
    struct intake in;
    struct write_item *item = NULL;
    enum fk_err err = writer_reserve(&t->writer, batch, diag);
    if (err)
        return err;
    err = intake_init(&in, &t->catalog, batch, diag);
    if (!err) {
        item = write_item_new(&in, done, arg);
        if (!item)
            err = fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
        intake_fini(&in);
    }
    if (err)
        writer_give_back(&t->writer, batch);
    else
        writer_push(&t->writer, item);
    return err;
}

/* ---- reading ---- */

static enum fk_err sqlite_series(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1, store_series_fn fn,
    void *arg)
{
    return catalog_visit(&t->catalog, s, t0, t1, fn, arg);
}

static enum fk_err scan_all(struct store_tenant *t, struct scan *scan,
    const struct selector *s, int64_t t0, int64_t t1)
{
    scan->catalog = &t->catalog;
    scan->days = &t->days;
    scan->threads = t->writer.options->query_threads;
    enum fk_err err = scan_run(scan, s, t0, t1);
    t->corrupt += scan->corrupt;
    if (!err && scan->corrupt)
        err = fk_diag_set(scan->diag, FK_ERR_CORRUPT,
            "%u stored rows or days of this range failed their check and "
            "were left out: the disk of %s may be damaged",
            scan->corrupt, t->path);
    if (!err && scan->partial)
        err = fk_diag_set(scan->diag, FK_ERR_PARTIAL, FORGOTTEN);
    return err;
}

static enum fk_err sqlite_merge(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_run_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct scan scan = {
        .meter.budget = budget, .run_fn = fn, .arg = arg, .diag = diag};
    return scan_all(t, &scan, s, t0, t1);
}

static enum fk_err sqlite_timeline(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_point_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct scan scan = {
        .meter.budget = budget, .point_fn = fn, .arg = arg, .diag = diag};
    return scan_all(t, &scan, s, t0, t1);
}

static enum fk_err sqlite_spans(struct store_tenant *t,
    const struct selector *s, int64_t t0, int64_t t1,
    const struct store_budget *budget, store_span_fn fn, void *arg,
    struct fk_diag *diag)
{
    struct scan_spans scan = {.catalog = &t->catalog,
        .days = &t->days,
        .meter.budget = budget,
        .fn = fn,
        .arg = arg,
        .diag = diag};
    enum fk_err err = scan_spans_run(&scan, s, t0, t1);
    t->corrupt += scan.corrupt;
    if (!err && scan.corrupt)
        err = fk_diag_set(diag, FK_ERR_CORRUPT,
            "%u stored spans or days of this range failed their check and "
            "were left out: the disk of %s may be damaged",
            scan.corrupt, t->path);
    if (!err && scan.partial)
        err = fk_diag_set(diag, FK_ERR_PARTIAL, FORGOTTEN);
    return err;
}

static enum fk_err sqlite_trie_hold(
    struct store_tenant *t, uint32_t trie, struct store_trie *out)
{
    return catalog_trie_hold(&t->catalog, trie, out);
}

static void sqlite_trie_release(struct store_tenant *t, struct store_trie *trie)
{
    catalog_trie_release(&t->catalog, trie);
}

static enum fk_err sqlite_frame(struct store_tenant *t, uint32_t trie,
    uint32_t frame, struct store_frame *out)
{
    return catalog_frame(&t->catalog, trie, frame, out);
}

/* ---- documents, health, counters ---- */

static enum fk_err sqlite_doc_put(
    struct store_tenant *t, const struct store_doc *doc, struct fk_diag *diag)
{
    enum fk_err err = store_check_doc(doc, diag);
    return err ? err : meta_doc_put(&t->meta, doc, diag);
}

static enum fk_err sqlite_doc_del(
    struct store_tenant *t, struct fk_slice kind, struct fk_slice id)
{
    return meta_doc_del(&t->meta, kind, id);
}

static enum fk_err sqlite_doc_list(struct store_tenant *t, struct fk_slice kind,
    int64_t t0, int64_t t1, store_doc_fn fn, void *arg)
{
    return meta_doc_list(&t->meta, kind, t0, t1, fn, arg);
}

static enum fk_err sqlite_health(struct store *store, struct fk_diag *diag)
{
    struct sqlite *q = (struct sqlite *)store;
    enum fk_err err = FK_OK;
    pthread_mutex_lock(&q->lock);
    for (struct store_tenant *t = q->tenants; !err && t; t = t->next)
        err = writer_health(&t->writer, diag);
    pthread_mutex_unlock(&q->lock);
    return err;
}

static void sqlite_stats(struct store *store, struct store_stats *out)
{
    struct sqlite *q = (struct sqlite *)store;
    *out = (struct store_stats){0};
    pthread_mutex_lock(&q->lock);
    for (struct store_tenant *t = q->tenants; t; t = t->next) {
        writer_stats(&t->writer, out);
        catalog_stats(&t->catalog, out);
        out->corrupt += t->corrupt;
        out->disk_bytes += datadir_bytes(t->path);
    }
    pthread_mutex_unlock(&q->lock);
}

const struct store_ops store_sqlite_ops = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .tenant = sqlite_tenant,
    .has_tenant = sqlite_has_tenant,
    .append = sqlite_append,
    .series = sqlite_series,
    .merge = sqlite_merge,
    .timeline = sqlite_timeline,
    .spans = sqlite_spans,
    .trie_hold = sqlite_trie_hold,
    .trie_release = sqlite_trie_release,
    .frame = sqlite_frame,
    .doc_put = sqlite_doc_put,
    .doc_del = sqlite_doc_del,
    .doc_list = sqlite_doc_list,
    .health = sqlite_health,
    .stats = sqlite_stats,
};
