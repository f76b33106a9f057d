#include "common/rng.h"
#include "tests/tap.h"

TEST(draws_are_a_function_of_seed_and_number)
{
    /* SplitMix64 seeded with 0 gives these as its first two outputs. */
    CHECK(fk_rng_at(0, 0) == 0xE220A8397B1DCDAFu);
    CHECK(fk_rng_at(0, 1) == 0x6E789E6AA1B965F4u);
    CHECK(fk_rng_at(5, 1000) == fk_rng_at(5, 1000));
    CHECK(fk_rng_at(5, 1000) != fk_rng_at(6, 1000));
}

TEST(unit_stays_below_one)
{
    CHECK(fk_rng_unit(0) == 0.0);
    CHECK(fk_rng_unit(UINT64_MAX) < 1.0);
    CHECK(fk_rng_unit(1ull << 63) == 0.5);
}

TEST(below_is_even_and_in_range)
{
    enum { SIDES = 6, THROWS = 60000 };

    int count[SIDES] = {0};
    for (uint64_t k = 0; k < THROWS; k++) {
        uint64_t side = fk_rng_below(fk_rng_at(1, k), SIDES);
        CHECK(side < SIDES);
        count[side]++;
    }
    for (int i = 0; i < SIDES; i++)
        CHECK(count[i] > 9500 && count[i] < 10500);
    CHECK_INT(fk_rng_below(UINT64_MAX, 1), 0);
}

TAP_MAIN
