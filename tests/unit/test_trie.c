#include "common/rng.h"
#include "server/trie.h"
#include "server/trie_page.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct trie *trie_of(uint32_t max_nodes, size_t max_bytes)
{
    struct trie_limits limits = {max_nodes, max_bytes};
    struct trie *t = trie_new(7, FK_SLICE("app"), &limits);
    CHECK(t);
    return t;
}

static uint32_t frame(struct trie *t, const char *name)
{
    struct store_frame f = {.name = fk_slice_of(name)};
    return trie_intern_frame(t, &f);
}

TEST(a_new_trie_has_a_root_and_other)
{
    struct trie *t = trie_of(100, 1 << 16);
    struct store_trie view;
    struct store_frame f;
    trie_view(t, &view);
    CHECK_INT(view.count, TRIE_FIXED);
    CHECK_INT(view.parent[TRIE_OTHER], TRIE_ROOT);
    CHECK(trie_frame_at(t, view.frame[TRIE_OTHER], &f));
    CHECK(fk_slice_eqz(f.name, "other"));
    CHECK(trie_frame_at(t, view.frame[TRIE_ROOT], &f));
    CHECK_INT(f.name.len, 0);
    CHECK_INT(trie_intern_stack(t, NULL, 0), TRIE_ROOT);
    trie_free(t);
}

TEST(stacks_share_their_prefixes)
{
    struct trie *t = trie_of(100, 1 << 16);
    uint32_t a = frame(t, "a"), b = frame(t, "b");
    uint32_t node = trie_intern_stack(t, (uint32_t[]){a, b, a}, 3);
    CHECK_INT(t->num_nodes, 5);
    CHECK_INT(trie_intern_stack(t, (uint32_t[]){a, b, a}, 3), node);
    CHECK_INT(trie_intern_stack(t, (uint32_t[]){a, b}, 2), t->parent[node]);
    CHECK_INT(t->num_nodes, 5);
    CHECK(trie_intern_stack(t, (uint32_t[]){b, a}, 2) != node);
    CHECK_INT(t->num_nodes, 7);
    trie_free(t);
}

TEST(frames_are_glued_by_nothing)
{
    static const struct {
        struct store_frame f;
    } rows[] = {
        {{FK_SLICE("ab"), FK_SLICE("c"), 1}},
        {{FK_SLICE("a"), FK_SLICE("bc"), 1}},
        {{FK_SLICE("abc"), {"", 0}, 1}},
        {{{"", 0}, FK_SLICE("abc"), 1}},
        {{FK_SLICE("ab"), FK_SLICE("c"), 2}},
        {{{"ab\0c", 4}, {"", 0}, 1}},
    };
    struct trie *t = trie_of(100, 1 << 16);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            CHECK_INT(trie_intern_frame(t, &rows[i].f), TRIE_FIXED + i);
    trie_free(t);
}

TEST(past_the_node_limit_stacks_are_other)
{
    struct trie *t = trie_of(20, 1 << 16);
    uint32_t known[5], node = 0;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        known[i] = frame(t, name);
    }
    uint32_t first = trie_intern_stack(t, known, 5);
    for (uint64_t i = 0; i < 500; i++) {
        uint32_t stack[6];
        for (int k = 0; k < 6; k++)
            stack[k] = known[fk_rng_at(3, i * 6 + (uint64_t)k) % 5];
        node = trie_intern_stack(t, stack, 6);
        CHECK(node < 20);
    }
    CHECK_INT(t->num_nodes, 20);
    CHECK(t->overflows > 400);
    CHECK_INT(node, TRIE_OTHER);
    CHECK_INT(trie_intern_stack(t, known, 5), first);
    trie_free(t);
}

TEST(past_the_text_limit_stacks_are_other)
{
    struct trie *t = trie_of(1000, 100000);
    char *name = malloc(30001);
    uint32_t id = 0;
    CHECK(name);
    memset(name, 'x', 30000);
    name[30000] = '\0';
    for (int i = 0; i < 10; i++) {
        name[0] = (char)('a' + i);
        id = frame(t, name);
    }
    CHECK_INT(id, TRIE_NONE);
    CHECK_INT(trie_intern_stack(t, &id, 1), TRIE_OTHER);
    CHECK_INT(t->overflows, 1);
    name[0] = 'a';
    CHECK_INT(frame(t, name), TRIE_FIXED);
    free(name);
    trie_free(t);
}

TEST(pages_bring_a_trie_back)
{
    struct trie *t = trie_of(1 << 14, 1 << 20), *copy;
    struct store_trie view;
    struct fk_buf page;
    uint32_t stack[8];
    for (uint64_t i = 0; t->num_nodes < 3000; i++) {
        for (uint64_t k = 0; k < 8; k++)
            stack[k] = (uint32_t)(fk_rng_at(1, i * 8 + k) % 2);
        trie_intern_stack(t, stack, 1 + (uint32_t)(i % 8));
        if (i > 2000)
            stack[0] = frame(t, (char[]){(char)('a' + i % 26), 0});
        trie_intern_stack(t, stack, 8);
    }
    copy = trie_of(1 << 14, 1 << 20);
    for (uint32_t i = TRIE_FIXED; i < t->num_texts; i++)
        CHECK_INT(trie_load_text(copy, t->texts[i]), 0);
    for (uint32_t i = TRIE_FIXED; i < t->num_frames; i++)
        CHECK_INT(trie_load_frame(copy, &t->frames[i]), 0);
    trie_view(t, &view);
    fk_buf_init(&page, 1 << 16);
    for (uint32_t i = 0; i * TRIE_PAGE_NODES < view.count; i++) {
        fk_buf_reset(&page);
        trie_page_encode(&page, &view, i);
        CHECK_INT(trie_page_load(copy, i + 1, fk_buf_slice(&page)),
            FK_ERR_CORRUPT); /* not where the trie ends */
        CHECK_INT(trie_page_load(copy, i, fk_buf_slice(&page)), 0);
    }
    fk_buf_fini(&page);
    CHECK_INT(copy->num_nodes, t->num_nodes);
    CHECK_MEM(copy->parent, copy->num_nodes * 4, t->parent, t->num_nodes * 4);
    CHECK_MEM(copy->frame, copy->num_nodes * 4, t->frame, t->num_nodes * 4);
    CHECK_INT(
        trie_intern_stack(copy, stack, 8), trie_intern_stack(t, stack, 8));
    trie_free(copy);
    trie_free(t);
}

TEST(a_page_with_any_bit_flipped_is_refused)
{
    struct trie *t = trie_of(TRIE_PAGE_NODES, 1 << 16);
    struct store_trie view;
    struct fk_buf page;
    uint32_t a = frame(t, "a");
    trie_intern_stack(t, (uint32_t[]){a, a, a}, 3);
    trie_view(t, &view);
    fk_buf_init(&page, 1000);
    trie_page_encode(&page, &view, 0);
    for (size_t bit = 0; bit < page.len * 8; bit++) {
        struct trie *copy = trie_of(TRIE_PAGE_NODES, 1 << 16);
        page.ptr[bit / 8] ^= (char)(1 << bit % 8);
        CHECK_INT(trie_page_load(copy, 0, fk_buf_slice(&page)), FK_ERR_CORRUPT);
        CHECK_INT(copy->num_nodes, TRIE_FIXED);
        page.ptr[bit / 8] ^= (char)(1 << bit % 8);
        trie_free(copy);
    }
    fk_buf_fini(&page);
    trie_free(t);
}

TAP_MAIN
