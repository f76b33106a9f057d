#include "loadgen/slots.h"

#include "common/check.h"

#include <stdlib.h>
#include <string.h>

static void clear(struct slots *s)
{
    for (size_t i = 0; i < s->num; i++)
        free(s->slots[i].cells);
    free(s->slots);
    s->slots = NULL;
    s->num = s->cap = 0;
}

void slots_fini(struct slots *s)
{
    clear(s);
    for (int m = 0; m < PLAN_MAX_MIX; m++) {
        free(s->before[m]);
        s->before[m] = NULL;
    }
}

static struct slot *append(struct slots *s)
{
    if (s->num == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        s->slots = reallocarray(s->slots, s->cap, sizeof *s->slots);
        FK_ASSERT(s->slots);
    }
    return &s->slots[s->num++];
}

/* The buckets in which `now` has more than `before`. */
static void take_cells(
    struct slot *slot, const struct fk_hist *before, const struct fk_hist *now)
{
    struct slot_cell cells[FK_HIST_BUCKETS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < FK_HIST_BUCKETS; i++) {
        uint64_t more = now->bucket[i] - before->bucket[i];
        if (more)
            cells[n++] = (struct slot_cell){i, (uint32_t)more};
    }
    slot->num_cells = n;
    slot->cells = n ? malloc(n * sizeof *cells) : NULL;
    FK_ASSERT(slot->cells || !n);
    if (n)
        memcpy(slot->cells, cells, n * sizeof *cells);
}

void slots_take(
    struct slots *s, uint32_t second, uint32_t mix, const struct tally *now)
{
    if (!s->before[mix])
        s->before[mix] = tally_new();
    struct tally *before = s->before[mix];
    struct slot slot = {.second = second,
        .mix = mix,
        .sent = now->sent - before->sent,
        .ok = now->ok - before->ok,
        .late = now->late - before->late,
        .failed = now->failed - before->failed};
    if (!slot.sent && !slot.ok && !slot.failed)
        return;
    take_cells(&slot, &before->response, &now->response);
    *append(s) = slot;
    *before = *now;
}

void slots_move(struct slots *into, struct slots *from)
{
    for (size_t i = 0; i < from->num; i++)
        *append(into) = from->slots[i];
    from->num = 0;
    slots_fini(from);
}

static int by_time(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    return (int)x->mix - (int)y->mix;
}

static void add(struct slot *into, struct slot *from)
{
    uint32_t n = into->num_cells + from->num_cells;
    into->sent += from->sent;
    into->ok += from->ok;
    into->late += from->late;
    into->failed += from->failed;
    if (from->num_cells) {
        into->cells = reallocarray(into->cells, n, sizeof *into->cells);
        FK_ASSERT(into->cells);
        memcpy(into->cells + into->num_cells, from->cells,
            from->num_cells * sizeof *from->cells);
    }
    into->num_cells = n;
    free(from->cells);
}

void slots_sort(struct slots *s)
{
    size_t kept = 0;
    if (s->num)
        qsort(s->slots, s->num, sizeof *s->slots, by_time);
    for (size_t i = 1; i < s->num; i++) {
        if (by_time(&s->slots[kept], &s->slots[i]) == 0)
            add(&s->slots[kept], &s->slots[i]);
        else
            s->slots[++kept] = s->slots[i];
    }
    s->num = s->num ? kept + 1 : 0;
}

void slots_hist(const struct slot *slot, struct fk_hist *out)
{
    fk_hist_reset(out);
    for (uint32_t i = 0; i < slot->num_cells; i++)
        fk_hist_add_many(
            out, fk_hist_value(slot->cells[i].bucket), slot->cells[i].count);
}
