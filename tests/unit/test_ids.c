#include "common/ids.h"
#include "tests/tap.h"

TEST(dense_and_sparse_ids)
{
    static const uint64_t foreign[] = {
        1, 2, 3, 0, 69, 70, 71, 1000, 1ull << 40, UINT64_MAX};
    const uint32_t n = sizeof foreign / sizeof *foreign;
    struct fk_arena a;
    struct fk_ids ids;
    fk_arena_init(&a, 4096);
    fk_ids_init(&ids, &a, n);
    CHECK(!a.failed);
    for (uint32_t i = 0; i < n; i++) {
        CHECK_INT(fk_ids_find(&ids, foreign[i]), FK_IDS_NONE);
        CHECK_INT(fk_ids_add(&ids, foreign[i], i), FK_OK);
        CHECK_INT(fk_ids_add(&ids, foreign[i], 99), FK_ERR_EXISTS);
    }
    for (uint32_t i = 0; i < n; i++)
        CHECK_INT(fk_ids_find(&ids, foreign[i]), i);
    CHECK_INT(fk_ids_find(&ids, 5), FK_IDS_NONE);
    CHECK_INT(fk_ids_find(&ids, 1001), FK_IDS_NONE);
    fk_ids_fini(&ids);
    fk_arena_fini(&a);
}

TEST(more_sparse_ids_than_announced)
{
    struct fk_arena a;
    struct fk_ids ids;
    fk_arena_init(&a, 4096);
    fk_ids_init(&ids, &a, 1);
    CHECK_INT(fk_ids_add(&ids, 1 << 20, 0), FK_OK);
    CHECK_INT(fk_ids_add(&ids, 1 << 21, 1), FK_ERR_LIMIT);
    fk_ids_fini(&ids);
    fk_arena_fini(&a);
}

TEST(without_memory_it_stays_empty)
{
    struct fk_arena a;
    struct fk_ids ids;
    fk_arena_init(&a, 64);
    fk_ids_init(&ids, &a, 1000);
    CHECK(a.failed);
    CHECK_INT(fk_ids_find(&ids, 1), FK_IDS_NONE);
    fk_ids_fini(&ids);
    fk_arena_fini(&a);
}

TEST(fini_of_zero_bytes)
{
    struct fk_ids ids = {0};
    fk_ids_fini(&ids);
    CHECK_INT(fk_ids_find(&ids, 1), FK_IDS_NONE);
}

TAP_MAIN
