/*
 * Memory that lives as long as one request: bump allocation, freed at once.
 * fk_arena_alloc returns NULL past the limit given at init, and sets `failed`
 * so that a parser may check once at its end. Zero-filled. Not thread-safe.
 */
#ifndef FK_COMMON_ARENA_H
#define FK_COMMON_ARENA_H

#include "common/slice.h"

struct fk_arena_chunk;

struct fk_arena {
    struct fk_arena_chunk *head;
    size_t used, limit; /* bytes handed out, bytes allowed */
    bool failed;
};

void fk_arena_init(struct fk_arena *a, size_t limit_bytes);
void fk_arena_fini(struct fk_arena *a);
void fk_arena_reset(struct fk_arena *a); /* keep one chunk for the next */
void *fk_arena_alloc(struct fk_arena *a, size_t n); /* 16-byte aligned */
/* n elements of size bytes, overflow checked. */
void *fk_arena_array(struct fk_arena *a, size_t n, size_t size);
struct fk_slice fk_arena_dup(struct fk_arena *a, struct fk_slice s);
/* NUL-terminated copy. */
char *fk_arena_strdup(struct fk_arena *a, struct fk_slice s);

#endif
