/*
 * What is compared in tests/bench/overhead.c: no profiler, an empty handler
 * of the same signals (what the kernel takes for them), this one, gperftools
 * and `perf record -g`. All of it in the process that is profiled; one of them
 * in a process, for their handlers stay.
 */
#ifndef FK_TESTS_BENCH_PROFILERS_H
#define FK_TESTS_BENCH_PROFILERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum bench_row {
    BENCH_NONE,
    BENCH_EMPTY_100,
    BENCH_EMPTY_1000,
    BENCH_OURS_100,
    BENCH_OURS_1000,
    BENCH_GPERF_100,
    BENCH_GPERF_1000,
    BENCH_PERF_1000,
    BENCH_ROWS
};

struct bench_profiler {
    const char *name;
    const char *goal;
    bool (*start)(unsigned rate); /* false: not installed here */
    void (*enable)(bool on);
    void (*end_turn)(void);
    int64_t (*own_cpu_ns)(void); /* outside of the program's threads */
    void (*stop)(void);
    unsigned rate;
};

extern const struct bench_profiler bench_profilers[BENCH_ROWS];

/* Somebody to take uploads, in a process to be killed; before all starts. */
pid_t bench_server_start(void);

#endif
