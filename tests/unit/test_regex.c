#include "common/buf.h"
#include "common/clock.h"
#include "server/regex.h"
#include "tests/tap.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

static bool matches(const char *pattern, struct fk_slice value)
{
    struct fk_arena arena;
    struct fk_diag diag = {""};
    const struct regex *re;
    fk_arena_init(&arena, 1 << 20);
    if (regex_compile(fk_slice_of(pattern), &arena, &re, &diag))
        tap_fail(__FILE__, __LINE__, "%s: %s", pattern, diag.text);
    uint64_t work = UINT64_MAX;
    bool match = regex_matches(re, value, &work);
    CHECK(work > 0);
    fk_arena_fini(&arena);
    return match;
}

static const struct {
    const char *pattern, *yes, *no;
} table[] = {
    {"", "", "a"},
    {"abc", "abc", "abcd"},
    {"a.c", "a\nc", "ac"},
    {".", "\xc3\xa4", "\xc3\xa4x"},
    {"a|bc|", "bc", "b"},
    {"a|bc|", "", "abc"},
    {"(a|b)*c", "abbac", "abba"},
    {"(?:ab)+", "abab", "aba"},
    {"(?P<n>a)(?<m>b)", "ab", "a"},
    {"a*?b+?", "aab", "a"},
    {"a{3}", "aaa", "aa"},
    {"a{2,}", "aaaa", "a"},
    {"a{1,3}", "aaa", "aaaa"},
    {"a{0}b", "b", "ab"},
    {"(ab|c){2,3}x", "abcabx", "abx"},
    {"(a?){3}b", "aab", "aaaab"},
    {"a{,3}", "a{,3}", "aaa"},
    {"x{a}", "x{a}", "x"},
    {"(a*)*b", "aaab", "aaa"},
    {"(|a)+b", "aab", "aa"},
    {"[a-cx]", "x", "d"},
    {"[^a-c]", "\xc3\xa4", "b"},
    {"[]a]+", "a]", "[]"},
    {"[^]a]", "b", "]"},
    {"[a-]+", "a-a", "b"},
    {"[[:alpha:]_]+", "a_B", "a1"},
    {"[[:^digit:]]", "a", "1"},
    {"[\\d.]+", "1.2", "a"},
    {"[\xc3\xa0-\xc3\xbf]", "\xc3\xa4", "a"},
    {"\\d{1,3}(\\.\\d{1,3}){3}", "10.0.0.255", "10.0.0"},
    {"\\w+\\s\\W", "a_9 -", "a_9 b"},
    {"\\D\\S", "ab", "1b"},
    {"\\.\\*\\\\", ".*\\", "..\\"},
    {"\\x41\\x{1F600}\\t", "A\xf0\x9f\x98\x80\t", "B"},
    {"^a$", "a", "ba"},
    {"(^a|b)c$", "ac", "aac"},
    {"a^b", "none", "ab"},
    {"\\Aa\\z", "a", "b"},
    {"a\\b.*", "a b", "ab"},
    {"a\\B.*", "ab", "a b"},
    {"\\Qa.b*\\E+", "a.b**", "axb"},
    {"(?i)Abc[d-f]", "aBCE", "aBCG"},
    {"a(?i:b)c", "aBc", "aBC"},
    {"(?i)a(?-i)b", "Ab", "AB"},
    {"(?s).", "\n", ""},
    {"checkout|cart|pay.*", "payments", "carts"},
    {"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "0a1b2c3d-0000-1111-2222-0123456789ab", "0a1b2c3d"},
};

TEST(regex_matches_whole_values)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].yes, "none") &&
            !matches(table[i].pattern, fk_slice_of(table[i].yes)))
            tap_fail(__FILE__, __LINE__, "/%s/ misses \"%s\"", table[i].pattern,
                table[i].yes);
        if (matches(table[i].pattern, fk_slice_of(table[i].no)))
            tap_fail(__FILE__, __LINE__, "/%s/ takes \"%s\"", table[i].pattern,
                table[i].no);
    }
}

TEST(regex_refuses_what_it_does_not_know)
{
    static const char *const bad[] = {"(", ")", "a)", "(a", "[a", "[", "[]",
        "*", "+a", "a|*", "(?=a)", "(?!a)", "(?<=a)", "(?P<a", "(?x)", "(?",
        "\\", "\\1", "\\p{L}", "\\C", "\\x", "\\x{}", "\\x{110000}", "[b-a]",
        "[\\", "[a-", "x{2,1}", "a{1001}", "(a{500}){500}", "(?i"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fk_arena arena;
        struct fk_diag diag = {""};
        const struct regex *re;
        fk_arena_init(&arena, 1 << 20);
        if (!regex_compile(fk_slice_of(bad[i]), &arena, &re, &diag))
            tap_fail(__FILE__, __LINE__, "accepted /%s/", bad[i]);
        CHECK(strstr(diag.text, "regular expression"));
        fk_arena_fini(&arena);
    }
}

TEST(regex_bytes_that_are_not_utf8_are_single_characters)
{
    CHECK(matches("a.b", FK_SLICE("a\xff"
                                  "b")));
    CHECK(matches("..", FK_SLICE("\xc3\x28")));
    CHECK(!matches("a", FK_SLICE("a\0")));
    CHECK(matches("a.", FK_SLICE("a\0")));
}

/* What makes a backtracking matcher take for ever. */
TEST_TIMED(regex_takes_linear_time, 5)
{
    char value[2048];
    memset(value, 'a', sizeof value);
    int64_t start = fk_mono_ns();
    struct fk_slice v = {value, sizeof value};
    CHECK(!matches("(a*)*(a*)*(a|aa)+b", v));
    CHECK(!matches("(a|b)*a(a|b){150}c", v));
    CHECK(!matches("(((a?){10}){10})b", v));
    CHECK(fk_mono_ns() - start < 2 * FK_NS_PER_S);
}

/* Random patterns of the common subset: the same answers as the C library's
 * extended expressions. */
static uint64_t seed = 88172645463325252u;

static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

static void random_pattern(struct fk_buf *out)
{
    static const char *const pieces[] = {
        "a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab|c)", "(a(b|c)*)", "(bc)"};
    static const char *const counts[] = {
        "", "", "", "*", "+", "?", "{2}", "{1,2}", "{2,}"};
    unsigned n = 1 + draw(5);
    for (unsigned i = 0; i < n; i++) {
        fk_buf_adds(out, pieces[draw(9)]);
        fk_buf_adds(out, counts[draw(9)]);
        if (i + 1 < n && draw(6) == 0)
            fk_buf_adds(out, "|");
    }
}

TEST(regex_takes_no_more_steps_than_it_may)
{
    static char value[2048];
    struct fk_arena arena;
    const struct regex *re;
    uint64_t work = 1 << 20;
    memset(value, 'a', sizeof value);
    const struct fk_slice text = {value, sizeof value};
    fk_arena_init(&arena, 1 << 20);
    CHECK_INT(
        regex_compile(FK_SLICE("(.*a){100}|.*"), &arena, &re, NULL), FK_OK);
    CHECK(!regex_matches(re, text, &work));
    CHECK_INT(work, 0);
    CHECK_INT(regex_compile(FK_SLICE("a*"), &arena, &re, NULL), FK_OK);
    CHECK(!regex_matches(re, text, &work));
    work = 1 << 20;
    CHECK(regex_matches(re, text, &work));
    CHECK(work > 0 && work < 1 << 20);
    fk_arena_fini(&arena);
}

/* Steps that `pattern` takes for a text of a's that it matches. */
static uint64_t steps_of(const char *pattern)
{
    static char value[2048];
    struct fk_arena arena;
    const struct regex *re;
    uint64_t work = 1 << 20;
    memset(value, 'a', sizeof value);
    fk_arena_init(&arena, 1 << 20);
    CHECK_INT(regex_compile(fk_slice_of(pattern), &arena, &re, NULL), FK_OK);
    CHECK(regex_matches(re, (struct fk_slice){value, sizeof value}, &work));
    fk_arena_fini(&arena);
    return (1 << 20) - work;
}

TEST(regex_pays_for_the_ranges_of_a_class)
{
    char wide[1024] = "[^";
    memset(wide + 2, 'b', 800);
    snprintf(wide + 802, sizeof wide - 802, "]*");
    CHECK(steps_of(wide) > 10 * steps_of("[^b]*"));
}

TEST(regex_agrees_with_the_c_library)
{
    struct fk_buf pattern, posix;
    fk_buf_init(&pattern, 4096);
    fk_buf_init(&posix, 4096);
    for (int round = 0; round < 3000; round++) {
        regex_t reference;
        fk_buf_reset(&pattern);
        fk_buf_reset(&posix);
        random_pattern(&pattern);
        fk_buf_printf(&posix, "^(%s)$", pattern.ptr);
        CHECK_INT(regcomp(&reference, posix.ptr, REG_EXTENDED | REG_NOSUB), 0);
        for (int k = 0; k < 10; k++) {
            char value[10];
            unsigned len = draw(9);
            for (unsigned i = 0; i < len; i++)
                value[i] = "abc"[draw(3)];
            value[len] = '\0';
            bool want = !regexec(&reference, value, 0, NULL, 0);
            if (matches(pattern.ptr, fk_slice_of(value)) != want)
                tap_fail(__FILE__, __LINE__, "/%s/ on \"%s\": not %d",
                    pattern.ptr, value, want);
        }
        regfree(&reference);
    }
    fk_buf_fini(&posix);
    fk_buf_fini(&pattern);
}

TAP_MAIN
