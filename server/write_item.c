#include "server/writer.h"

#include "server/blob.h"

#include <stdlib.h>
#include <string.h>

/* Encode profile i behind the others; the row gets its views when the buffer
 * has stopped moving. */
static bool add_row(struct write_item *item, struct intake *in, size_t i)
{
    const struct store_profile *p = &in->batch->profiles[i];
    struct journal_row *row = &item->rows[i];
    size_t before = item->blobs.len;
    unsigned flags = 0;
    intake_profile(in, i);
    size_t n = blob_fold(in->pairs, in->scratch, in->num_pairs, &flags);
    blob_encode(&item->blobs, in->pairs, n, flags);
    item->samples += in->num_pairs;
    row->blob.len = item->blobs.len - before;
    if (intake_spans(in, i, &item->blobs))
        return false;
    row->spans.len = item->blobs.len - before - row->blob.len;
    row->series = in->series[i];
    row->trie = in->trie->id;
    row->time_ms = p->time_ms;
    row->duration_ns = p->duration_ns;
    row->dedup = p->dedup;
    memcpy(row->id, p->id, sizeof row->id);
    return true;
}

struct write_item *write_item_new(
    struct intake *in, store_done_fn done, void *arg)
{
    size_t n = in->batch->num_profiles, at = 0;
    struct write_item *item =
        calloc(1, sizeof *item + n * sizeof item->rows[0]);
    if (!item)
        return NULL;
    item->done = done;
    item->arg = arg;
    item->num_rows = n;
    item->bytes = intake_bytes(in->batch);
    fk_buf_init(&item->blobs, SIZE_MAX / 2);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = add_row(item, in, i);
    for (size_t i = 0; i < n && ok; i++) {
        item->rows[i].blob.ptr = item->blobs.ptr + at;
        at += item->rows[i].blob.len;
        item->rows[i].spans.ptr = item->blobs.ptr + at;
        at += item->rows[i].spans.len;
    }
    if (ok && !item->blobs.err)
        return item;
    fk_buf_fini(&item->blobs);
    free(item);
    return NULL;
}
