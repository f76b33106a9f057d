#include "server/dot.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

static struct folded f;

static void draw(const char *stacks, uint32_t functions, struct fk_buf *out)
{
    static const char id[] = "process_cpu:cpu:nanoseconds::";
    struct profile_type type;
    struct tree t;
    CHECK(profile_type_parse(fk_slice_of(id), &type, NULL) == FK_OK);
    CHECK(tree_init(&t) == FK_OK);
    folded_read(&f, stacks);
    folded_add(&f, &t, TREE_LEFT);
    CHECK(tree_finish(&t) == FK_OK);
    fk_buf_init(out, 1 << 16);
    CHECK(dot_write(&t, &type, functions, out) == FK_OK);
    tree_fini(&t);
}

static const struct {
    const char *stacks;
    uint32_t functions;
    const char *has, *lacks;
} rows[] = {
    {"a;b 1\na;c 3", 9,
        "N1 [label=\"a\\n0 (0.00%)\\nof 4 (100.00%)\" shape=box]\n"
        "N2 [label=\"c\\n3 (75.00%)\\nof 3 (75.00%)\" shape=box]\n"
        "N3 [label=\"b\\n1 (25.00%)\\nof 1 (25.00%)\" shape=box]\n"
        "N1 -> N2 [label=\" 3\"]\nN1 -> N3 [label=\" 1\"]\n}\n",
        "N4"},
    /* Recursion counts once; calls from two places are one edge each. */
    {"a;a;b 2\nb 1", 9,
        "N2 [label=\"a\\n0 (0.00%)\\nof 2 (66.67%)\" shape=box]\n"
        "N2 -> N1 [label=\" 2\"]\nN2 -> N2 [label=\" 2\"]\n",
        "N3"},
    {"x;a;b 2\ny;a;b 3", 9, "N1 -> N2 [label=\" 5\"]", "label=\" 10\""},
    {"a;b;c 5\nd 1", 2, "N1 -> N2 [label=\" 5\"]", "N3"},
    {"say \"hi\" \\ 1", 9, "label=\"say \\\"hi\\\" \\\\\\n1", "say \"hi\""},
    {"a 1", 9, "Type: cpu\\lTotal: 1 nanoseconds", "->"},
};

TEST(dot_draws_functions_and_calls)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_buf out;
        draw(rows[i].stacks, rows[i].functions, &out);
        if (!strstr(out.ptr, rows[i].has))
            tap_fail(__FILE__, __LINE__, "lacks %s:\n%s", rows[i].has, out.ptr);
        if (strstr(out.ptr, rows[i].lacks))
            tap_fail(__FILE__, __LINE__, "has %s:\n%s", rows[i].lacks, out.ptr);
        fk_buf_fini(&out);
    }
}

TEST(dot_of_nothing_is_nothing)
{
    struct fk_buf out;
    draw("", 9, &out);
    CHECK_INT(out.len, 0);
    fk_buf_fini(&out);
}

TAP_MAIN
