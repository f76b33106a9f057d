/*
 * Profiles as a busy service has them, for the benchmarks of store and
 * server, and how these report. Two kinds: a closed set (2,000 stacks 23
 * deep, drawn by Zipf's law, some 390 different ones in a profile) and an
 * open one (60,000 stacks with a long tail). A failure ends the program.
 */
#ifndef FK_TESTS_BENCH_WORLD_H
#define FK_TESTS_BENCH_WORLD_H

#include "common/arena.h"
#include "server/store.h"

enum {
    BENCH_DEPTH = 23,
    BENCH_FUNCTIONS = 3000,
    BENCH_MAX_STACKS = 60000,
    BENCH_PATTERNS = 300, /* different profiles, used again and again */
};

struct bench_set {
    const char *name;
    uint32_t stacks, draws;
    double q, a; /* weight of the i-th stack: 1 / (i + q)^a */
};

extern const struct bench_set bench_closed, bench_open;

struct bench_pattern {
    struct store_value *values;
    size_t n;
};

struct bench_world {
    struct fk_arena arena;
    const struct bench_set *set;
    struct store_frame frames[BENCH_FUNCTIONS];
    struct store_stack stacks[BENCH_MAX_STACKS];
    struct bench_pattern patterns[BENCH_PATTERNS];
    double share[BENCH_MAX_STACKS]; /* cumulated, ends at 1 */
    size_t values;                  /* of all patterns */
};

struct bench_world *bench_world_new(const struct bench_set *set);
void bench_world_free(struct bench_world *w);
/* Values of a profile, on average. */
double bench_samples(const struct bench_world *w);
/* A batch of these profiles, which say stacks of this world. */
struct store_batch bench_batch(const struct bench_world *w,
    const struct store_profile *profiles, size_t count);
/* A profile with the values of pattern number % BENCH_PATTERNS. */
void bench_profile(struct store_profile *p, const struct bench_world *w,
    size_t number, uint32_t pod, int64_t time_ms);

_Noreturn void bench_die(const char *what, const char *why);
/* bench NAME VALUE UNIT goal GOAL ok|short */
void bench_at_least(
    const char *name, double value, const char *unit, double goal);
void bench_at_most(
    const char *name, double value, const char *unit, double goal);
/* A new folder below build/, named by the program, and its end. */
void bench_dir(const char *program, char path[64]);
void bench_remove(const char *path);

#endif
