/*
 * The malloc family, in front of the next one: the C library's, or that of
 * jemalloc or tcmalloc. It allocates nothing itself; it only looks.
 *
 * The next functions are found by dlsym, which may allocate: until they are
 * known a small area of our own serves, whose blocks are never given back.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agent/heap.h"
#include "agent/sites.h"

#define FRONT     FLAMEKIT_API __attribute__((noinline))
#define AREA      16384
#define ALIGNMENT 16

static void *first_malloc(size_t size);
static void *first_calloc(size_t n, size_t size);
static void *first_realloc(void *old, size_t size);
static void first_free(void *block);
static void *first_memalign(size_t alignment, size_t size);
static void *first_aligned_alloc(size_t alignment, size_t size);
static int first_posix_memalign(void **out, size_t alignment, size_t size);
static void *first_valloc(size_t size);
static void *first_pvalloc(size_t size);

/* Each begins as a function that finds all of them and calls the right one. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
} real = {first_malloc, first_calloc, first_realloc, first_free, first_memalign,
    first_aligned_alloc, first_posix_memalign, first_valloc, first_pvalloc};

static struct {
    _Alignas(ALIGNMENT) char bytes[AREA];
    size_t used;
    bool searching;
} area;

static bool in_area(const void *block)
{
    return (uintptr_t)block - (uintptr_t)area.bytes < AREA;
}

static void *area_alloc(size_t size)
{
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > AREA || need > AREA - area.used) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = area.bytes + area.used;
    area.used += need;
    fk_heap_suspect(block); /* free shall look twice */
    return block;
}

/* The process has one thread when it allocates for the first time. */
static void search(void)
{
    static const struct {
        const char *name;
        void *to;
    } names[] = {{"malloc", &real.malloc}, {"calloc", &real.calloc},
        {"realloc", &real.realloc}, {"free", &real.free},
        {"memalign", &real.memalign}, {"aligned_alloc", &real.aligned_alloc},
        {"posix_memalign", &real.posix_memalign}, {"valloc", &real.valloc},
        {"pvalloc", &real.pvalloc}};

    void *found[sizeof(names) / sizeof(names[0])];
    area.searching = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        found[i] = dlsym(RTLD_NEXT, names[i].name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        memcpy(names[i].to, &found[i], sizeof(found[i]));
    area.searching = false;
    fk_heap_hooked = true;
}

static void *first_malloc(size_t size)
{
    if (area.searching)
        return area_alloc(size);
    search();
    return real.malloc(size);
}

static void *first_calloc(size_t n, size_t size)
{
    if (area.searching) /* fresh area is zero */
        return size != 0 && n > AREA / size ? NULL : area_alloc(n * size);
    search();
    return real.calloc(n, size);
}

static void *first_realloc(void *old, size_t size)
{
    if (!area.searching) {
        search();
        return real.realloc(old, size);
    }
    return old == NULL ? area_alloc(size) : NULL;
}

static void first_free(void *block)
{
    if (area.searching)
        return;
    search();
    real.free(block);
}

static void *first_memalign(size_t alignment, size_t size)
{
    search();
    return real.memalign(alignment, size);
}

static void *first_aligned_alloc(size_t alignment, size_t size)
{
    search();
    return real.aligned_alloc(alignment, size);
}

static int first_posix_memalign(void **out, size_t alignment, size_t size)
{
    search();
    return real.posix_memalign(out, alignment, size);
}

static void *first_valloc(size_t size)
{
    search();
    return real.valloc(size);
}

static void *first_pvalloc(size_t size)
{
    search();
    return real.pvalloc(size);
}

/* ---- in front ------------------------------------------------------------
 */

#define CALLER __builtin_return_address(0)

/* What every program does all the time is to cost nothing but a subtraction
 * or a look at a bit: whatever else is there is called at the end, or never. */
#define SEEN(block, size)                                                      \
    do {                                                                       \
        if (__builtin_expect((block) != NULL, 1) && fk_heap_is_due(size))      \
            fk_heap_sample(block, size, CALLER);                               \
    } while (0)

FRONT void *malloc(size_t size)
{
    void *block = real.malloc(size);
    SEEN(block, size);
    return block;
}

FRONT void *calloc(size_t n, size_t size)
{
    void *block = real.calloc(n, size);
    SEEN(block, n * size);
    return block;
}

__attribute__((noinline, cold)) static void free_suspect(void *block)
{
    if (in_area(block))
        return;
    fk_heap_remove(block);
    real.free(block);
}

FRONT void free(void *block)
{
    if (fk_heap_may_know(block))
        free_suspect(block);
    else
        real.free(block);
}

/* Out of the table before the old block can become somebody else's, and back
 * into it when there was no memory for the new one. */
static void *resize(void *old, size_t size, const void *caller)
{
    struct fk_heap_block gone = {.site = FK_SITES_NONE};
    if (in_area(old)) {
        void *block = real.malloc(size);
        size_t left = (size_t)(area.bytes + AREA - (char *)old);
        if (block != NULL)
            memcpy(block, old, size < left ? size : left);
        return block;
    }
    if (old != NULL && fk_heap_may_know(old))
        gone = fk_heap_remove(old);
    void *block = real.realloc(old, size);
    if (block == NULL && size != 0)
        fk_heap_put_back(old, &gone);
    if (block != NULL && fk_heap_is_due(size))
        fk_heap_sample(block, size, caller);
    return block;
}

FRONT void *realloc(void *old, size_t size)
{
    return resize(old, size, CALLER);
}

/* Whose realloc is it? Another allocator's, where that comes first: it has
 * this block, and perhaps no reallocarray. */
extern __typeof__(realloc) our_realloc
    __attribute__((alias("realloc"), visibility("hidden"), nothrow, leaf));

FRONT void *reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc == our_realloc ? resize(old, bytes, CALLER)
                                  : realloc(old, bytes);
}

FRONT void *memalign(size_t alignment, size_t size)
{
    void *block = real.memalign(alignment, size);
    SEEN(block, size);
    return block;
}

FRONT void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = real.aligned_alloc(alignment, size);
    SEEN(block, size);
    return block;
}

FRONT int posix_memalign(void **out, size_t alignment, size_t size)
{
    int rc = real.posix_memalign(out, alignment, size);
    if (rc == 0)
        SEEN(*out, size);
    return rc;
}

FRONT void *valloc(size_t size)
{
    void *block = real.valloc(size);
    SEEN(block, size);
    return block;
}

FRONT void *pvalloc(size_t size)
{
    void *block = real.pvalloc(size);
    SEEN(block, size);
    return block;
}
