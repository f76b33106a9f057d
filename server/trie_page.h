/*
 * 1,024 nodes of a trie as bytes, about three a node: an envelope, the
 * count, and for each node how far back its parent is and its frame. Nodes 0
 * and 1, which every trie has, are left out of page 0.
 */
#ifndef SERVER_TRIE_PAGE_H
#define SERVER_TRIE_PAGE_H

#include "common/buf.h"
#include "server/trie.h"

#define TRIE_PAGE_NODES   1024
#define TRIE_PAGE_VERSION 1

/* The nodes of one page below trie->count. */
void trie_page_encode(
    struct fk_buf *out, const struct store_trie *trie, uint32_t page);
/* Append them to a trie that ends where the page begins. */
FK_MUST_USE enum fk_err trie_page_load(
    struct trie *t, uint32_t page, struct fk_slice bytes);

#endif
