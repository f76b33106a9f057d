#include "server/series.h"

#include "common/array.h"
#include "common/hash.h"

#include <stdlib.h>
#include <string.h>

/* 30 labels of 1 KiB for each of 5,000 series, and as much again. */
#define MAX_ARENA_BYTES ((size_t)512 << 20)
#define MAX_POSTINGS    ((size_t)4 << 20)

void series_index_init(struct series_index *x, uint32_t max_live)
{
    *x = (struct series_index){.max_live = max_live};
    fk_arena_init(&x->arena, MAX_ARENA_BYTES);
    fk_map_init(&x->by_labels, SERIES_MAX_ID);
    fk_map_init(&x->by_group, SERIES_MAX_ID);
    fk_map_init(&x->by_label, MAX_POSTINGS);
}

void series_index_fini(struct series_index *x)
{
    for (uint32_t i = 0; i < x->num_postings; i++)
        free(x->postings[i].ids);
    free(x->postings);
    free(x->entries);
    fk_map_fini(&x->by_labels);
    fk_map_fini(&x->by_group);
    fk_map_fini(&x->by_label);
    fk_arena_fini(&x->arena);
}

void series_labels(const struct series_entry *e, struct fk_labels *out)
{
    out->count = e->num_labels;
    memcpy(out->pair, e->labels, e->num_labels * sizeof e->labels[0]);
}

static bool has_labels(const struct series_entry *e, const struct fk_labels *l)
{
    if (e->num_labels != l->count)
        return false;
    for (uint32_t i = 0; i < l->count; i++)
        if (!fk_slice_eq(e->labels[i].name, l->pair[i].name) ||
            !fk_slice_eq(e->labels[i].value, l->pair[i].value))
            return false;
    return true;
}

uint32_t series_find(const struct series_index *x, const struct fk_labels *l)
{
    uint64_t hash = fk_labels_hash(l), id;
    size_t at = 0;
    while ((id = fk_map_next(&x->by_labels, hash, &at)) != FK_MAP_NONE)
        if (has_labels(x->entries[id], l))
            return (uint32_t)id;
    return SERIES_NONE;
}

static uint64_t label_hash(const struct fk_label *l)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), l->name.ptr, l->name.len);
    return fk_hash_bytes(hash, l->value.ptr, l->value.len);
}

static struct series_posting *posting_of(
    const struct series_index *x, const struct fk_label *l)
{
    uint64_t hash = label_hash(l), i;
    size_t at = 0;
    while ((i = fk_map_next(&x->by_label, hash, &at)) != FK_MAP_NONE)
        if (fk_slice_eq(x->postings[i].label.name, l->name) &&
            fk_slice_eq(x->postings[i].label.value, l->value))
            return &x->postings[i];
    return NULL;
}

static struct series_posting *add_posting(
    struct series_index *x, const struct fk_label *l)
{
    struct series_posting *more = fk_array_more(
        x->postings, x->num_postings, &x->cap_postings, sizeof *more);
    if (!more)
        return NULL;
    x->postings = more;
    if (fk_map_add(&x->by_label, label_hash(l), x->num_postings))
        return NULL;
    more[x->num_postings] = (struct series_posting){.label = *l};
    return &more[x->num_postings++];
}

static enum fk_err post(
    struct series_index *x, const struct fk_label *l, uint32_t id)
{
    struct series_posting *p = posting_of(x, l);
    if (!p)
        p = add_posting(x, l);
    if (!p)
        return FK_ERR_NOMEM;
    if (p->count && p->ids[p->count - 1] == id)
        return FK_OK; /* from an attempt that ran out of memory */
    uint32_t *more = fk_array_more(p->ids, p->count, &p->cap, sizeof *more);
    if (!more)
        return FK_ERR_NOMEM;
    p->ids = more;
    p->ids[p->count++] = id;
    return FK_OK;
}

static struct series_entry *entry_new(
    struct series_index *x, const struct fk_labels *l)
{
    struct series_entry *e =
        fk_arena_alloc(&x->arena, sizeof *e + l->count * sizeof e->labels[0]);
    if (!e)
        return NULL;
    e->num_labels = l->count;
    for (uint32_t i = 0; i < l->count; i++) {
        e->labels[i].name = fk_arena_dup(&x->arena, l->pair[i].name);
        e->labels[i].value = fk_arena_dup(&x->arena, l->pair[i].value);
    }
    return x->arena.failed ? NULL : e;
}

static struct fk_slice type_of(const struct series_entry *e)
{
    for (uint32_t i = 0; i < e->num_labels; i++)
        if (fk_slice_eqz(e->labels[i].name, "__profile_type__"))
            return e->labels[i].value;
    return (struct fk_slice){"", 0};
}

/* Values of one app and one type add up; the first such series names them. */
static enum fk_err join_group(struct series_index *x, struct series_entry *e)
{
    struct fk_slice type = type_of(e);
    uint64_t hash = fk_hash_bytes(fk_hash_seed() ^ e->app, type.ptr, type.len);
    uint64_t id;
    size_t at = 0;
    while ((id = fk_map_next(&x->by_group, hash, &at)) != FK_MAP_NONE) {
        if (id >= x->count) { /* from an attempt that ran out of memory */
            e->group = e->id;
            return FK_OK;
        }
        struct series_entry *first = x->entries[id];
        if (first->app == e->app && fk_slice_eq(type_of(first), type)) {
            e->group = first->id;
            first->members++;
            return FK_OK;
        }
    }
    e->group = e->id;
    e->members = 1;
    return fk_map_add(&x->by_group, hash, e->id);
}

enum fk_err series_add(struct series_index *x, const struct fk_labels *l,
    uint32_t app, uint32_t *id)
{
    if (x->live >= x->max_live || x->count > SERIES_MAX_ID)
        return FK_ERR_LIMIT;
    struct series_entry **more =
        fk_array_more(x->entries, x->count, &x->cap, sizeof *more);
    if (!more)
        return FK_ERR_NOMEM;
    x->entries = more;
    struct series_entry *e = entry_new(x, l);
    if (!e)
        return FK_ERR_NOMEM;
    e->id = x->count;
    e->app = app;
    e->live = true;
    e->first_ms = INT64_MAX;
    e->last_ms = INT64_MIN;
    for (uint32_t i = 0; i < e->num_labels; i++)
        if (post(x, &e->labels[i], e->id))
            return FK_ERR_NOMEM;
    if (join_group(x, e))
        return FK_ERR_NOMEM;
    if (fk_map_add(&x->by_labels, fk_labels_hash(l), e->id))
        return FK_ERR_NOMEM;
    x->entries[x->count++] = e;
    x->live++;
    *id = e->id;
    return FK_OK;
}

void series_touch(struct series_index *x, uint32_t id, int64_t time_ms)
{
    struct series_entry *e = x->entries[id];
    if (time_ms < e->first_ms)
        e->first_ms = time_ms;
    if (time_ms > e->last_ms)
        e->last_ms = time_ms;
    series_set_live(x, id, true);
}

void series_forget(struct series_index *x, uint32_t id)
{
    struct series_entry *e = x->entries[id];
    e->first_ms = INT64_MAX;
    e->last_ms = INT64_MIN;
    series_set_live(x, id, false);
}

void series_set_live(struct series_index *x, uint32_t id, bool live)
{
    struct series_entry *e = x->entries[id];
    if (e->live == live)
        return;
    e->live = live;
    x->live = live ? x->live + 1 : x->live - 1;
}

/* The shortest list that every match must be on; false when there is none
 * to go by. A missing label equals "", so a="" has no list. */
static bool shortest_list(const struct series_index *x,
    const struct selector *s, const uint32_t **ids, uint32_t *count)
{
    bool found = false;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct matcher *m = &s->matcher[i];
        if (m->op != MATCH_EQ || !m->value.len)
            continue;
        struct fk_label label = {m->name, m->value};
        const struct series_posting *p = posting_of(x, &label);
        if (!found || !p || p->count < *count) {
            *ids = p ? p->ids : NULL;
            *count = p ? p->count : 0;
        }
        found = true;
        if (!p)
            return true;
    }
    return found;
}

uint32_t series_candidates(
    const struct series_index *x, const struct selector *s, uint32_t *ids)
{
    const uint32_t *list = NULL;
    uint32_t count = x->count, found = 0;
    bool narrowed = shortest_list(x, s, &list, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = narrowed ? list[i] : i;
        if (id >= x->count)
            break; /* from such an attempt, the last one */
        ids[found++] = id;
    }
    return found;
}
