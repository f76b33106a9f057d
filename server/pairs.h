/*
 * A sum in the making: (node, value) pairs appended in any order, sorted and
 * added up now and then, so that memory follows the distinct nodes and not
 * what was appended. One thread.
 */
#ifndef SERVER_PAIRS_H
#define SERVER_PAIRS_H

#include "server/trie.h"

struct pairs {
    struct trie_value *at, *scratch; /* room for `cap` in each */
    size_t n, cap;
    size_t folded;  /* the first so many are sorted and distinct */
    unsigned flags; /* BLOB_SATURATED */
    bool failed;    /* out of memory: what was added is incomplete */
};

void pairs_fini(struct pairs *p); /* zeroed is a valid empty one */
void pairs_reset(struct pairs *p);
/* Room for n more at at[n]; false and `failed` without memory. */
bool pairs_reserve(struct pairs *p, size_t n);
void pairs_add(struct pairs *p, const struct pairs *other);
/* Sorted by node, without repetition. */
void pairs_fold(struct pairs *p);

#endif
