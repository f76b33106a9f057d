/*
 * A set of strings that numbers them 0, 1, 2... in order of arrival. Bytes
 * are copied. Not thread-safe.
 */
#ifndef SERVER_INTERN_H
#define SERVER_INTERN_H

#include "common/arena.h"
#include "common/map.h"

struct intern {
    struct fk_arena bytes;
    struct fk_map map;
    struct fk_slice *text; /* by number */
    uint32_t count, limit;
    size_t cap;
};

void intern_init(struct intern *in, uint32_t limit_strings, size_t limit_bytes);
void intern_fini(struct intern *in);
FK_MUST_USE enum fk_err intern_put(
    struct intern *in, struct fk_slice text, uint32_t *number);
/* The numbers in the order of their strings, by bytes when `cmp` is NULL. NULL
 * when out of memory. The caller frees. */
typedef int (*intern_cmp_fn)(struct fk_slice a, struct fk_slice b);
uint32_t *intern_sorted(const struct intern *in, intern_cmp_fn cmp);

#endif
