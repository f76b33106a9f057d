#include "common/hash.h"
#include "common/map.h"
#include "tests/tap.h"

TEST(an_empty_map_knows_nothing)
{
    struct fk_map m;
    size_t at = 0;
    fk_map_init(&m, 10);
    CHECK(fk_map_get(&m, 1) == FK_MAP_NONE);
    CHECK(fk_map_next(&m, 1, &at) == FK_MAP_NONE);
    CHECK(!fk_map_del(&m, 1));
    fk_map_clear(&m);
    fk_map_fini(&m);
}

TEST(put_adds_and_replaces)
{
    struct fk_map m;
    fk_map_init(&m, 10);
    CHECK_INT(fk_map_put(&m, 0, 5), FK_OK);
    CHECK_INT(fk_map_put(&m, UINT64_MAX, 6), FK_OK);
    CHECK_INT(fk_map_put(&m, 0, 7), FK_OK);
    CHECK_INT(fk_map_get(&m, 0), 7);
    CHECK_INT(fk_map_get(&m, UINT64_MAX), 6);
    CHECK_INT(m.count, 2);
    CHECK_INT(fk_map_put(&m, 1, FK_MAP_NONE), FK_ERR_ARG);
    CHECK_INT(fk_map_put(&m, 0, FK_MAP_NONE), FK_ERR_ARG);
    CHECK_INT(fk_map_get(&m, 0), 7);
    fk_map_clear(&m);
    CHECK(fk_map_get(&m, 0) == FK_MAP_NONE);
    CHECK_INT(m.count, 0);
    fk_map_fini(&m);
}

TEST(the_limit_leaves_the_map_unchanged)
{
    struct fk_map m;
    fk_map_init(&m, 3);
    for (uint64_t k = 0; k < 3; k++)
        CHECK_INT(fk_map_put(&m, k, k), FK_OK);
    CHECK_INT(fk_map_put(&m, 3, 3), FK_ERR_LIMIT);
    CHECK_INT(fk_map_add(&m, 0, 9), FK_ERR_LIMIT);
    CHECK_INT(fk_map_put(&m, 2, 22), FK_OK); /* replacing needs no room */
    CHECK_INT(m.count, 3);
    CHECK(fk_map_get(&m, 3) == FK_MAP_NONE);
    CHECK(fk_map_del(&m, 0));
    CHECK_INT(fk_map_put(&m, 3, 3), FK_OK);
    fk_map_fini(&m);
}

TEST(equal_keys_are_walked_one_by_one)
{
    struct fk_map m;
    fk_map_init(&m, 100);
    for (uint64_t v = 0; v < 20; v++) {
        CHECK_INT(fk_map_add(&m, 42, v), FK_OK);
        CHECK_INT(fk_map_add(&m, v, 1000), FK_OK);
    }
    unsigned seen = 0;
    size_t at = 0;
    uint64_t v;
    while ((v = fk_map_next(&m, 42, &at)) != FK_MAP_NONE) {
        CHECK(v < 20 && !(seen & 1u << v));
        seen |= 1u << v;
    }
    CHECK_INT(seen, (1u << 20) - 1);
    fk_map_fini(&m);
}

/* Against a plain array as the model, through growth and deletion. */
TEST(random_use_agrees_with_a_model)
{
    enum { KEYS = 512, STEPS = 200000 };

    uint64_t model[KEYS];
    struct fk_map m;
    fk_map_init(&m, KEYS);
    memset(model, 0xFF, sizeof model);
    for (uint64_t step = 0; step < STEPS; step++) {
        uint64_t dice = fk_hash_mix(step + 1);
        uint64_t key = dice % KEYS;
        if (dice >> 60 < 9) {
            CHECK_INT(fk_map_put(&m, key * 1024, step), FK_OK);
            model[key] = step;
        } else {
            CHECK_INT(fk_map_del(&m, key * 1024), model[key] != FK_MAP_NONE);
            model[key] = FK_MAP_NONE;
        }
        CHECK(fk_map_get(&m, key * 1024) == model[key]);
    }
    size_t live = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        CHECK(fk_map_get(&m, key * 1024) == model[key]);
        live += model[key] != FK_MAP_NONE;
    }
    CHECK_INT(m.count, live);
    fk_map_fini(&m);
}

TAP_MAIN
