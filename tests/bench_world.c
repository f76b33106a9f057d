#include "tests/bench_world.h"

#include "common/clock.h"
#include "common/rng.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NEW_FRAMES = 4, /* of a stack; it shares the others */
    MAX_DRAWS = 1000,
    MAX_PODS = 6000,
    SAMPLE_NS = 10000000,
};

const struct bench_set bench_closed = {"closed", 2000, 1000, 1, 1.0};
const struct bench_set bench_open = {"open", 60000, 500, 20, 1.3};

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ---- the profiles ---- */

static void make_frames(struct bench_world *w)
{
    for (int64_t i = 0; i < BENCH_FUNCTIONS; i++) {
        char name[80], file[64];
        snprintf(name, sizeof name, "workshop::module_%lld::function_%lld",
            (long long)(i / 50), (long long)i);
        snprintf(file, sizeof file, "src/service/module_%lld.cc",
            (long long)(i / 50));
        w->frames[i] =
            (struct store_frame){fk_arena_dup(&w->arena, fk_slice_of(name)),
                fk_arena_dup(&w->arena, fk_slice_of(file)), i % 50 * 20};
    }
}

static void make_stacks(struct bench_world *w)
{
    for (uint64_t i = 0; i < w->set->stacks; i++) {
        uint32_t *frames =
            fk_arena_array(&w->arena, BENCH_DEPTH, sizeof *frames);
        uint32_t shared = i ? BENCH_DEPTH - NEW_FRAMES : 0;
        if (i)
            memcpy(frames, w->stacks[fk_rng_below(fk_rng_at(1, i), i)].frames,
                shared * sizeof *frames);
        for (uint32_t k = shared; k < BENCH_DEPTH; k++)
            frames[k] = (uint32_t)fk_rng_below(
                fk_rng_at(2, i * BENCH_DEPTH + k), BENCH_FUNCTIONS);
        w->stacks[i] = (struct store_stack){frames, BENCH_DEPTH};
    }
}

static uint32_t draw(const struct bench_world *w, uint64_t x)
{
    double u = fk_rng_unit(x);
    uint32_t low = 0, high = w->set->stacks - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->share[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int by_stack(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void make_pattern(struct bench_world *w, uint64_t number)
{
    uint32_t drawn[MAX_DRAWS];
    struct bench_pattern *p = &w->patterns[number];
    uint32_t n = w->set->draws;
    for (uint64_t i = 0; i < n; i++)
        drawn[i] = draw(w, fk_rng_at(3, number * MAX_DRAWS + i));
    qsort(drawn, n, sizeof *drawn, by_stack);
    p->n = 0;
    p->values = fk_arena_array(&w->arena, n, sizeof *p->values);
    for (uint32_t i = 0; i < n; i++) {
        if (!p->n || p->values[p->n - 1].stack != drawn[i])
            p->values[p->n++] = (struct store_value){drawn[i], 0};
        p->values[p->n - 1].value += SAMPLE_NS;
    }
    w->values += p->n;
}

struct bench_world *bench_world_new(const struct bench_set *set)
{
    struct bench_world *w = calloc(1, sizeof *w);
    double sum = 0;
    if (!w)
        bench_die("world", "out of memory");
    w->set = set;
    fk_arena_init(&w->arena, (size_t)256 << 20);
    make_frames(w);
    make_stacks(w);
    for (uint32_t i = 0; i < set->stacks; i++)
        w->share[i] = sum += 1 / pow(i + set->q, set->a);
    for (uint32_t i = 0; i < set->stacks; i++)
        w->share[i] /= sum;
    for (uint64_t i = 0; i < BENCH_PATTERNS; i++)
        make_pattern(w, i);
    return w;
}

void bench_world_free(struct bench_world *w)
{
    fk_arena_fini(&w->arena);
    free(w);
}

double bench_samples(const struct bench_world *w)
{
    return (double)w->values / BENCH_PATTERNS;
}

struct store_batch bench_batch(const struct bench_world *w,
    const struct store_profile *profiles, size_t count)
{
    return (struct store_batch){
        w->frames, BENCH_FUNCTIONS, w->stacks, w->set->stacks, profiles, count};
}

static struct fk_slice pod_name(uint32_t pod)
{
    static char names[MAX_PODS][16];
    if (!names[pod][0])
        snprintf(names[pod], sizeof names[pod], "pod-%u", pod);
    return fk_slice_of(names[pod]);
}

void bench_profile(struct store_profile *p, const struct bench_world *w,
    size_t number, uint32_t pod, int64_t time_ms)
{
    const struct bench_pattern *pattern = &w->patterns[number % BENCH_PATTERNS];
    *p = (struct store_profile){.time_ms = time_ms,
        .duration_ns = 10 * FK_NS_PER_S,
        .values = pattern->values,
        .num_values = pattern->n};
    if (fk_labels_set(&p->labels, FK_SLICE("__profile_type__"),
            FK_SLICE("process_cpu:cpu:nanoseconds:cpu:nanoseconds")) ||
        fk_labels_set(
            &p->labels, FK_SLICE("service_name"), FK_SLICE("bench")) ||
        fk_labels_set(&p->labels, FK_SLICE("pod"), pod_name(pod)))
        bench_die("labels", "too many");
}

/* ---- what comes out ---- */

void bench_at_least(
    const char *name, double value, const char *unit, double goal)
{
    printf("bench %s %.3g %s goal %g %s\n", name, value, unit, goal,
        value >= goal ? "ok" : "short");
    fflush(stdout);
}

void bench_at_most(
    const char *name, double value, const char *unit, double goal)
{
    printf("bench %s %.3g %s goal %g %s\n", name, value, unit, goal,
        value <= goal ? "ok" : "short");
    fflush(stdout);
}

void bench_dir(const char *program, char path[64])
{
    mkdir("build", 0755);
    snprintf(path, 64, "build/%s.XXXXXX", program);
    if (!mkdtemp(path))
        bench_die("mkdtemp", path);
}

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void bench_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
