/*
 * What heap profiling costs a malloc/free pair, and how right it is. The
 * program links the hooks; the C library's own entry points are the base, in
 * alternating rounds of the same run, so that a busy machine shifts both.
 */
#include "agent/flamekit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/heap.h"
#include "common/clock.h"
#include "common/rng.h"

#define ROUNDS 1501
#define PAIRS  4000
#define LIVE   2000

void *__libc_malloc(size_t size);
void __libc_free(void *block);

struct family {
    void *(*take)(size_t);
    void (*give)(void *);
};

static void *live[LIVE];
static uint32_t sizes[PAIRS];
static uint64_t total_bytes;

__attribute__((noipa)) static double round_ns(const struct family *f)
{
    int64_t before = fk_mono_ns();
    for (unsigned i = 0; i < PAIRS; i++) {
        void **at = &live[(i * 7919u) % LIVE];
        f->give(*at);
        *at = f->take(sizes[i]);
    }
    return (double)(fk_mono_ns() - before) / PAIRS;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* What the second costs more than the first, by the best hundredth of many
 * rounds of a fraction of a millisecond: what a busy machine adds is all above
 * it. */
static double added_ns(void)
{
    static const struct family plain = {__libc_malloc, __libc_free},
                               front = {malloc, free};
    double a[ROUNDS], b[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        a[i] = round_ns(&plain);
        b[i] = round_ns(&front);
    }
    qsort(a, ROUNDS, sizeof(a[0]), ascending);
    qsort(b, ROUNDS, sizeof(b[0]), ascending);
    printf("# a pair without: %.1f ns\n", a[ROUNDS / 100]);
    return b[ROUNDS / 100] - a[ROUNDS / 100];
}

static void tell(const char *name, double value, const char *unit, double goal)
{
    printf("bench %s %.2f %s goal %.0f %s\n", name, value, unit, goal,
        value <= goal ? "ok" : "short");
}

static const struct flamekit_config *running;

/* Allocated bytes of the profile made now. */
static double drained_bytes(void)
{
    struct fk_profile p;
    uint64_t lost = 0;
    double bytes = 0;
    struct fk_arena arena;
    struct fk_pprof seen;
    struct fk_diag diag = {""};
    fk_arena_init(&arena, 64 << 20);
    fk_profile_init(&p, running, &fk_kind_memory, 1);
    if (fk_heap_drain(NULL, &p, &lost) == FK_OK &&
        fk_profile_finish(&p, 0, 1) == FK_OK &&
        fk_pprof_read(
            fk_buf_slice(&p.writer.body), NULL, &arena, &seen, &diag) == FK_OK)
        for (uint32_t i = 0; i < seen.num_samples; i++)
            bytes += (double)seen.samples[i].values[1];
    fk_profile_fini(&p);
    fk_arena_fini(&arena);
    return bytes;
}

/* 8 GB of random sizes are 16,000 samples: their sum is right to 0.8 %. */
static double estimate_error(void)
{
    static const struct family front = {malloc, free};
    double bytes = 0;
    drained_bytes();
    for (int round = 0; round < 500; round++) {
        round_ns(&front);
        bytes += (double)total_bytes;
    }
    return 100 * fabs(drained_bytes() / bytes - 1);
}

int main(void)
{
    flamekit_config config;
    for (unsigned i = 0; i < PAIRS; i++) {
        sizes[i] = 16 + (uint32_t)fk_rng_below(fk_rng_at(1, i), 8176);
        total_bytes += sizes[i];
    }
    flamekit_config_init(&config);
    config.application_name = "bench.heap";
    config.server_address = "http://127.0.0.1:9";
    config.log_level = FLAMEKIT_LOG_NONE;
    config.upload_interval_ms = 3600000;
    config.profile_types = FLAMEKIT_PROFILE_ALLOC;
    if (flamekit_configure(&config) != 0)
        return 1;
    running = &config;
    added_ns();
    flamekit_set_enabled(FLAMEKIT_PROFILE_ALLOC, 0);
    printf("# in front and switched off: %.2f ns a pair\n", added_ns());
    flamekit_set_enabled(FLAMEKIT_PROFILE_ALLOC, 1);
    tell("heap_pair_alloc", added_ns(), "ns", 4);
    flamekit_set_enabled(FLAMEKIT_PROFILE_INUSE, 1);
    tell("heap_pair_inuse", added_ns(), "ns", 10);
    tell("heap_estimate_error", estimate_error(), "percent", 3);
    return 0;
}
