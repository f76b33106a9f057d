/* Documents in memory, for store_memory.c, which guards them. */
#ifndef SERVER_MEMORY_DOCS_H
#define SERVER_MEMORY_DOCS_H

#include "common/arena.h"
#include "server/store.h"

struct memory_docs {
    struct fk_arena arena; /* of all texts; nothing is given back */
    struct store_doc *doc;
    size_t count;
};

void memory_docs_init(struct memory_docs *d);
void memory_docs_fini(struct memory_docs *d);
FK_MUST_USE enum fk_err memory_docs_put(
    struct memory_docs *d, const struct store_doc *doc);
bool memory_docs_del(
    struct memory_docs *d, struct fk_slice kind, struct fk_slice id);
/* Those of a kind that touch the range, in order; the caller frees the
 * array. NULL without memory. */
struct store_doc *memory_docs_copy(const struct memory_docs *d,
    struct fk_slice kind, int64_t t0, int64_t t1, size_t *count);

#endif
