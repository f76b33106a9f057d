/* Methods that answer with totals over time instead of stacks. */
#include "server/querier_call.h"

static enum fk_err read_ask(struct querier_call *c, struct query_select *select,
    struct timeseries_ask *out)
{
    struct querier_request *ask = &c->ask;
    enum fk_err err = query_range_check(
        &c->query.limits, &ask->start_ms, &ask->end_ms, false, &c->why);
    if (!err)
        err = profile_type_parse(ask->type_id, &select->type, &c->why);
    if (!err && !(ask->step_s >= 0.001))
        err = fk_diag_set(&c->why, FK_ERR_FORMAT, "step must be >= 1ms");
    if (!err)
        err = querier_select(c, ask, select);
    if (err)
        return err;
    double step_ms = ask->step_s * 1000;
    *out = (struct timeseries_ask){
        .start_ms = ask->start_ms,
        .end_ms = ask->end_ms,
        .step_ms =
            step_ms < (double)QUERY_MAX_MS ? (int64_t)step_ms : QUERY_MAX_MS,
        .group_by = ask->group_by.items,
        .num_group_by = ask->group_by.count,
        .exemplars = ask->exemplars == QUERIER_EXEMPLARS_INDIVIDUAL ||
                     ask->exemplars == QUERIER_EXEMPLARS_SPAN,
        .average = ask->aggregation == 1,
        .limit = ask->limit,
    };
    return FK_OK;
}

static enum fk_err refuse_spans(struct querier_call *c, const char *what)
{
    c->unimplemented = true;
    return fk_diag_set(&c->why, FK_ERR_ARG, "%s is not implemented", what);
}

enum fk_err querier_select_series(struct querier_call *c)
{
    struct query_select select;
    struct timeseries_ask ask;
    struct timeseries ts;
    enum fk_err err = read_ask(c, &select, &ask);
    if (!err && c->ask.exemplars == QUERIER_EXEMPLARS_SPAN)
        err = refuse_spans(c, "exemplar type span");
    if (err)
        return err;
    err = timeseries_init(&ts, &c->query, &select, &ask, &c->why);
    if (!err)
        querier_add_timeseries(&c->out, &ts);
    timeseries_fini(&ts);
    return err;
}

enum fk_err querier_select_heatmap(struct querier_call *c)
{
    struct query_select select;
    struct timeseries_ask ask;
    struct heatmap h;
    enum fk_err err = read_ask(c, &select, &ask);
    if (!err && c->ask.start_ms >= c->ask.end_ms)
        err = fk_diag_set(
            &c->why, FK_ERR_FORMAT, "start must be before end of the query");
    if (!err && c->ask.limit < 0)
        err = fk_diag_set(&c->why, FK_ERR_FORMAT, "limit must be >= 0");
    if (err)
        return err;
    err = heatmap_init(&h, &c->query, &select, &ask,
        c->ask.query_type == QUERIER_HEATMAP_SPAN, &c->why);
    if (!err)
        querier_add_heatmap(&c->out, &h);
    heatmap_fini(&h);
    return err;
}
