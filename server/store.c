#include "server/store.h"

#include "common/clock.h"
#include "server/store_check.h"

enum { CALLS_BETWEEN_LOOKS = 32 };

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)

static int64_t wall_ms(void)
{
    return fk_wall_ns() / FK_NS_PER_MS;
}

void store_options_init(struct store_options *o)
{
    *o = (struct store_options){
        .keep_days = 7,
        .keep = {.journal_ms = 2 * HOUR_MS,
            .minutes_ms = 2 * DAY_MS,
            .tens_ms = 14 * DAY_MS,
            .hours_ms = 400 * DAY_MS,
            .series_ms = 90 * DAY_MS},
        .queue_max_profiles = 4096,
        .queue_max_bytes = (size_t)64 << 20,
        .max_series = 5000,
        .commit_delay_ns = 50 * FK_NS_PER_MS,
        .min_free_bytes = UINT64_MAX,
        .ballast_bytes = (uint64_t)64 << 20,
        .guard_every_ms = 10000,
        .seal_every_ms = 10000,
        .query_threads = 4,
        .now_ms = wall_ms,
    };
}

enum fk_err store_check_tenant(struct fk_slice name, struct fk_diag *diag)
{
    if (!name.len)
        return fk_diag_set(diag, FK_ERR_ARG, "the tenant's name is empty");
    if (name.len > STORE_TENANT_MAX_BYTES)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the tenant's name has %zu bytes, more than %d", name.len,
            STORE_TENANT_MAX_BYTES);
    return FK_OK;
}

enum fk_err store_check_doc(const struct store_doc *doc, struct fk_diag *diag)
{
    if (!doc->kind.len || !doc->id.len)
        return fk_diag_set(
            diag, FK_ERR_ARG, "a document needs a kind and an id");
    if (doc->kind.len > STORE_DOC_MAX_ID || doc->id.len > STORE_DOC_MAX_ID)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the document's id has more than %d bytes", STORE_DOC_MAX_ID);
    if (doc->body.len > STORE_DOC_MAX_BYTES)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the document has %zu bytes, more than %d", doc->body.len,
            STORE_DOC_MAX_BYTES);
    return FK_OK;
}

enum fk_err store_check_queue(const struct store_options *o, size_t profiles,
    size_t bytes, struct fk_diag *diag)
{
    if (profiles <= o->queue_max_profiles && bytes <= o->queue_max_bytes)
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_FULL,
        "the queue to the disk is full (%zu of %zu profiles, %zu of %zu "
        "bytes): send again in a few seconds",
        profiles, o->queue_max_profiles, bytes, o->queue_max_bytes);
}

enum fk_err store_meter_add(
    struct store_meter *m, uint64_t bytes, struct fk_diag *diag)
{
    const struct store_budget *b = m->budget;
    if (!b)
        return FK_OK;
    m->bytes += bytes;
    if (b->max_bytes && m->bytes > b->max_bytes)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the query reads more than %llu bytes: narrow its time range or "
            "its labels",
            (unsigned long long)b->max_bytes);
    if (m->calls++ % CALLS_BETWEEN_LOOKS)
        return FK_OK;
    if (b->deadline_mono_ns && fk_mono_ns() > b->deadline_mono_ns)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the query takes too long: narrow its time range or its labels");
    if (b->cancelled && b->cancelled(b->cancelled_arg))
        return fk_diag_set(diag, FK_ERR_CANCELLED, "the client went away");
    return FK_OK;
}
