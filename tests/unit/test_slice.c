#include "common/slice.h"
#include "tests/tap.h"

#include <stdio.h>

#define S(text) FK_SLICE(text)

static const struct fk_slice none = {NULL, 0};

TEST(sub_never_leaves_the_slice)
{
    CHECK(fk_slice_eqz(fk_slice_sub(S("abcdef"), 1, 3), "bc"));
    CHECK(fk_slice_eqz(fk_slice_sub(S("abc"), 1, 99), "bc"));
    CHECK_INT(fk_slice_sub(S("abc"), 9, 99).len, 0);
    CHECK_INT(fk_slice_sub(S("abc"), 2, 1).len, 0);
    CHECK_INT(fk_slice_sub(none, 0, 5).len, 0);
}

TEST(trim_takes_blanks_off_both_ends)
{
    CHECK(fk_slice_eqz(fk_slice_trim(S(" \t a b\r\n")), "a b"));
    CHECK_INT(fk_slice_trim(S("  ")).len, 0);
    CHECK_INT(fk_slice_trim(none).len, 0);
}

TEST(tail_begins_with_a_whole_character)
{
    CHECK(fk_slice_eqz(fk_slice_tail(S("abcdef"), 3), "def"));
    CHECK(fk_slice_eqz(fk_slice_tail(S("abc"), 3), "abc"));
    CHECK(fk_slice_eqz(fk_slice_tail(S("abc"), 99), "abc"));
    CHECK(fk_slice_eqz(fk_slice_tail(S("a\xE2\x82\xAC"
                                       "b"),
                           3),
        "b"));
    CHECK_INT(fk_slice_tail(S("abc"), 0).len, 0);
}

TEST(equality_is_of_bytes)
{
    CHECK(fk_slice_eq(none, S("")));
    CHECK(fk_slice_eq(S("a\0b"), S("a\0b")));
    CHECK(!fk_slice_eq(S("a\0b"), S("a\0c")));
    CHECK(!fk_slice_eqz(S("ab"), "abc"));
    CHECK(fk_slice_starts(S("abc"), S("ab")));
    CHECK(fk_slice_starts(S("abc"), none));
    CHECK(!fk_slice_starts(S("ab"), S("abc")));
}

TEST(order_is_bytes_then_length)
{
    static const struct {
        struct fk_slice a, b;
        int sign;
    } rows[] = {
        {{"a", 1}, {"b", 1}, -1},
        {{"a", 1}, {"ab", 2}, -1},
        {{"\xFF", 1}, {"a", 1}, 1},
        {{NULL, 0}, {"", 0}, 0},
        {{"", 0}, {"a", 1}, -1},
        {{"same", 4}, {"same", 4}, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int order = fk_slice_cmp(rows[i].a, rows[i].b);
        int back = fk_slice_cmp(rows[i].b, rows[i].a);
        CHECK_INT((order > 0) - (order < 0), rows[i].sign);
        CHECK_INT((back > 0) - (back < 0), -rows[i].sign);
    }
}

TEST(finding_bytes_and_texts)
{
    CHECK_INT(fk_slice_find(S("a.b.c"), '.'), 1);
    CHECK_INT(fk_slice_rfind(S("a.b.c"), '.'), 3);
    CHECK_INT(fk_slice_find(S("abc"), '.'), -1);
    CHECK_INT(fk_slice_rfind(none, '.'), -1);
    CHECK(fk_slice_contains(S("abcde"), S("cd")));
    CHECK(fk_slice_contains(S("abcde"), none));
    CHECK(!fk_slice_contains(none, S("a")));
    CHECK(!fk_slice_contains(S("abc"), S("abcd")));
}

TEST(splitting_gives_one_part_more_than_separators)
{
    static const struct {
        struct fk_slice text;
        const char *parts; /* joined by | */
    } rows[] = {
        {{"a,b", 3}, "a|b|"},
        {{"a", 1}, "a|"},
        {{"", 0}, "|"},
        {{",a,,", 4}, "|a|||"},
        {{NULL, 0}, ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char joined[32] = "";
        size_t n = 0;
        struct fk_slice rest = rows[i].text, part;
        while (fk_slice_split(&rest, ',', &part)) {
            memcpy(joined + n, part.ptr, part.len);
            n += part.len;
            joined[n++] = '|';
        }
        CHECK_STR(joined, rows[i].parts);
    }
}

TEST(signed_numbers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t v = 1234;
        bool ok = fk_slice_i64(fk_slice_of(rows[i].text), &v);
        if (ok != rows[i].ok || v != (ok ? rows[i].value : 1234))
            tap_fail(__FILE__, __LINE__, "'%s' gave %d, %lld", rows[i].text, ok,
                (long long)v);
    }
}

TEST(unsigned_numbers)
{
    uint64_t v;
    CHECK(fk_slice_u64(S("18446744073709551615"), &v) && v == UINT64_MAX);
    CHECK(!fk_slice_u64(S("18446744073709551616"), &v));
    CHECK(!fk_slice_u64(S("99999999999999999999"), &v));
    CHECK(!fk_slice_u64(S("-1"), &v));
    CHECK(!fk_slice_u64(none, &v));
}

TEST(bytes_that_are_no_text_are_repaired)
{
    static const struct {
        const char *bytes, *want;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"\xff\xfe", "??"},
        {"cut \xc3", "cut ?"},
        {"cut \xe2\x82", "cut ??"},
        {"\xed\xa0\x80", "???"},
        {"\xc0\xaf", "??"},
        {"\xe2\x82\xac\xa9", "\xe2\x82\xac?"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", rows[i].bytes);
        fk_utf8_repair(text, strlen(text));
        CHECK_STR(text, rows[i].want);
        CHECK(fk_slice_utf8(fk_slice_of(text)));
    }
}

/* Each row alone, and after eight and nine plain bytes: the fast path. */
TEST(utf8)
{
    static const struct {
        const char *bytes;
        bool ok;
    } rows[] = {
        {"", true},
        {"plain text that is longer than a word", true},
        {"\xC3\xA4", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x94\xA5", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"\x80", false},
        {"\xC3", false},
        {"\xC3(", false},
        {"\xC0\xAF", false},             /* overlong '/' */
        {"\xC1\xBF", false},             /* overlong */
        {"\xE0\x9F\xBF", false},         /* overlong */
        {"\xED\xA0\x80", false},         /* surrogate */
        {"\xF0\x8F\xBF\xBF", false},     /* overlong */
        {"\xF4\x90\x80\x80", false},     /* over U+10FFFF */
        {"\xF8\x88\x80\x80\x80", false}, /* five bytes */
        {"\xE2\x82", false},
        {"\xFF", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t pad = 0; pad <= 9; pad++) {
            char text[64] = "123456789";
            size_t n = strlen(rows[i].bytes);
            memcpy(text + pad, rows[i].bytes, n);
            struct fk_slice s = {text, pad + n};
            if (fk_slice_utf8(s) != rows[i].ok)
                tap_fail(__FILE__, __LINE__, "row %zu after %zu bytes", i, pad);
        }
    CHECK(fk_slice_utf8(none));
}

TAP_MAIN
