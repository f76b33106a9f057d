/*
 * A load plan: who is asked what, how often, for how long. Read from a text
 * of `key = value` lines in sections, strictly: an unknown key, a missing
 * unit or a duplicate name is an error that names file, line and column, and
 * all errors of a file are reported. docs/load-plans.md is the grammar.
 *
 * Constant after plan_parse, readable by any thread; owns its memory; strings
 * end with NUL. Limits: PLAN_MAX_* below.
 */
#ifndef FK_LOADGEN_PLAN_H
#define FK_LOADGEN_PLAN_H

#include "common/arena.h"
#include "common/buf.h"
#include "loadgen/metric.h"
#include "loadgen/template.h"

enum {
    PLAN_MAX_TEXT = 1024 * 1024,
    PLAN_MAX_LINE = 64 * 1024,
    PLAN_MAX_PHASES = 64,
    PLAN_MAX_ENDPOINTS = 64,
    PLAN_MAX_MIX = 32,
    PLAN_MAX_WEIGHTS = 1000, /* sum of a mix, after reduction */
    PLAN_MAX_THRESHOLDS = 64,
    PLAN_MAX_KEYS = 100000,
    PLAN_MAX_CLIENTS = 1000,
    PLAN_MAX_REGIONS = 8,
};

enum plan_markers { MARKERS_ON, MARKERS_HIDDEN, MARKERS_OFF };

enum plan_arrival {
    ARRIVE_NONE,
    ARRIVE_CONSTANT,
    ARRIVE_POISSON,
    ARRIVE_RAMP,
    ARRIVE_CLIENTS, /* closed loop: the next request follows an answer */
};

struct plan_arrive {
    enum plan_arrival kind;
    double rate, rate_end; /* a second; equal unless a ramp */
    uint32_t clients;
    int64_t think_ns; /* between an answer and the next request */
};

enum plan_key_kind { KEYS_UNIFORM, KEYS_ZIPF, KEYS_UNIQUE };

struct plan_keys {
    enum plan_key_kind kind;
    uint32_t count;
    double exponent; /* zipf */
};

struct plan_endpoint {
    const char *name;
    bool post;
    struct template path, body;
    uint32_t weight;            /* 0 = only by a mix */
    int expect_status;          /* 0 = any of 2xx */
    const char *expect_content; /* part of the answer, or NULL */
    int64_t expect_bytes;       /* at most; 0 = any */
};

/* An instance of the service; a plan without regions has its target alone. */
struct plan_region {
    const char *name;
    const char *target; /* "" = the plan's */
};

struct plan_mix {
    uint32_t endpoint; /* index */
    uint32_t region;   /* index; 0 without regions */
    uint32_t weight;   /* reduced: all of a mix sum up to a block */
};

struct plan_phase {
    const char *name;
    const char *label;  /* marker text, or NULL */
    const char *expect; /* what a check asserts, kept as text, or NULL */
    const char *before; /* fault of the demo app while it lasts, or NULL */
    const char *header; /* "Name: value" of its requests, or NULL */
    int64_t duration_ns;
    int64_t offset_min_ns, offset_max_ns; /* idle time before the start */
    int64_t timeout_ns;                   /* 0 = the plan's */
    struct plan_arrive arrive;
    struct plan_keys keys;
    struct plan_mix mix[PLAN_MAX_MIX];
    uint32_t num_mix, block; /* requests after which a mix is exact */
    bool record;             /* counts in the totals */
    bool ask;                /* wait for Enter after it */
    uint32_t repeat;         /* until plan_parse has made the copies */
    unsigned line;
};

struct plan {
    struct fk_arena arena;
    const char *name, *instance, *target;
    int64_t version;
    uint64_t seed;
    enum plan_markers markers;
    int64_t snap_ns, drain_ns, gap_ns, timeout_ns;
    int64_t max_inflight, per_connection; /* 0 = as many as it lasts */
    double abort_late, abort_errors;      /* shares; 1 = never */
    struct plan_phase phases[PLAN_MAX_PHASES];
    uint32_t num_phases;
    struct plan_endpoint endpoints[PLAN_MAX_ENDPOINTS];
    uint32_t num_endpoints;
    struct plan_region regions[PLAN_MAX_REGIONS];
    uint32_t num_regions;
    struct plan_threshold thresholds[PLAN_MAX_THRESHOLDS];
    uint32_t num_thresholds;
};

/* Value of an environment variable, or NULL. */
typedef const char *plan_env_fn(const char *name);

struct plan_source {
    const char *file; /* for messages */
    struct fk_slice text;
    plan_env_fn *env;
};

/* FK_ERR_FORMAT: `errors` holds a line a mistake; plan_free either way. */
FK_MUST_USE enum fk_err plan_parse(
    const struct plan_source *source, struct plan **out, struct fk_buf *errors);
void plan_free(struct plan *p);

/* Index of the endpoint, or num_endpoints; the same for regions. */
uint32_t plan_find_endpoint(const struct plan *p, struct fk_slice name);
uint32_t plan_find_region(const struct plan *p, struct fk_slice name);
/* Make the whole plan last `total_ns`, in proportion. */
void plan_stretch(struct plan *p, int64_t total_ns);
/* Durations divided, rates multiplied: the same requests in less time. */
void plan_speed_up(struct plan *p, double factor);

/* As it will be played, one fact a line: the base of its digest. */
void plan_print(const struct plan *p, struct fk_buf *out);
uint64_t plan_digest(const struct plan *p);

#endif
