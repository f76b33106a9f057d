/* The heap as the agent sees it, in a program that links its hooks. Numbers
 * are the pitfalls of the agent's design. */
#include "agent/heap.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/poisson.h"
#include "common/rng.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE };

/* ---- the arithmetic ------------------------------------------------------ */

TEST(distances_have_their_mean)
{
    double sum = 0;
    for (uint64_t i = 0; i < 200000; i++)
        sum += (double)fk_poisson_distance(fk_rng_at(7, i), 524288);
    CHECK(fabs(sum / 200000 / 524288 - 1) < 0.01);
}

TEST(weights_are_those_of_the_formula)
{
    static const uint64_t sizes[] = {
        1, 16, 100, 4096, 65536, 524288, 1 << 20, 1 << 22, 1 << 28};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        double want = 1 / -expm1(-(double)sizes[i] / 524288);
        CHECK(fabs(fk_poisson_weight(sizes[i], 524288) / want - 1) < 1e-6);
    }
    CHECK_INT(fk_poisson_weight(0, 524288), 1);
}

#ifdef FK_SANITIZED

TEST(the_hooks_stand_where_the_sanitizer_stands)
{
    tap_skip("a sanitizer has its own malloc in front");
}

#else

__attribute__((noipa)) static void churn(size_t size, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        void *volatile p = malloc(size);
        free(p);
    }
}

static void start(size_t mean)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_ALLOC | FLAMEKIT_PROFILE_INUSE;
    c.alloc_sample_bytes = mean;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_flush(5000); /* the agent knows our code from here on */
    /* A thread sees within some kilobytes that somebody looks now. */
    for (int i = 0; i < 10; i++)
        free(memalign(64, 65536));
}

static struct received upload(void)
{
    struct received r;
    size_t len;
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned n = fake_server_count(host_server());
    const void *body = fake_server_body(host_server(), n - 1, &len);
    received_read(&r, body, len);
    CHECK_INT(r.profile.num_types, 4);
    return r;
}

static void *volatile kept[4096];

__attribute__((noipa)) static void make_all_kinds(void)
{
    size_t n = 0;
    void *aligned = NULL;
    kept[n++] = malloc(10);
    kept[n++] = calloc(3, 30);
    kept[n++] = realloc(NULL, 50);
    kept[n] = realloc(malloc(60), 100000);
    n++;
    kept[n] = realloc(malloc(1000), 20);
    n++;
    kept[n++] = reallocarray(NULL, 4, 25);
    CHECK_INT(posix_memalign(&aligned, 64, 640), 0);
    kept[n++] = aligned;
    kept[n++] = aligned_alloc(64, 128);
    kept[n++] = memalign(32, 96);
    kept[n++] = valloc(5000);
    kept[n] = NULL;
}

static void *free_all(void *unused)
{
    for (size_t n = 0; kept[n] != NULL; n++)
        free(kept[n]);
    return unused;
}

TEST(pitfall_32_in_use_returns_to_nothing)
{
    start(1);
    make_all_kinds();
    struct received r = upload();
    CHECK_INT(received_of(&r, INUSE_OBJECTS, "make_all_kinds"), 10);
    CHECK_INT(received_of(&r, INUSE_SPACE, "make_all_kinds"),
        10 + 90 + 50 + 100000 + 20 + 100 + 640 + 128 + 96 + 5000);
    CHECK_INT(received_of(&r, ALLOC_OBJECTS, "make_all_kinds"), 12);
    received_free(&r);
    pthread_t other;
    CHECK_INT(pthread_create(&other, NULL, free_all, NULL), 0);
    pthread_join(other, NULL);
    free(NULL);
    CHECK(malloc_usable_size(malloc(1)) > 0); /* something to upload */
    r = upload();
    CHECK_INT(received_of(&r, INUSE_OBJECTS, "make_all_kinds"), 0);
    CHECK_INT(received_of(&r, INUSE_SPACE, "make_all_kinds"), 0);
    CHECK_INT(received_of(&r, ALLOC_OBJECTS, "make_all_kinds"), 0);
    received_free(&r);
}

__attribute__((noipa)) static void fail_to_grow(void)
{
    kept[0] = malloc(700);
    errno = 0;
    volatile size_t much = PTRDIFF_MAX;
    void *none = realloc(kept[0], much - 4096);
    CHECK(none == NULL);
    CHECK_INT(errno, ENOMEM);
    CHECK(reallocarray(kept[0], much, 16) == NULL);
}

TEST(pitfall_32_a_failed_realloc_frees_nothing)
{
    start(1);
    fail_to_grow();
    struct received r = upload();
    CHECK_INT(received_of(&r, INUSE_OBJECTS, "fail_to_grow"), 1);
    CHECK_INT(received_of(&r, INUSE_SPACE, "fail_to_grow"), 700);
    received_free(&r);
    free(kept[0]);
}

/* The count of samples is Poisson's: its deviation is its root. */
static void estimate(size_t size, unsigned times)
{
    start(524288);
    churn(size, times);
    struct received r = upload();
    double objects = (double)received_of(&r, ALLOC_OBJECTS, "churn");
    double bytes = (double)received_of(&r, ALLOC_SPACE, "churn");
    double weight = fk_poisson_weight(size, 524288);
    double allowed = 4.5 / sqrt(times / weight);
    tap_diag("%zu bytes: %.2f %% off, %.2f allowed", size,
        100 * (bytes / ((double)size * times) - 1), 100 * allowed);
    CHECK(fabs(objects / times - 1) < allowed + 0.001);
    CHECK(fabs(bytes / ((double)size * times) - 1) < allowed + 0.001);
    received_free(&r);
}

TEST(pitfall_33_no_bias_for_tiny_blocks)
{
    estimate(16, 20000000);
}

TEST(pitfall_33_no_bias_for_large_blocks)
{
    estimate(1 << 20, 3000);
}

TEST(pitfall_34_the_filter_does_not_fill)
{
    start(256);
    for (int i = 0; i < 10; i++) {
        churn(200 + 16 * (size_t)i, 100000);
        received_free(&(struct received[]){upload()}[0]);
    }
    unsigned set = 0;
    for (size_t i = 0; i < FK_HEAP_FILTER_BITS / 64; i++)
        set += (unsigned)__builtin_popcountll(fk_heap_filter[i]);
    tap_diag("%u bits of %u set", set, FK_HEAP_FILTER_BITS);
    CHECK(set < FK_HEAP_FILTER_BITS / 100);
}

#define LEAKS      10000 /* blocks between two uploads */
#define LEAK_BYTES 1000

__attribute__((noipa)) static void leak(void)
{
    static void *volatile head;
    for (int i = 0; i < LEAKS; i++) {
        void **block = malloc(LEAK_BYTES);
        *block = head;
        head = block;
    }
}

/* 0.63 of the blocks are sampled: the slope's deviation is 0.7 %. */
TEST(the_slope_of_a_leak_is_true)
{
    int64_t first = 0, last = 0;
    start(LEAK_BYTES);
    for (int i = 0; i < 5; i++) {
        leak();
        churn(5000, 2000); /* what is given back is no leak */
        struct received r = upload();
        last = received_of(&r, INUSE_SPACE, "leak");
        first = i == 0 ? last : first;
        received_free(&r);
    }
    double slope = (double)(last - first) / (4.0 * LEAKS * LEAK_BYTES);
    tap_diag("%.2f %% of the truth", 100 * slope);
    CHECK(fabs(slope - 1) < 0.03);
}

#define MANY_BLOCKS (FK_HEAP_LIVE + 1000)

/* The table of sampled blocks grows to its limit, and not past it. */
TEST(pitfall_34_more_blocks_than_the_table_has_room_for)
{
    static void *blocks[MANY_BLOCKS];
    start(1);
    uint64_t lost = host_stats().heap_lost;
    for (size_t i = 0; i < FK_HEAP_LIVE / 2; i++)
        blocks[i] = malloc(24);
    CHECK_INT(host_stats().heap_lost, lost);
    for (size_t i = FK_HEAP_LIVE / 2; i < MANY_BLOCKS; i++)
        blocks[i] = malloc(24);
    CHECK(host_stats().heap_lost - lost >= 1000);
    CHECK(host_stats().heap_lost - lost < 2000);
    for (size_t i = 0; i < MANY_BLOCKS; i++)
        free(blocks[i]);
    kept[0] = malloc(24); /* there is room again */
    struct received r = upload();
    CHECK(received_total(&r, INUSE_OBJECTS) < 1000);
    CHECK(received_total(&r, INUSE_OBJECTS) > 0);
    received_free(&r);
    free(kept[0]);
}

static void *mix(void *seed)
{
    void *blocks[64] = {NULL};
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t r = fk_rng_at((uintptr_t)seed, i);
        void **at = &blocks[r % 64];
        switch (r >> 8 & 3) {
        case 0:
            *at = realloc(*at, 1 + (r >> 16) % 2000);
            break;
        case 1:
            free(*at);
            *at = calloc(1, 1 + (r >> 16) % 300);
            break;
        default:
            free(*at);
            *at = NULL;
        }
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return NULL;
}

TEST_TIMED(threads_end_with_nothing_in_use, 60)
{
    start(64);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, mix, (void *)(i + 1));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    struct received r = upload();
    CHECK(received_of(&r, ALLOC_OBJECTS, "mix") > 0);
    CHECK_INT(received_of(&r, INUSE_OBJECTS, "mix"), 0);
    CHECK_INT(received_of(&r, INUSE_SPACE, "mix"), 0);
    CHECK_INT(host_stats().heap_lost, 0);
    received_free(&r);
}

TEST(switched_off_nothing_is_sampled)
{
    start(1024);
    CHECK_INT(flamekit_set_enabled(
                  FLAMEKIT_PROFILE_ALLOC | FLAMEKIT_PROFILE_INUSE, 0),
        0);
    uint64_t before = host_stats().heap_samples;
    churn(1000, 10000);
    CHECK_INT(host_stats().heap_samples, before);
}

#endif

TAP_MAIN
