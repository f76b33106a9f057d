#include "cli/stacks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"

static bool above_has(const struct stacks *s, uint32_t i)
{
    for (uint32_t up = s->nodes[i].parent; up != STACKS_NONE;
         up = s->nodes[up].parent)
        if (fk_slice_eq(s->nodes[up].name, s->nodes[i].name))
            return true;
    return false;
}

static int by_self(const void *a, const void *b)
{
    const struct stacks_row *x = a, *y = b;
    if (x->self != y->self)
        return x->self > y->self ? -1 : 1;
    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return fk_slice_cmp(x->name, y->name);
}

static uint64_t row_of(const struct fk_map *map, const struct stacks_row *rows,
    struct fk_slice name, uint64_t hash)
{
    size_t at = 0;
    uint64_t i;
    while ((i = fk_map_next(map, hash, &at)) != FK_MAP_NONE)
        if (fk_slice_eq(rows[i].name, name))
            return i;
    return FK_MAP_NONE;
}

struct stacks_row *stacks_rows(struct stacks *s, size_t *count)
{
    struct fk_map map;
    size_t n = 0;
    struct stacks_row *rows =
        fk_arena_array(&s->arena, s->num_nodes, sizeof(*rows));
    fk_map_init(&map, s->num_nodes);
    for (uint32_t i = 1; rows != NULL && i < s->num_nodes; i++) {
        const struct stacks_node *node = &s->nodes[i];
        uint64_t hash = fk_hash_bytes(0, node->name.ptr, node->name.len);
        uint64_t at = row_of(&map, rows, node->name, hash);
        if (at == FK_MAP_NONE) {
            at = n++;
            rows[at] = (struct stacks_row){.name = node->name};
            if (fk_map_add(&map, hash, at) != FK_OK)
                rows = NULL;
        }
        if (rows != NULL) {
            rows[at].self += node->self;
            rows[at].total += above_has(s, i) ? 0 : node->total;
        }
    }
    fk_map_fini(&map);
    if (rows != NULL)
        qsort(rows, n, sizeof(*rows), by_self);
    *count = n;
    return rows;
}

struct scale {
    double divisor;
    const char *unit;
};

static struct scale scale_of(const struct scale *table, size_t n, double value)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (value >= table[i].divisor)
            return table[i];
    return table[n - 1];
}

void stacks_value(
    const struct stacks *s, int64_t value, char *text, size_t size)
{
    static const struct scale times[] = {
        {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
    static const struct scale sizes[] = {
        {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}};
    bool time = fk_slice_eqz(s->unit, "nanoseconds");
    if (!time && !fk_slice_eqz(s->unit, "bytes")) {
        snprintf(text, size, "%" PRId64, value);
        return;
    }
    struct scale scale = time ? scale_of(times, 4, (double)value)
                              : scale_of(sizes, 4, (double)value);
    snprintf(text, size, "%.2f %s", (double)value / scale.divisor, scale.unit);
}

static double percent(int64_t part, int64_t whole)
{
    return whole != 0 ? 100.0 * (double)part / (double)whole : 0;
}

enum fk_err stacks_top(struct stacks *s, size_t max, struct fk_buf *out)
{
    size_t n;
    char self[32], total[32];
    struct stacks_row *rows = stacks_rows(s, &n);
    if (rows == NULL)
        return FK_ERR_NOMEM;
    int64_t whole = s->nodes[0].total;
    stacks_value(s, whole, total, sizeof(total));
    fk_buf_printf(
        out, "%s of " FK_SLICE_FMT "\n", total, FK_SLICE_ARG(s->type));
    fk_buf_printf(
        out, "%12s %6s %12s %6s  %s\n", "self", "%", "total", "%", "function");
    for (size_t i = 0; i < n && i < max; i++) {
        stacks_value(s, rows[i].self, self, sizeof(self));
        stacks_value(s, rows[i].total, total, sizeof(total));
        fk_buf_printf(out, "%12s %6.1f %12s %6.1f  " FK_SLICE_FMT "\n", self,
            percent(rows[i].self, whole), total, percent(rows[i].total, whole),
            FK_SLICE_ARG(rows[i].name));
    }
    return out->err;
}
