/*
 * The keys of each section of a plan and how their values are read: three
 * tables. plan_read.c finds lines and sections, this knows what they say.
 */
#ifndef FK_LOADGEN_PLAN_FIELDS_H
#define FK_LOADGEN_PLAN_FIELDS_H

#include "loadgen/plan.h"
#include "loadgen/value.h"

/* The plan that is being read, and what waits for its end. */
struct draft {
    struct plan *plan;
    struct plan_phase *phase;       /* the section at hand */
    struct plan_endpoint *endpoint; /* the section at hand */
    struct plan_region *region;     /* the section at hand */
    struct value mix[PLAN_MAX_PHASES];
    struct value regions[PLAN_MAX_PHASES];
    struct value only_phases[PLAN_MAX_ENDPOINTS]; /* of an endpoint */
    struct value_errors errors;
};

struct field {
    const char *name;
    bool required;
    void (*read)(struct draft *d, struct value *v);
};

extern const struct field fields_global[], fields_phase[], fields_endpoint[],
    fields_region[];

/* NUL-terminated, in the plan's arena. */
const char *field_text(struct draft *d, struct fk_slice s);
/* [thresholds] holds lines of its own form: SCOPE.METRIC OP VALUE. */
void field_threshold(struct draft *d, struct value *v);

#endif
