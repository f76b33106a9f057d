#include "server/flamebearer.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

#include <stdio.h>

static struct folded f;

/* A tree of either one side (right NULL) or two, pruned. */
static void make_tree(
    struct tree *t, const char *left, const char *right, int max_nodes)
{
    CHECK(tree_init(t) == FK_OK);
    folded_read(&f, left);
    folded_add(&f, t, TREE_LEFT);
    if (right) {
        folded_read(&f, right);
        folded_add(&f, t, TREE_RIGHT);
    }
    CHECK(tree_finish(t) == FK_OK);
    CHECK(tree_prune(t, max_nodes, right ? 2 : 1) == FK_OK);
}

/* "name,name|1,2,3,4 5,6,7,8|..." */
static void print(const struct flamebearer *fb, struct fk_buf *out)
{
    fk_buf_reset(out);
    for (uint32_t i = 0; i < fb->num_names; i++)
        fk_buf_printf(out, "%s" FK_SLICE_FMT, i ? "," : "",
            FK_SLICE_ARG(flamebearer_name(fb, i)));
    for (uint32_t level = 0; level < fb->num_levels; level++) {
        size_t n;
        const int64_t *v = flamebearer_level(fb, level, &n);
        for (size_t i = 0; i < n; i++)
            fk_buf_printf(out, "%s%lld",
                !i                   ? "|"
                : i % fb->width == 0 ? " "
                                     : ",",
                (long long)v[i]);
    }
    fk_buf_printf(out, "|total %lld max %lld", (long long)fb->total,
        (long long)fb->max_self);
}

static const struct {
    const char *left, *right;
    int max_nodes;
    const char *want;
} goldens[] = {
    {"", NULL, -1, "total|0,0,0,0|total 0 max 0"},
    {"a;b;e 1\na;c 2\na;c;d 1", NULL, -1,
        "total,a,c,d,b,e|0,4,0,0|0,4,0,1|0,1,0,4 0,3,2,2|0,1,1,5 2,1,1,3"
        "|total 4 max 2"},
    {"total;x 1", NULL, -1, "total,x|0,1,0,0|0,1,0,0|0,1,1,1|total 1 max 1"},
    {"a 1\nb 5\nc 5", NULL, 2,
        "total,other,c,b|0,11,0,0|0,5,5,3 0,5,5,2 0,1,1,1|total 11 max 5"},
    {"a;b 1\na;c 2", "a;b 4\na;c 8", 1024,
        "total,a,c,b|0,3,0,0,12,0,0|0,3,0,0,12,0,1|0,1,1,0,4,4,3 "
        "0,2,2,0,8,8,2|total 15 max 8"},
    {"a;b 1\na;c 2", "a;b 4\na;c 8", 2,
        "total,a,other|0,3,0,0,12,0,0|0,3,0,0,12,0,1|0,3,3,0,12,12,2"
        "|total 15 max 12"},
    {"a;b 1\na;c 2\na;e 3", "a;b 4\na;d 8\na;e 12", 1024,
        "total,a,e,d,c,b|0,6,0,0,24,0,0|0,6,0,0,24,0,1|0,1,1,0,4,4,5 "
        "0,2,2,0,0,0,4 0,0,0,0,8,8,3 0,3,3,0,12,12,2|total 30 max 12"},
};

TEST(flamebearer_encodes_the_goldens)
{
    struct fk_buf out;
    fk_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        struct tree t;
        struct flamebearer fb;
        make_tree(&t, goldens[i].left, goldens[i].right, goldens[i].max_nodes);
        CHECK(
            flamebearer_init(&fb, &t, goldens[i].right ? 2 : 1, NULL) == FK_OK);
        print(&fb, &out);
        CHECK_STR(out.ptr, goldens[i].want);
        flamebearer_fini(&fb);
        tree_fini(&t);
    }
    fk_buf_fini(&out);
}

TEST(flamebearer_refuses_negative_values)
{
    struct tree t;
    struct flamebearer fb;
    struct fk_diag diag = {""};
    make_tree(&t, "a;b 1\na;c -2", "a;b 4\na;c -8", 1024);
    CHECK(flamebearer_init(&fb, &t, 2, &diag) == FK_ERR_FORMAT);
    CHECK(strstr(diag.text, "negative"));
    flamebearer_fini(&fb);
    tree_fini(&t);
}

/* ---- a property: levels decode to what the definition says ------------- */

static uint64_t seed = 42;

static unsigned draw(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void random_stacks(struct fk_buf *out)
{
    unsigned lines = draw(40);
    fk_buf_reset(out);
    fk_buf_adds(out, "");
    for (unsigned i = 0; i < lines; i++) {
        unsigned depth = 1 + draw(6);
        fk_buf_adds(out, i ? "\n" : "");
        for (unsigned d = 0; d < depth; d++)
            fk_buf_printf(out, "%s%s", d ? ";" : "",
                (const char *[]){"a", "b", "c", "dd", "other"}[draw(5)]);
        fk_buf_printf(out, " %u", draw(20));
    }
}

/* One node as the definition of the encoding has it, slowly: nested name
 * tuples kept as paths, looked up by linear search. */
struct slow {
    char path[64];
    int64_t self[2], total[2];
    bool kept;
};

struct slow_tree {
    struct slow node[512];
    int count;
};

static struct slow *slow_node(struct slow_tree *t, const char *path)
{
    for (int i = 0; i < t->count; i++)
        if (!strcmp(t->node[i].path, path))
            return &t->node[i];
    CHECK(t->count < 512);
    struct slow *n = &t->node[t->count++];
    memset(n, 0, sizeof *n);
    snprintf(n->path, sizeof n->path, "%s", path);
    return n;
}

static void slow_add(struct slow_tree *t, const char *text, int side)
{
    struct fk_slice rest = fk_slice_of(text), line;
    while (rest.len && fk_slice_split(&rest, '\n', &line)) {
        size_t blank = (size_t)fk_slice_rfind(line, ' ');
        int64_t v;
        CHECK(fk_slice_i64(fk_slice_sub(line, blank + 1, line.len), &v));
        for (size_t i = 1; i <= blank && v; i++) {
            char path[64];
            if (i < blank && line.ptr[i] != ';')
                continue;
            snprintf(path, sizeof path, "%.*s", (int)i, line.ptr);
            struct slow *n = slow_node(t, path);
            n->total[side] += v;
            n->self[side] += i == blank ? v : 0;
        }
    }
}

static int64_t slow_weight(const struct slow *n)
{
    return n->total[0] > n->total[1] ? n->total[0] : n->total[1];
}

static int downwards(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* The weight a node needs to stay: that of the max_nodes-th heaviest. */
static int64_t slow_least(const struct slow_tree *t, int max_nodes, int sides)
{
    int64_t weight[513];
    int count = 0;
    for (int i = 0; i < t->count; i++)
        weight[count++] = slow_weight(&t->node[i]);
    if (sides == 2) {
        struct slow root = {.path = ""};
        for (int i = 0; i < t->count; i++)
            for (int s = 0; s < 2; s++)
                root.total[s] += t->node[i].self[s];
        weight[count++] = slow_weight(&root);
    }
    qsort(weight, (size_t)count, sizeof *weight, downwards);
    return max_nodes >= 1 && count > max_nodes ? weight[max_nodes - 1] : 0;
}

/* Where the values of a path go: the first node on it that does not stay,
 * too light or called other, takes all below. */
static void slow_cut(struct slow_tree *t, int64_t least, char path[72])
{
    char *name = path;
    for (;;) {
        char *end = strchr(name, ';');
        char kept = end ? *end : '\0';
        if (end)
            *end = '\0';
        if (slow_weight(slow_node(t, path)) < least || !strcmp(name, "other")) {
            snprintf(name, 72 - (size_t)(name - path), "other");
            return;
        }
        if (!end)
            return;
        *end = kept;
        name = end + 1;
    }
}

static bool is_below(const char *path, const char *above)
{
    size_t n = strlen(above);
    return !strncmp(path, above, n) && (path[n] == ';' || !path[n]);
}

static void slow_totals(struct slow_tree *t)
{
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->count; k++)
            for (int s = 0; s < 2; s++)
                if (is_below(t->node[k].path, t->node[i].path))
                    t->node[i].total[s] += t->node[k].self[s];
}

static void slow_prune(
    struct slow_tree *t, int max_nodes, int sides, struct slow_tree *out)
{
    int64_t least = slow_least(t, max_nodes, sides);
    out->count = 0;
    for (int i = 0; i < t->count; i++) {
        char path[72];
        snprintf(path, sizeof path, "%s", t->node[i].path);
        slow_cut(t, least, path);
        struct slow *to = slow_node(out, path);
        for (int s = 0; s < 2; s++)
            to->self[s] += t->node[i].self[s];
    }
    slow_totals(out);
}

/* Undo the encoding: every bar must lie inside a bar one level up, which is
 * its parent. Checks each against the slow tree. */
struct bar {
    int64_t x[2], total[2], self[2], used[2];
    char path[72];
};

static void decode_level(
    const struct flamebearer *fb, uint32_t level, struct bar *bars, int *count)
{
    size_t n;
    const int64_t *v = flamebearer_level(fb, level, &n);
    int sides = fb->width == 7 ? 2 : 1;
    int64_t x[2] = {0};
    *count = (int)(n / fb->width);
    for (int b = 0; b < *count; b++, v += fb->width)
        for (int s = 0; s < sides; s++) {
            bars[b].x[s] = x[s] + v[3 * s];
            bars[b].total[s] = v[3 * s + 1];
            bars[b].self[s] = v[3 * s + 2];
            bars[b].used[s] = v[3 * s + 2];
            x[s] = bars[b].x[s] + bars[b].total[s];
            snprintf(bars[b].path, sizeof bars[b].path, FK_SLICE_FMT,
                FK_SLICE_ARG(flamebearer_name(fb, (uint32_t)v[fb->width - 1])));
        }
}

static bool inside(const struct bar *up, const struct bar *b, int sides)
{
    for (int s = 0; s < sides; s++)
        if (b->x[s] != up->x[s] + up->used[s] ||
            b->x[s] + b->total[s] > up->x[s] + up->total[s])
            return false;
    return true;
}

/* The parent is the first bar above that still has room at exactly this
 * place and whose path is in the tree. */
static struct bar *parent_of(struct bar *up, int count, const struct bar *b,
    const struct slow_tree *want, int sides)
{
    for (int i = 0; i < count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s%s", up[i].path,
            up[i].path[0] ? ";" : "", b->path);
        if (!inside(&up[i], b, sides))
            continue;
        for (int k = 0; k < want->count; k++)
            if (!strcmp(want->node[k].path, path) && !want->node[k].kept)
                return &up[i];
    }
    return NULL;
}

static void check_bar(
    struct bar *b, struct bar *up, struct slow_tree *want, int sides)
{
    char path[160];
    snprintf(
        path, sizeof path, "%s%s%s", up->path, up->path[0] ? ";" : "", b->path);
    CHECK(strlen(path) < sizeof b->path);
    memcpy(b->path, path, strlen(path) + 1);
    struct slow *n = slow_node(want, b->path);
    CHECK(!n->kept);
    n->kept = true;
    for (int s = 0; s < sides; s++) {
        CHECK_INT(b->total[s], n->total[s]);
        CHECK_INT(b->self[s], n->self[s]);
        up->used[s] += b->total[s];
    }
}

static void check_against(
    const struct flamebearer *fb, struct slow_tree *want, int sides)
{
    static struct bar bars[2][512];
    int count[2];
    decode_level(fb, 0, bars[0], &count[0]);
    CHECK_INT(count[0], 1);
    bars[0][0].path[0] = '\0';
    for (uint32_t level = 1; level < fb->num_levels; level++) {
        struct bar *up = bars[(level - 1) & 1], *now = bars[level & 1];
        decode_level(fb, level, now, &count[level & 1]);
        for (int b = 0; b < count[level & 1]; b++) {
            struct bar *parent =
                parent_of(up, count[(level - 1) & 1], &now[b], want, sides);
            CHECK(parent);
            check_bar(&now[b], parent, want, sides);
        }
    }
    for (int i = 0; i < want->count; i++)
        CHECK(want->node[i].kept);
}

TEST(flamebearer_agrees_with_the_slow_definition)
{
    static struct slow_tree slow, want;
    struct fk_buf text[2];
    fk_buf_init(&text[0], 1 << 16);
    fk_buf_init(&text[1], 1 << 16);
    for (int round = 0; round < 2000; round++) {
        int sides = 1 + (int)draw(2), max_nodes = (int)draw(60) - 5;
        struct tree t;
        struct flamebearer fb;
        slow.count = 0;
        for (int s = 0; s < sides; s++) {
            random_stacks(&text[s]);
            slow_add(&slow, text[s].ptr, s);
        }
        slow_prune(&slow, max_nodes, sides, &want);
        make_tree(&t, text[0].ptr, sides == 2 ? text[1].ptr : NULL, max_nodes);
        CHECK(flamebearer_init(&fb, &t, sides, NULL) == FK_OK);
        CHECK_INT(t.count, want.count + 1);
        check_against(&fb, &want, sides);
        flamebearer_fini(&fb);
        tree_fini(&t);
    }
    fk_buf_fini(&text[0]);
    fk_buf_fini(&text[1]);
}

TAP_MAIN
