/*
 * The way in: from what a request brought to series ids and (node, value)
 * pairs, for every store. Interning the stacks of a batch is memoised per
 * trie, so a batch should hold the profiles of one app side by side.
 *
 * One intake serves one batch on one thread. It borrows both.
 */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include "server/catalog.h"

struct intake {
    struct catalog *catalog;
    const struct store_batch *batch;
    uint32_t *series;     /* by profile */
    struct trie *trie;    /* of the profile at hand and of the memos */
    uint32_t *frame_memo; /* by frame of the batch: frame + 1, 0 = unasked */
    uint32_t *node_memo;  /* by stack of the batch: node + 1, 0 = unasked */
    uint32_t *stack;      /* frames of the stack at hand */
    struct trie_value *pairs; /* of the profile at hand, positive */
    size_t num_pairs;
    struct trie_value *scratch; /* room for as many again */
};

/* Checks indices and times (FK_ERR_ARG) and resolves the series. */
FK_MUST_USE enum fk_err intake_init(struct intake *in, struct catalog *c,
    const struct store_batch *batch, struct fk_diag *diag);
void intake_fini(struct intake *in);
/* Fill in->pairs with the values of a profile, in the order they came. */
void intake_profile(struct intake *in, size_t profile);

/* The spans of the profile that intake_profile was last called for, as
 * bytes (spans.h) behind what is in `out`. */
FK_MUST_USE enum fk_err intake_spans(
    struct intake *in, size_t profile, struct fk_buf *out);

/* What the queue charges for a batch. */
size_t intake_bytes(const struct store_batch *batch);

#endif
