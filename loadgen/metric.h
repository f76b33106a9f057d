/*
 * What a threshold of a plan says: METRIC OP VALUE, for all requests or for
 * one phase or endpoint. threshold.h judges it.
 */
#ifndef FK_LOADGEN_METRIC_H
#define FK_LOADGEN_METRIC_H

enum plan_metric {
    METRIC_ERRORS, /* share of completed requests */
    METRIC_LATE,   /* share of sent requests */
    METRIC_RATE,   /* share of the planned requests */
    METRIC_P50,
    METRIC_P90,
    METRIC_P95,
    METRIC_P99,
    METRIC_P999,
    METRIC_MEAN,
    METRIC_MAX,
};

enum plan_op { OP_LT, OP_LE, OP_GT, OP_GE };

struct plan_threshold {
    const char *text;  /* as written */
    const char *scope; /* phase or endpoint, NULL = all */
    enum plan_metric metric;
    enum plan_op op;
    double value; /* share 0..1, or ns */
    unsigned line;
};

#endif
