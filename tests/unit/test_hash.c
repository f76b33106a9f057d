#include "common/hash.h"
#include "tests/tap.h"

#include <stdint.h>

TEST(crc32c_known_answers)
{
    unsigned char zeros[32] = {0}, ones[32], up[32];
    memset(ones, 0xFF, sizeof ones);
    for (int i = 0; i < 32; i++)
        up[i] = (unsigned char)i;
    /* RFC 3720, B.4, and the customary check value. */
    CHECK_INT(fk_crc32c(0, zeros, 32), 0x8A9136AA);
    CHECK_INT(fk_crc32c(0, ones, 32), 0x62A8AB43);
    CHECK_INT(fk_crc32c(0, up, 32), 0x46DD794E);
    CHECK_INT(fk_crc32c(0, "123456789", 9), 0xE3069283);
    CHECK_INT(fk_crc32c(0, "", 0), 0);
}

TEST(crc32c_goes_on_where_it_stopped)
{
    const char text[] = "the quick brown fox jumps over the lazy dog";
    uint32_t whole = fk_crc32c(0, text, sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        uint32_t part = fk_crc32c(0, text, cut);
        CHECK_INT(fk_crc32c(part, text + cut, sizeof text - cut), whole);
    }
}

TEST(mix_is_splitmix64)
{
    /* First outputs of the reference generator seeded with 0. */
    CHECK(fk_hash_mix(0x9E3779B97F4A7C15u) == 0xE220A8397B1DCDAFu);
    CHECK(fk_hash_mix(2 * 0x9E3779B97F4A7C15u) == 0x6E789E6AA1B965F4u);
    CHECK(fk_hash_mix(0) == 0);
}

TEST(every_byte_and_the_length_count)
{
    unsigned char text[40] = {0};
    for (size_t n = 0; n < sizeof text; n++) {
        uint64_t plain = fk_hash_bytes(1, text, n);
        CHECK(plain != fk_hash_bytes(1, text, n + 1));
        CHECK(plain != fk_hash_bytes(2, text, n));
        CHECK(plain == fk_hash_bytes(1, text, n));
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                text[i] ^= (unsigned char)(1 << bit);
                CHECK(plain != fk_hash_bytes(1, text, n));
                text[i] ^= (unsigned char)(1 << bit);
            }
    }
}

/* A changed input bit should change about half of the output bits. */
TEST(bits_spread)
{
    unsigned char text[24] = {0};
    long changed = 0, trials = 0;
    uint64_t plain = fk_hash_bytes(7, text, sizeof text);
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        text[bit / 8] ^= (unsigned char)(1 << bit % 8);
        uint64_t other = fk_hash_bytes(7, text, sizeof text);
        changed += __builtin_popcountll(plain ^ other);
        trials += 64;
        text[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    CHECK(changed > trials * 45 / 100 && changed < trials * 55 / 100);
}

TEST(the_seed_stays_and_is_not_zero)
{
    uint64_t seed = fk_hash_seed();
    CHECK(seed != 0);
    CHECK(seed == fk_hash_seed());
}

TAP_MAIN
