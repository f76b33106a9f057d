#include "server/repair_go.h"

#include "tests/tap.h"

#include <stdlib.h>

TEST(shapes_of_type_arguments_are_dropped)
{
    static const char *const rows[][2] = {
        {"main.Map[go.shape.int,go.shape.string]", "main.Map[...]"},
        {"a.(*Client[go.shape.*uint8,go.shape.[]int]).Call",
            "a.(*Client[...]).Call"},
        {"f[go.shape.int].g[go.shape.int]", "f[...].g[...]"},
        {"f[go.shape.int", "f[go.shape.int"},
        {"f[int]", "f[int]"},
        {"f[...]", "f[...]"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_arena arena;
        struct fk_pprof_function f = {.name = fk_slice_of(rows[i][0])};
        struct fk_pprof p = {.functions = &f, .num_functions = 1};
        fk_arena_init(&arena, 4096);
        CHECK_INT(repair_go(&p, &arena), FK_OK);
        CHECK_MEM(f.name.ptr, f.name.len, rows[i][1], strlen(rows[i][1]));
        fk_arena_fini(&arena);
    }
}

/* Stacks are runs of the numbers 0..: the leaf has the lowest one. */
static const uint32_t *run(uint32_t first)
{
    static uint32_t numbers[200];

    for (uint32_t i = 0; i < 200; i++)
        numbers[i] = i;
    return numbers + first;
}

struct heap {
    struct fk_pprof_type type;
    struct fk_pprof_sample samples[8];
    struct fk_pprof p;
    struct fk_arena arena;
};

static struct heap *heap_new(const char *type)
{
    struct heap *h = calloc(1, sizeof(*h));

    h->type = (struct fk_pprof_type){fk_slice_of(type), FK_SLICE("bytes")};
    h->p = (struct fk_pprof){
        .types = &h->type, .num_types = 1, .samples = h->samples};
    fk_arena_init(&h->arena, 1 << 20);
    return h;
}

static void heap_free(struct heap *h)
{
    fk_arena_fini(&h->arena);
    free(h);
}

static void add(struct heap *h, uint32_t first, uint32_t depth)
{
    h->samples[h->p.num_samples++] = (struct fk_pprof_sample){
        .locations = run(first), .num_locations = depth};
}

TEST(a_cut_stack_gets_the_root_of_one_that_is_whole)
{
    struct heap *h = heap_new("inuse_space");

    add(h, 0, 32);  /* 0..31, cut */
    add(h, 10, 40); /* 10..49, whole */
    CHECK_INT(repair_go(&h->p, &h->arena), FK_OK);
    CHECK_INT(h->p.samples[0].num_locations, 50);
    for (uint32_t i = 0; i < 50; i++)
        CHECK_INT(h->p.samples[0].locations[i], i);
    CHECK_INT(h->p.samples[1].num_locations, 40);
    heap_free(h);
}

TEST(cut_stacks_are_joined_one_after_the_other)
{
    struct heap *h = heap_new("alloc_space");

    add(h, 0, 32);
    add(h, 12, 32);
    add(h, 26, 30); /* ends at 55 */
    CHECK_INT(repair_go(&h->p, &h->arena), FK_OK);
    CHECK_INT(h->p.samples[0].num_locations, 56);
    CHECK_INT(h->p.samples[1].num_locations, 44);
    CHECK_INT(h->p.samples[0].locations[55], 55);
    heap_free(h);
}

TEST(what_does_not_agree_stays)
{
    struct heap *h = heap_new("inuse_space");

    add(h, 0, 32);
    add(h, 20, 100); /* only 12 frames in common */
    CHECK_INT(repair_go(&h->p, &h->arena), FK_OK);
    CHECK_INT(h->p.samples[0].num_locations, 32);
    heap_free(h);
    h = heap_new("cpu");
    add(h, 0, 32);
    add(h, 10, 40);
    CHECK_INT(repair_go(&h->p, &h->arena), FK_OK);
    CHECK_INT(h->p.samples[0].num_locations, 32);
    heap_free(h);
}

/* Recursion: the same frame again and again must come to an end. */
TEST(a_circle_ends)
{
    static uint32_t same[40];
    struct heap *h = heap_new("inuse_space");

    for (int i = 0; i < 8; i++)
        h->samples[h->p.num_samples++] =
            (struct fk_pprof_sample){.locations = same, .num_locations = 32};
    CHECK_INT(repair_go(&h->p, &h->arena), FK_OK);
    CHECK_INT(h->p.samples[0].num_locations, 32);
    heap_free(h);
}

TAP_MAIN
