/*
 * The two binary forms in which older agents send stacks
 * (spec/pyroscope-api 3.4), both in pre-order, all numbers unsigned LEB128:
 *
 *   trie   nameLen name value childCount children...
 *          a stack is the names of a path put together, ';' inside of them
 *   tree   nameLen name self childCount children...
 *          a frame is the name of one node; the root has none
 *
 * Limits: 64 KiB a stack or name, 2,000 nodes deep, 16,000 children a node.
 */
#ifndef SERVER_TRIE_BODY_H
#define SERVER_TRIE_BODY_H

#include "server/stacks.h"

#define TRIE_BODY_MAX_NAME     65535
#define TRIE_BODY_MAX_DEPTH    2000
#define TRIE_BODY_MAX_CHILDREN 16000

/* Both are a stacks_read_fn. */
FK_MUST_USE enum fk_err trie_body_read(
    struct fk_slice body, stacks_fn fn, void *arg, struct fk_diag *diag);
FK_MUST_USE enum fk_err tree_body_read(
    struct fk_slice body, stacks_fn fn, void *arg, struct fk_diag *diag);

#endif
