#include "common/arena.h"
#include "tests/tap.h"

#include <stdint.h>

TEST(memory_is_aligned_and_zero)
{
    struct fk_arena a;
    fk_arena_init(&a, 1 << 20);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = fk_arena_alloc(&a, n);
        CHECK(p);
        CHECK_INT((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            CHECK_INT(p[i], 0);
        memset(p, 0xAA, n);
    }
    fk_arena_fini(&a);
}

TEST(objects_do_not_overlap)
{
    enum { COUNT = 2000 };
    struct fk_arena a;
    int *p[COUNT];
    fk_arena_init(&a, 1 << 20);
    for (int i = 0; i < COUNT; i++) {
        p[i] = fk_arena_alloc(&a, sizeof *p[i]);
        *p[i] = i;
    }
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(*p[i], i);
    fk_arena_fini(&a);
}

TEST(the_limit_counts_what_is_handed_out)
{
    struct fk_arena a;
    fk_arena_init(&a, 64);
    CHECK(fk_arena_alloc(&a, 48));
    CHECK(!a.failed);
    CHECK(!fk_arena_alloc(&a, 17));
    CHECK(a.failed);
    CHECK(fk_arena_alloc(&a, 16)); /* what fits is still given */
    CHECK(!fk_arena_alloc(&a, 0));
    CHECK_INT(a.used, 64);
    fk_arena_fini(&a);
}

TEST(absurd_sizes_are_refused)
{
    struct fk_arena a;
    fk_arena_init(&a, SIZE_MAX);
    CHECK(!fk_arena_alloc(&a, SIZE_MAX));
    CHECK(!fk_arena_alloc(&a, SIZE_MAX - 5));
    CHECK(!fk_arena_array(&a, SIZE_MAX / 2, 3));
    CHECK(!fk_arena_array(&a, 3, SIZE_MAX / 2));
    CHECK(!fk_arena_alloc(&a, SIZE_MAX / 2)); /* calloc says no */
    CHECK(a.failed);
    CHECK_INT(a.used, 0);
    CHECK(fk_arena_array(&a, 0, 8));
    fk_arena_fini(&a);
}

TEST(reset_gives_zeroed_memory_again)
{
    struct fk_arena a;
    fk_arena_init(&a, 1 << 24);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n <= 1 << 20; n *= 4) {
            unsigned char *p = fk_arena_alloc(&a, n);
            for (size_t i = 0; i < n; i += 13)
                CHECK_INT(p[i], 0);
            memset(p, 0x55, n);
        }
        CHECK(!fk_arena_alloc(&a, 1 << 25));
        fk_arena_reset(&a);
        CHECK(!a.failed);
        CHECK_INT(a.used, 0);
    }
    fk_arena_fini(&a);
}

TEST(reset_gives_huge_chunks_back)
{
    struct fk_arena a;
    fk_arena_init(&a, 1 << 24);
    CHECK(fk_arena_alloc(&a, 8 << 20));
    fk_arena_reset(&a);
    CHECK(!a.head);
    CHECK(fk_arena_alloc(&a, 100));
    fk_arena_reset(&a);
    CHECK(a.head);
    fk_arena_fini(&a);
}

TEST(copies_of_slices)
{
    struct fk_arena a;
    fk_arena_init(&a, 64);
    struct fk_slice copy = fk_arena_dup(&a, FK_SLICE("a\0b"));
    CHECK_MEM(copy.ptr, copy.len, "a\0b", 3);
    CHECK_STR(fk_arena_strdup(&a, FK_SLICE("text")), "text");
    CHECK_STR(fk_arena_strdup(&a, (struct fk_slice){NULL, 0}), "");
    copy = fk_arena_dup(&a, FK_SLICE("seventeen bytes!!"));
    CHECK(!copy.ptr);
    CHECK_INT(copy.len, 0);
    fk_arena_fini(&a);
}

TAP_MAIN
