#include "loadgen/threshold.h"

#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct plan_threshold few_errors = {
    .text = "errors <= 5% (always)",
    .metric = METRIC_ERRORS,
    .op = OP_LE,
    .value = 0.05,
};

static double quantile(const struct tally *t, double q)
{
    return (double)fk_hist_quantile(&t->response, q);
}

static double measure(
    enum plan_metric metric, const struct tally *t, double planned)
{
    switch (metric) {
    case METRIC_ERRORS:
        return tally_share(t->failed, tally_done(t));
    case METRIC_LATE:
        return tally_share(t->late, t->sent);
    case METRIC_RATE:
        return planned > 0 ? (double)t->sent / planned : 1;
    case METRIC_P50:
        return quantile(t, 0.5);
    case METRIC_P90:
        return quantile(t, 0.9);
    case METRIC_P95:
        return quantile(t, 0.95);
    case METRIC_P99:
        return quantile(t, 0.99);
    case METRIC_P999:
        return quantile(t, 0.999);
    case METRIC_MEAN:
        return fk_hist_mean(&t->response);
    case METRIC_MAX:
        return (double)t->response.max;
    }
    return 0;
}

static bool holds(double got, enum plan_op op, double wanted)
{
    switch (op) {
    case OP_LT:
        return got < wanted;
    case OP_LE:
        return got <= wanted;
    case OP_GT:
        return got > wanted;
    case OP_GE:
        return got >= wanted;
    }
    return false;
}

/* A name is a phase first, then an endpoint. */
static void find_scope(
    const struct plan *p, const char *scope, int *phase, int *endpoint)
{
    *phase = *endpoint = -1;
    if (!scope)
        return;
    for (uint32_t i = 0; i < p->num_phases && *phase < 0; i++)
        if (strcmp(p->phases[i].name, scope) == 0)
            *phase = (int)i;
    if (*phase < 0)
        *endpoint = (int)plan_find_endpoint(p, fk_slice_of(scope));
}

static void judge(const struct run *r, const struct plan_threshold *t,
    struct tally *sum, struct threshold_row *row)
{
    int phase, endpoint;
    find_scope(r->plan, t->scope, &phase, &endpoint);
    run_sum(r, phase, endpoint, sum);
    double got = measure(t->metric, sum, run_planned(r, phase, endpoint));
    row->text = t->text;
    row->held = sum->sent > 0 && holds(got, t->op, t->value);
    if (t->metric <= METRIC_RATE)
        snprintf(row->measured, sizeof row->measured, "%.1f%%", got * 100);
    else
        snprintf(
            row->measured, sizeof row->measured, "%.1fms", got / FK_NS_PER_MS);
}

int threshold_judge(
    const struct run *r, struct threshold_row rows[THRESHOLD_MAX_ROWS])
{
    struct tally *sum = tally_new();
    int n = 0;
    for (uint32_t i = 0; i < r->plan->num_thresholds; i++)
        judge(r, &r->plan->thresholds[i], sum, &rows[n++]);
    judge(r, &few_errors, sum, &rows[n++]);
    free(sum);
    return n;
}
