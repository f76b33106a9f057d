/*
 * Builds the struct store_batch of one request: frames and stacks are
 * interned, so that a stack that many samples share is stored once. Errors
 * are sticky: add as much as you like, check `err` once.
 *
 * Ownership: bytes of names are borrowed and must outlive the batch; stacks
 * and values live in the arena; the rest is freed by batch_fini. One thread.
 * Limits: 4,096 profiles (the store's queue), 2^20 frames and stacks.
 */
#ifndef SERVER_BATCH_H
#define SERVER_BATCH_H

#include "common/arena.h"
#include "common/map.h"
#include "server/store.h"

#define BATCH_MAX_PROFILES 4096
#define BATCH_MAX_FRAMES   (1u << 20)
#define BATCH_MAX_STACKS   (1u << 20)
#define BATCH_MAX_DEPTH    1000 /* frames; the root side is kept */

struct batch {
    struct fk_arena *arena;
    struct fk_map frame_map, stack_map;
    struct store_frame *frames;
    struct store_stack *stacks;
    struct store_profile *profiles;
    size_t num_frames, cap_frames;
    size_t num_stacks, cap_stacks;
    size_t num_profiles, cap_profiles;
    uint64_t truncated; /* stacks cut at BATCH_MAX_DEPTH */
    enum fk_err err;
};

void batch_init(struct batch *b, struct fk_arena *arena);
void batch_fini(struct batch *b);

/* Index of the frame; 0 after an error. */
uint32_t batch_frame(struct batch *b, const struct store_frame *frame);
/* The same for a name that does not outlive the call. */
uint32_t batch_frame_copy(struct batch *b, const struct store_frame *frame);
/* Index of the stack, frames root first. */
uint32_t batch_stack(struct batch *b, const uint32_t *frames, size_t depth);
/* Sorts, adds up values of equal stacks, drops zeros. Returns how many are
 * left, at the front of `values`. FK_ERR_FORMAT on overflow. */
size_t batch_fold(struct batch *b, struct store_value *values, size_t n);
/* `values` must live as long as the batch. */
void batch_profile(struct batch *b, const struct store_profile *profile);
/* Valid until the next addition. */
struct store_batch batch_view(const struct batch *b);

#endif
