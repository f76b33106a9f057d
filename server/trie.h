/*
 * The stacks of one app, each prefix stored once: node -> (parent, frame).
 * Ids are given in order of first appearance, so parent < child always and
 * totals of a flame graph are one backward loop over an array. Node 0 is the
 * root; node 1, "other", stands for every stack that came after the limit.
 *
 * Threads: interning takes the trie's own lock. Reading takes none: the
 * arrays are reserved at their full size (address space only, pages appear
 * when touched), are only ever appended to, and are published by their
 * counts.
 */
#ifndef SERVER_TRIE_H
#define SERVER_TRIE_H

#include "common/arena.h"
#include "common/map.h"
#include "server/store.h"

#include <pthread.h>
#include <stdatomic.h>

#define TRIE_NONE  UINT32_MAX
#define TRIE_ROOT  0
#define TRIE_OTHER 1
#define TRIE_FIXED 2 /* nodes, frames and texts that every trie has */

struct trie_limits {
    uint32_t max_nodes; /* frames and texts are limited to the same count */
    size_t max_text_bytes;
};

#define TRIE_LIMITS_DEFAULT                                                    \
    ((struct trie_limits){.max_nodes = 1u << 20, .max_text_bytes = 256u << 20})

struct trie_frame {
    uint32_t name, file; /* texts */
    int64_t line;
};

/* What a profile is a list of. */
struct trie_value {
    uint32_t node;
    int64_t value;
};

struct trie {
    uint32_t id;
    struct fk_slice name; /* of the app */
    struct trie_limits limits;

    /* Of tries.h: */
    uint32_t app;  /* the id of the first trie of the same name */
    int64_t since; /* the day it began */
    struct trie *_Atomic older;
    struct trie *next_dropped;
    _Atomic uint32_t holds; /* views that were not given back */

    uint32_t *parent, *frame; /* by node */
    struct trie_frame *frames;
    struct fk_slice *texts;
    _Atomic uint32_t num_nodes, num_frames, num_texts;
    _Atomic uint64_t overflows; /* stacks that became "other" */

    pthread_mutex_t lock;   /* guards growth and everything below */
    struct fk_arena arena;  /* the texts' bytes */
    struct fk_map children; /* parent << 32 | frame -> node */
    struct fk_map stack_nodes, frame_ids, text_ids; /* by hash: verify */
};

/* NULL when there is no memory. `name` is copied. */
struct trie *trie_new(
    uint32_t id, struct fk_slice name, const struct trie_limits *limits);
void trie_free(struct trie *t);

/* Both want t->lock held. Past a limit: TRIE_NONE for a frame, TRIE_OTHER
 * for a stack, which holds frame ids root first (TRIE_NONE among them makes
 * it TRIE_OTHER too). */
uint32_t trie_intern_frame(struct trie *t, const struct store_frame *f);
uint32_t trie_intern_stack(
    struct trie *t, const uint32_t *frames, uint32_t depth);

void trie_view(struct trie *t, struct store_trie *out);
bool trie_frame_at(struct trie *t, uint32_t frame, struct store_frame *out);

/* Fill an empty trie from stored rows, in the order of their ids, before
 * other threads see it. Refuse what breaks an invariant. */
FK_MUST_USE enum fk_err trie_load_text(struct trie *t, struct fk_slice text);
FK_MUST_USE enum fk_err trie_load_frame(
    struct trie *t, const struct trie_frame *f);
FK_MUST_USE enum fk_err trie_load_node(
    struct trie *t, uint32_t parent, uint32_t frame);

#endif
