#include "server/memory_docs.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 30) /* ever put */

void memory_docs_init(struct memory_docs *d)
{
    *d = (struct memory_docs){.count = 0};
    fk_arena_init(&d->arena, MAX_BYTES);
}

void memory_docs_fini(struct memory_docs *d)
{
    free(d->doc);
    fk_arena_fini(&d->arena);
}

static size_t doc_find(
    const struct memory_docs *d, struct fk_slice kind, struct fk_slice id)
{
    size_t i = 0;
    while (i < d->count && !(fk_slice_eq(d->doc[i].kind, kind) &&
                               fk_slice_eq(d->doc[i].id, id)))
        i++;
    return i;
}

static void doc_remove(struct memory_docs *d, size_t i)
{
    d->count--;
    memmove(&d->doc[i], &d->doc[i + 1], (d->count - i) * sizeof d->doc[0]);
}

static int doc_order(const void *a, const void *b)
{
    const struct store_doc *x = a, *y = b;
    if (x->from_ms != y->from_ms)
        return x->from_ms < y->from_ms ? -1 : 1;
    return fk_slice_cmp(x->id, y->id);
}

/* Past the limit the oldest of the kind goes: the first in doc_order. */
static void doc_trim(struct memory_docs *d, struct fk_slice kind)
{
    size_t count = 0, oldest = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (!fk_slice_eq(d->doc[i].kind, kind))
            continue;
        if (!count++ || doc_order(&d->doc[i], &d->doc[oldest]) < 0)
            oldest = i;
    }
    if (count > STORE_DOC_MAX_COUNT)
        doc_remove(d, oldest);
}

enum fk_err memory_docs_put(struct memory_docs *d, const struct store_doc *doc)
{
    struct fk_arena *a = &d->arena;
    struct store_doc copy = {fk_arena_dup(a, doc->kind),
        fk_arena_dup(a, doc->id), doc->from_ms, doc->until_ms,
        fk_arena_dup(a, doc->body)};
    struct store_doc *more = reallocarray(d->doc, d->count + 1, sizeof *more);
    if (!more)
        return FK_ERR_NOMEM;
    d->doc = more;
    if (a->failed)
        return FK_ERR_NOMEM;
    size_t known = doc_find(d, doc->kind, doc->id);
    d->doc[known] = copy;
    if (known == d->count)
        d->count++;
    doc_trim(d, copy.kind);
    return FK_OK;
}

bool memory_docs_del(
    struct memory_docs *d, struct fk_slice kind, struct fk_slice id)
{
    size_t i = doc_find(d, kind, id);
    if (i == d->count)
        return false;
    doc_remove(d, i);
    return true;
}

static bool doc_touches(const struct store_doc *doc, int64_t t0, int64_t t1)
{
    if (!t0 && !t1)
        return true;
    return doc->from_ms < t1 && (doc->from_ms >= t0 || doc->until_ms > t0);
}

struct store_doc *memory_docs_copy(const struct memory_docs *d,
    struct fk_slice kind, int64_t t0, int64_t t1, size_t *count)
{
    struct store_doc *docs = calloc(d->count + 1, sizeof *docs);
    *count = 0;
    for (size_t i = 0; docs && i < d->count; i++)
        if (fk_slice_eq(d->doc[i].kind, kind) &&
            doc_touches(&d->doc[i], t0, t1))
            docs[(*count)++] = d->doc[i];
    if (docs)
        qsort(docs, *count, sizeof *docs, doc_order);
    return docs;
}
