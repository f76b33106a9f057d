#include "server/selector.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct fk_labels labels_of(const char *pairs)
{
    struct fk_labels l = {.count = 0};
    struct fk_slice rest = fk_slice_of(pairs), pair;
    while (rest.len && fk_slice_split(&rest, ',', &pair)) {
        struct fk_slice name;
        fk_slice_split(&pair, '=', &name);
        CHECK(fk_labels_set(&l, name, pair) == FK_OK);
    }
    return l;
}

/* Selector, labels, does it match? */
static const struct {
    const char *selector, *labels;
    bool match;
} matching[] = {
    {"{}", "", true},
    {" { } ", "a=b", true},
    {"{a=\"b\"}", "a=b", true},
    {"{a=\"b\"}", "a=c", false},
    {"{a=\"b\",}", "a=b", true},
    {"{ a = \"b\" , c != \"d\" , }", "a=b", true},
    {"{a=\"b\",c!=\"d\"}", "a=b,c=d", false},
    {"{a='b'}", "a=b", true},
    {"{a=`b\\d`}", "a=b\\d", true},
    {"{a=\"x\\\"y\\x41\\u00e4\\101\\t\"}",
        "a=x\"yA\xc3\xa4"
        "A\t",
        true},
    {"{a='it\\'s'}", "a=it's", true},
    {"{a=\"\"}", "b=c", true},
    {"{a=\"\"}", "a=c", false},
    {"{a!=\"x\"}", "", true},
    {"{a=~\".*\"}", "", true},
    {"{a=~\".+\"}", "", false},
    {"{a!~\"b|c\"}", "a=b", false},
    {"{a!~\"b|c\"}", "a=bc", true},
    {"{a=~\"b|c\"}", "a=bc", false},
    {"up", "__name__=up", true},
    {"up{}", "__name__=up", true},
    {"up{a=\"1\"}", "__name__=up,a=1", true},
    {"up{a=\"1\"}", "__name__=down,a=1", false},
    {"process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name=\"x\"}",
        "__name__=process_cpu:cpu:nanoseconds:cpu:nanoseconds,service_name=x",
        true},
    {"memory:inuse_space:bytes::", "__name__=memory:inuse_space:bytes::", true},
    {"{\"foo.bar\"}", "__name__=foo.bar", true},
    {"{\"foo.bar\",a=\"1\"}", "__name__=foo.bar,a=1", true},
    {"{\"otel.scope.name\"=\"x\"}", "otel.scope.name=x", true},
    {"{'otel.scope.name'!=\"x\"}", "otel.scope.name=x", false},
};

TEST(selector_matches_as_prometheus_does)
{
    for (size_t i = 0; i < sizeof matching / sizeof *matching; i++) {
        struct fk_arena arena;
        struct selector s;
        struct fk_diag diag = {""};
        fk_arena_init(&arena, 1 << 20);
        if (selector_parse(
                fk_slice_of(matching[i].selector), &arena, &s, &diag))
            tap_fail(
                __FILE__, __LINE__, "%s: %s", matching[i].selector, diag.text);
        struct fk_labels l = labels_of(matching[i].labels);
        if (selector_matches(&s, &l, &(uint64_t){1 << 20}) != matching[i].match)
            tap_fail(__FILE__, __LINE__, "%s on {%s}: not %d",
                matching[i].selector, matching[i].labels, matching[i].match);
        selector_fini(&s);
        fk_arena_fini(&arena);
    }
}

/* What is wrong, where (1-based, 0 = the text names no place), and a word of
 * the explanation. */
static const struct {
    const char *selector;
    int place;
    const char *says;
} wrong[] = {
    {"", 0, "empty"},
    {"  ", 0, "empty"},
    {"!bad_syntax!", 1, "metric name or {"},
    {"{", 1, "never closed"},
    {"{a", 3, "expected =, !=, =~ or !~"},
    {"{a=", 4, "quoted value"},
    {"{a=b}", 4, "quoted value"},
    {"{a=\"b}", 4, "never closed"},
    {"{a=\"b\" c=\"d\"}", 8, "expected , or }"},
    {"{,}", 2, "label name"},
    {"{a.b=\"c\"}", 3, "expected =, !=, =~ or !~"},
    {"{1a=\"c\"}", 2, "must be quoted"},
    {"{a=\"b\"}x", 8, "unexpected text"},
    {"{a=\"\\q\"}", 6, "unknown escape"},
    {"{a=\"\\x4\"}", 6, "too few digits"},
    {"{a=\"\\ud800\"}", 6, "names no character"},
    {"{a=\"\\400\"}", 6, "\\377"},
    {"{\"\"}", 2, "metric name is empty"},
    {"{\"\"=\"a\"}", 2, "label name is empty"},
    {"{a=~\"(\"}", 5, "never closed"},
    {"{a=~\"\\\\p{L}\"}", 5, "not supported"},
    {"{a=~\"(?=x)\"}", 5, "not supported"},
    {"{a=~\"x{1001}\"}", 5, "1000"},
    {"{a=~\"((x{100}){100}){100}\"}", 5, "too large"},
};

TEST(selector_says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fk_arena arena;
        struct selector s;
        struct fk_diag diag = {""};
        char place[32] = "";
        fk_arena_init(&arena, 1 << 20);
        if (!selector_parse(fk_slice_of(wrong[i].selector), &arena, &s, &diag))
            tap_fail(__FILE__, __LINE__, "accepted %s", wrong[i].selector);
        if (wrong[i].place)
            snprintf(
                place, sizeof place, "selector, character %d:", wrong[i].place);
        if (!strstr(diag.text, wrong[i].says) || !strstr(diag.text, place))
            tap_fail(__FILE__, __LINE__, "%s: \"%s\" lacks \"%s\" %s",
                wrong[i].selector, diag.text, wrong[i].says, place);
        CHECK_INT(s.count, 0);
        fk_arena_fini(&arena);
    }
}

TEST(selector_limits_what_strangers_send)
{
    struct fk_arena arena;
    struct selector s;
    struct fk_buf text;
    fk_arena_init(&arena, 1 << 20);
    fk_buf_init(&text, 1 << 20);
    fk_buf_adds(&text, "{");
    for (int i = 0; i <= SELECTOR_MAX_MATCHERS; i++)
        fk_buf_printf(&text, "a%d=\"\",", i);
    fk_buf_adds(&text, "}");
    CHECK(
        selector_parse(fk_buf_slice(&text), &arena, &s, NULL) == FK_ERR_FORMAT);

    fk_buf_reset(&text);
    fk_buf_adds(&text, "{a=\"");
    for (int i = 0; i < SELECTOR_MAX_BYTES; i++)
        fk_buf_addc(&text, 'x');
    fk_buf_adds(&text, "\"}");
    CHECK(
        selector_parse(fk_buf_slice(&text), &arena, &s, NULL) == FK_ERR_LIMIT);

    fk_buf_reset(&text);
    fk_buf_adds(&text, "{a=~\"");
    for (int i = 0; i <= SELECTOR_MAX_REGEX; i++)
        fk_buf_addc(&text, 'x');
    fk_buf_adds(&text, "\"}");
    CHECK(
        selector_parse(fk_buf_slice(&text), &arena, &s, NULL) == FK_ERR_FORMAT);
    fk_buf_fini(&text);
    fk_arena_fini(&arena);
}

TEST(selector_takes_one_more_equality)
{
    struct selector s;
    struct fk_labels l = labels_of("a=b");
    selector_init(&s);
    CHECK(selector_matches(&s, &l, &(uint64_t){1 << 20}));
    CHECK(selector_add_eq(&s, FK_SLICE("a"), FK_SLICE("c")) == FK_OK);
    CHECK(!selector_matches(&s, &l, &(uint64_t){1 << 20}));
}

TAP_MAIN
