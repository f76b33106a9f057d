/* FIPS 180-4's examples, and every length around a block. */
#include "common/base64.h"
#include "common/sha256.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static const char *hex(struct fk_slice bytes)
{
    static char text[2 * FK_SHA256_BYTES + 1];
    uint8_t sum[FK_SHA256_BYTES];
    fk_sha256(bytes, sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return text;
}

TEST(known_sums)
{
    static const struct {
        const char *text, *sum;
    } rows[] = {
        {"",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(hex(fk_slice_of(rows[i].text)), rows[i].sum);
}

TEST(a_million_letters)
{
    size_t n = 1000000;
    char *text = malloc(n);
    CHECK(text);
    memset(text, 'a', n);
    CHECK_STR(hex((struct fk_slice){text, n}),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(text);
}

/* The sum of all sums of 0 to 199 letters, from coreutils. */
TEST(every_length_around_a_block)
{
    char text[200], sums[200 * 2 * FK_SHA256_BYTES];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n < sizeof text; n++)
        memcpy(sums + n * 2 * FK_SHA256_BYTES, hex((struct fk_slice){text, n}),
            2 * FK_SHA256_BYTES);
    CHECK_STR(hex((struct fk_slice){sums, sizeof sums}),
        "f61ffcc417e1f0e59eba2da7fa32fbe05b64e478b68c6bacf990455f00248b98");
}

TEST(base64_of_both_alphabets)
{
    static const struct {
        const char *text, *want;
    } rows[] = {{"", ""}, {"YQ==", "a"}, {"YQ", "a"}, {"YWI=", "ab"},
        {"YWJj", "abc"}, {"Pz8_", "???"}, {"Pz8/", "???"}, {"YWJjZA", "abcd"},
        {"Y", NULL}, {"YQ=a", NULL}, {"Y Q=", NULL}, {"\xff\xff", NULL}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[16] = {0};
        ptrdiff_t n = fk_base64_decode(fk_slice_of(rows[i].text), out);
        CHECK_INT(n, rows[i].want ? (ptrdiff_t)strlen(rows[i].want) : -1);
        CHECK(n < 0 || !memcmp(out, rows[i].want, (size_t)n));
    }
}

TAP_MAIN
