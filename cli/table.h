/*
 * Functions of a flame graph as rows: what `flamekit query` prints, and two
 * of them beside each other for `flamekit diff`.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/profile.h"

struct table_row {
    const char *name; /* of the profile */
    int64_t self, total;
};

struct table {
    struct table_row *row; /* by name, byte order */
    size_t count;
    int64_t total;
};

/* A recursive function counts once in `total`. The profile must outlive the
 * table. */
FK_MUST_USE enum fk_err table_init(
    struct table *t, const struct profile *p, struct fk_diag *diag);
void table_fini(struct table *t);
void table_sort_by_self(struct table *t);
/* NULL: not there. Needs the order by name. */
const struct table_row *table_find(const struct table *t, const char *name);

/* 1.25 s, 3.2 MB, 120: with the unit of a profile type. */
void table_value(const char *type, int64_t value, char *text, size_t size);

#endif
