#include "common/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, FIRST_CHUNK = 4096, LARGEST_STEP = 1 << 20 };

/* Under the address sanitizer only what was handed out may be touched: a
 * guard stands behind each piece, as behind one of malloc. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARDED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define GUARDED
#endif
#ifdef GUARDED
#include <sanitizer/asan_interface.h>

enum { GUARD = 16 };

#define hide(at, n) __asan_poison_memory_region(at, n)
#define show(at, n) __asan_unpoison_memory_region(at, n)
#else
enum { GUARD = 0 };

#define hide(at, n) ((void)(at), (void)(n))
#define show(at, n) ((void)(at), (void)(n))
#endif

struct fk_arena_chunk {
    struct fk_arena_chunk *next;
    size_t size, used;
    alignas(ALIGN) char bytes[];
};

void fk_arena_init(struct fk_arena *a, size_t limit_bytes)
{
    *a = (struct fk_arena){.limit = limit_bytes};
}

static void free_chunks(struct fk_arena_chunk *chunk)
{
    while (chunk) {
        struct fk_arena_chunk *next = chunk->next;
        show(chunk->bytes, chunk->size);
        free(chunk);
        chunk = next;
    }
}

void fk_arena_fini(struct fk_arena *a)
{
    free_chunks(a->head);
    fk_arena_init(a, a->limit);
}

void fk_arena_reset(struct fk_arena *a)
{
    struct fk_arena_chunk *keep = a->head;
    /* One huge request must not make every later one pay for its memory. */
    if (keep && keep->size > LARGEST_STEP) {
        fk_arena_fini(a);
        return;
    }
    if (keep) {
        free_chunks(keep->next);
        keep->next = NULL;
        show(keep->bytes, keep->used);
        memset(keep->bytes, 0, keep->used);
        hide(keep->bytes, keep->used);
        keep->used = 0;
    }
    *a = (struct fk_arena){.head = keep, .limit = a->limit};
}

/* Twice the last one, up to a step; more only for one large object. */
static struct fk_arena_chunk *add_chunk(struct fk_arena *a, size_t n)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    if (size < n)
        size = n;
    struct fk_arena_chunk *chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        return NULL;
    hide(chunk->bytes, size);
    chunk->size = size;
    chunk->next = a->head;
    a->head = chunk;
    return chunk;
}

void *fk_arena_alloc(struct fk_arena *a, size_t n)
{
    size_t left = a->limit - a->used;
    size_t need = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (n > SIZE_MAX / 2 || n > left || need > left) {
        a->failed = true;
        return NULL;
    }
    struct fk_arena_chunk *chunk = a->head;
    if (!chunk || chunk->size - chunk->used < need + GUARD)
        chunk = add_chunk(a, need + GUARD);
    if (!chunk) {
        a->failed = true;
        return NULL;
    }
    void *p = chunk->bytes + chunk->used;
    show(p, n);
    chunk->used += need + GUARD;
    a->used += need;
    return p;
}

void *fk_arena_array(struct fk_arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) {
        a->failed = true;
        return NULL;
    }
    return fk_arena_alloc(a, n * size);
}

char *fk_arena_strdup(struct fk_arena *a, struct fk_slice s)
{
    char *copy = s.len < SIZE_MAX ? fk_arena_alloc(a, s.len + 1) : NULL;
    if (copy && s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

struct fk_slice fk_arena_dup(struct fk_arena *a, struct fk_slice s)
{
    char *copy = fk_arena_strdup(a, s);
    return (struct fk_slice){copy, copy ? s.len : 0};
}
