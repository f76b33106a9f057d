/* Rows of functions: see table.h. */
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is the same function above? Then its time is counted there. */
static bool within_itself(const struct profile *p, uint32_t node)
{
    uint32_t name = p->nodes[node].name;
    while (node) {
        node = p->nodes[node].parent;
        if (node && p->nodes[node].name == name)
            return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    const struct table_row *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int by_self(const void *a, const void *b)
{
    const struct table_row *x = a, *y = b;
    if (x->self != y->self)
        return x->self > y->self ? -1 : 1;
    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return strcmp(x->name, y->name);
}

enum fk_err table_init(
    struct table *t, const struct profile *p, struct fk_diag *diag)
{
    *t = (struct table){.total = profile_total(p)};
    struct table_row *all = calloc(p->num_names + 1, sizeof *all);
    if (!all)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    for (uint32_t i = 1; i < p->num_nodes; i++) {
        struct table_row *row = &all[p->nodes[i].name];
        row->name = p->names[p->nodes[i].name];
        row->self += p->nodes[i].self;
        if (!within_itself(p, i))
            row->total += p->nodes[i].total;
    }
    for (uint32_t i = 0; i < p->num_names; i++)
        if (all[i].name)
            all[t->count++] = all[i];
    t->row = all;
    qsort(t->row, t->count, sizeof *t->row, by_name);
    return FK_OK;
}

void table_fini(struct table *t)
{
    free(t->row);
    *t = (struct table){0};
}

void table_sort_by_self(struct table *t)
{
    qsort(t->row, t->count, sizeof *t->row, by_self);
}

const struct table_row *table_find(const struct table *t, const char *name)
{
    const struct table_row key = {name, 0, 0};
    return t->count ? bsearch(&key, t->row, t->count, sizeof *t->row, by_name)
                    : NULL;
}

/* The third part of a type is its unit. */
static bool unit_is(const char *type, const char *unit)
{
    for (int i = 0; i < 2 && type; i++) {
        type = strchr(type, ':');
        type = type ? type + 1 : NULL;
    }
    size_t n = strlen(unit);
    return type && !strncmp(type, unit, n) && (type[n] == ':' || !type[n]);
}

void table_value(const char *type, int64_t value, char *text, size_t size)
{
    if (unit_is(type, "nanoseconds"))
        snprintf(text, size, "%.2f s", (double)value / 1e9);
    else if (unit_is(type, "bytes"))
        snprintf(text, size, "%.2f MB", (double)value / 1e6);
    else
        snprintf(text, size, "%lld", (long long)value);
}
