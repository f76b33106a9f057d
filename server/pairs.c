#include "server/pairs.h"

#include "server/blob.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_CAP = 1024 };

void pairs_fini(struct pairs *p)
{
    free(p->at);
    free(p->scratch);
    *p = (struct pairs){0};
}

void pairs_reset(struct pairs *p)
{
    p->n = p->folded = 0;
    p->flags = 0;
    p->failed = false;
}

void pairs_fold(struct pairs *p)
{
    if (p->folded < p->n)
        p->n = blob_fold(p->at, p->scratch, p->n, &p->flags);
    p->folded = p->n;
}

static bool grow(struct pairs *p, size_t cap)
{
    struct trie_value *at = reallocarray(p->at, cap, sizeof *at);
    if (at)
        p->at = at;
    struct trie_value *scratch = reallocarray(p->scratch, cap, sizeof *scratch);
    if (scratch)
        p->scratch = scratch;
    if (!at || !scratch)
        return false;
    p->cap = cap;
    return true;
}

/* Folding first pays when it is likely to make half of the room. */
bool pairs_reserve(struct pairs *p, size_t n)
{
    if (n <= p->cap - p->n)
        return true;
    if (p->n > 2 * p->folded)
        pairs_fold(p);
    size_t want = 2 * p->n + n + MIN_CAP;
    if ((want <= p->cap && n <= p->cap - p->n) || grow(p, want))
        return true;
    p->failed = true;
    return false;
}

void pairs_add(struct pairs *p, const struct pairs *other)
{
    p->failed |= other->failed;
    p->flags |= other->flags;
    if (!other->n || !pairs_reserve(p, other->n))
        return;
    memcpy(p->at + p->n, other->at, other->n * sizeof *p->at);
    p->n += other->n;
}
