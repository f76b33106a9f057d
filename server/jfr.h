/*
 * What Java's profilers send: a recording of Java Flight Recorder, or of
 * async-profiler in its format, becomes samples with stacks
 * (spec/pyroscope-api 16.2). Events that are not of a profile are passed by.
 *
 * Chunks are read one after the other; what they have in common (functions,
 * locations) is interned across them. Everything lives in the arena; names
 * may be views of the body. One thread.
 * Limits: those of jfr_file.h; 262,144 different samples; stacks 1,000 deep,
 * of which the root side is kept.
 */
#ifndef SERVER_JFR_H
#define SERVER_JFR_H

#include "common/arena.h"
#include "common/map.h"
#include "common/pprof.h"

#define JFR_MAX_SAMPLES (1u << 18)
#define JFR_MAX_STACK   1000

enum jfr_kind {
    JFR_CPU,
    JFR_WALL,
    JFR_IN_TLAB,
    JFR_OUTSIDE_TLAB,
    JFR_ALLOCATION,
    JFR_LOCK,
    JFR_PARK,
    JFR_LIVE,
    JFR_MALLOC,
    JFR_KINDS,
};

/* Ids of a LabelsSnapshot; 0 = none. */
struct jfr_tags {
    uint64_t context, span, span_name;
};

struct jfr_sample {
    enum jfr_kind kind;
    struct jfr_tags tags;
    const uint32_t *locations; /* leaf first */
    uint32_t depth;
    int64_t value[2]; /* how often, and how much where that is known */
};

struct jfr {
    struct fk_arena *arena;
    struct fk_slice event; /* what was sampled: "cpu", "wall"; may be empty */
    struct fk_pprof_function *functions;
    struct fk_pprof_location *locations;
    struct jfr_sample *samples;
    uint32_t num_functions, num_locations, num_samples;
    uint32_t cap_functions, cap_locations, cap_samples;
    struct fk_map by_name, by_line, by_sample;
};

/* `body` is not compressed. Always close. */
FK_MUST_USE enum fk_err jfr_open(struct jfr *j, struct fk_slice body,
    struct fk_arena *arena, struct fk_diag *diag);
void jfr_close(struct jfr *j);

#endif
