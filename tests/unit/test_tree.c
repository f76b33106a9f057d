#include "server/tree.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

static struct folded f;

static void check_folded(const struct tree *t, int side, const char *want)
{
    struct fk_buf out;
    fk_buf_init(&out, 1 << 20);
    fk_buf_adds(&out, "");
    folded_write(t, side, &out);
    CHECK_STR(out.len ? out.ptr : "", want);
    fk_buf_fini(&out);
}

static void make_tree(struct tree *t, const char *left, const char *right)
{
    CHECK(tree_init(t) == FK_OK);
    folded_read(&f, left);
    folded_add(&f, t, TREE_LEFT);
    folded_read(&f, right);
    folded_add(&f, t, TREE_RIGHT);
    CHECK(tree_finish(t) == FK_OK);
}

TEST(tree_sorts_siblings_and_adds_up)
{
    struct tree t;
    make_tree(&t, "b;z 1\nb;a 2\na 3\nb 4\na;x 5", "");
    check_folded(&t, TREE_LEFT, "a 3\na;x 5\nb 4\nb;a 2\nb;z 1\n");
    CHECK_INT(t.node[0].total[TREE_LEFT], 15);
    CHECK_INT(t.node[0].count, 2);
    CHECK_INT(t.node[1].total[TREE_LEFT], 8);
    CHECK_INT(t.node[2].total[TREE_LEFT], 7);
    tree_fini(&t);
}

TEST(tree_merges_tries_by_name)
{
    struct tree t;
    CHECK(tree_init(&t) == FK_OK);
    folded_read(&f, "a;b 1\nc 2");
    folded_add(&f, &t, TREE_LEFT);
    folded_read(&f, "c;d 10\na;b 20\na 30");
    folded_add(&f, &t, TREE_LEFT);
    CHECK(tree_finish(&t) == FK_OK);
    check_folded(&t, TREE_LEFT, "a 30\na;b 21\nc 2\nc;d 10\n");
    tree_fini(&t);
}

TEST(tree_gives_both_sides_one_shape)
{
    struct tree t;
    make_tree(&t, "a;b 1\na;c 2\na;e 3", "a;b 4\na;d 8\na;e 12");
    check_folded(&t, TREE_LEFT, "a;b 1\na;c 2\na;e 3\n");
    check_folded(&t, TREE_RIGHT, "a;b 4\na;d 8\na;e 12\n");
    CHECK_INT(t.count, 6);
    tree_fini(&t);
}

TEST(tree_leaves_out_nodes_without_values)
{
    struct tree t;
    make_tree(&t, "a;b;c 0\nd 1", "");
    CHECK_INT(t.count, 2);
    tree_fini(&t);
}

TEST(tree_without_values_is_a_root)
{
    struct tree t;
    make_tree(&t, "", "");
    CHECK(tree_prune(&t, 4, 1) == FK_OK);
    CHECK_INT(t.count, 1);
    CHECK_INT(t.node[0].count, 0);
    tree_fini(&t);
}

TEST(tree_sums_saturate)
{
    struct tree t;
    make_tree(&t, "a 9223372036854775807\nb 9223372036854775807", "");
    CHECK_INT(t.node[0].total[TREE_LEFT], INT64_MAX);
    tree_fini(&t);
}

static const struct {
    const char *stacks;
    int max_nodes;
    const char *want;
} pruning[] = {
    {"foo;bar 1\nfoo;bar;baz 1\nfoo;qux 2\nfred;zoo 1\nfred;other 1", 4,
        "foo;bar 1\nfoo;bar;other 1\nfoo;qux 2\nfred;other 2\n"},
    {"a 1\nb 2\nc 3", 3, "a 1\nb 2\nc 3\n"},
    {"a 1\nb 2\nc 3", 2, "b 2\nc 3\nother 1\n"},
    {"a 1\nb 2\nc 3", 0, "a 1\nb 2\nc 3\n"},
    {"a 1\nb 2\nc 3", -1, "a 1\nb 2\nc 3\n"},
    /* Equal ones stay together: a few more than asked for. */
    {"a 1\nb 1\nc 1\nd 1", 2, "a 1\nb 1\nc 1\nd 1\n"},
    /* A function of this name is taken for the fold. */
    {"a;other;x 1\na;b 2", 100, "a;b 2\na;other 1\n"},
    {"a;b;c;d 1\ne 10", 1, "e 10\nother 1\n"},
};

TEST(tree_prunes_what_is_small_into_other)
{
    for (size_t i = 0; i < sizeof pruning / sizeof *pruning; i++) {
        struct tree t;
        make_tree(&t, pruning[i].stacks, "");
        CHECK(tree_prune(&t, pruning[i].max_nodes, 1) == FK_OK);
        check_folded(&t, TREE_LEFT, pruning[i].want);
        tree_fini(&t);
    }
}

TEST(tree_prunes_by_the_larger_side)
{
    struct tree t;
    make_tree(&t, "a;b 1\na;c 2", "a;b 4\na;c 8");
    CHECK(tree_prune(&t, 3, 2) == FK_OK);
    check_folded(&t, TREE_LEFT, "a;c 2\na;other 1\n");
    check_folded(&t, TREE_RIGHT, "a;c 8\na;other 4\n");
    tree_fini(&t);
}

TEST(tree_writes_bytes)
{
    struct tree t;
    struct fk_buf out;
    static const char want[] = "\0\0\1"
                               "\3foo\0\2"
                               "\3bar\2\0"
                               "\3baz\254\2\0";
    make_tree(&t, "foo;bar 2\nfoo;baz 300", "");
    fk_buf_init(&out, 1000);
    CHECK(tree_write(&t, &out) == FK_OK);
    CHECK_MEM(out.ptr, out.len, want, sizeof want - 1);
    fk_buf_reset(&out);
    tree_fini(&t);
    make_tree(&t, "", "");
    CHECK(tree_write(&t, &out) == FK_OK);
    CHECK_INT(out.len, 0);
    fk_buf_fini(&out);
    tree_fini(&t);
}

/* A stack a million frames deep must not be a stack of ours. */
TEST(tree_takes_any_depth)
{
    enum { DEPTH = 1000000 };

    uint32_t *parent = calloc(DEPTH, sizeof *parent);
    uint32_t *frame = calloc(DEPTH, sizeof *frame);
    int64_t *self = calloc(DEPTH, sizeof *self);
    for (uint32_t i = 1; i < DEPTH; i++)
        parent[i] = i - 1;
    self[DEPTH - 1] = 7;
    folded_read(&f, "f 1");
    struct tree_source deep = {DEPTH, parent, frame, self, folded_name, &f};
    struct tree t;
    CHECK(tree_init(&t) == FK_OK);
    CHECK(tree_add(&t, &deep, TREE_LEFT) == FK_OK);
    CHECK(tree_finish(&t) == FK_OK);
    CHECK(tree_prune(&t, 1000, 1) == FK_OK);
    CHECK_INT(t.count, DEPTH);
    CHECK_INT(t.node[1].total[TREE_LEFT], 7);
    tree_fini(&t);
    free(parent);
    free(frame);
    free(self);
}

TAP_MAIN
