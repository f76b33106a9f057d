/* GET /pyroscope/render, render-diff and label-values: flame graphs as one
 * plain JSON document (spec/pyroscope-api 10). GET /render and /render-diff,
 * of servers before 1.0 (15), are the same with more formats and names. */
#include "common/clock.h"
#include "common/gzip.h"
#include "server/attime.h"
#include "server/collapsed.h"
#include "server/dot.h"
#include "server/flamebearer.h"
#include "server/legacy.h"
#include "server/query_labels.h"
#include "server/render_doc.h"
#include "server/request_query.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/timeline.h"
#include "server/timeseries.h"

#include <stdlib.h>

struct render {
    struct request *request;
    struct query query;
    enum fk_err incomplete;
    struct query_select side[TREE_SIDES];
    int64_t max_nodes;
    bool legacy;
    struct fk_diag why;
};

/* ---- parameters -------------------------------------------------------- */

/* Names of the parameters of one selection. */
struct names {
    const char *query, *from, *until;
};

static const struct names plain = {"query", "from", "until"};
static const struct names sides[TREE_SIDES] = {
    {"leftQuery", "leftFrom", "leftUntil"},
    {"rightQuery", "rightFrom", "rightUntil"},
};

/* The profile type is a matcher of the selector, mostly its metric name.
 * It leaves the selector, which gets the label that the store knows. */
static enum fk_err take_type(
    struct query_select *s, const char *param, struct fk_diag *why)
{
    struct selector *sel = &s->selector;
    for (uint32_t i = 0; i < sel->count; i++) {
        struct matcher m = sel->matcher[i];
        if (m.op != MATCH_EQ || (!fk_slice_eqz(m.name, "__name__") &&
                                    !fk_slice_eqz(m.name, "__profile_type__")))
            continue;
        enum fk_err err = profile_type_parse(m.value, &s->type, why);
        sel->matcher[i].name = FK_SLICE("__profile_type__");
        sel->matcher[i].value = s->type.id;
        return err;
    }
    return fk_diag_set(why, FK_ERR_FORMAT,
        "\"%s\" must contain a profile-type selection, such as "
        "process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name=\"x\"}",
        param);
}

static int64_t time_param(const struct request *r, const char *name)
{
    struct fk_slice text = fk_query_get(&r->query, name);
    return attime_parse(text, fk_wall_ns()) / FK_NS_PER_MS;
}

static enum fk_err read_query(
    struct render *d, const char *param, struct query_select *out)
{
    struct request *r = d->request;
    struct fk_slice text = fk_query_get(&r->query, param);
    struct fk_slice name = fk_query_get(&r->query, "name");
    struct fk_diag why = {""};
    if (!text.len && d->legacy && name.len)
        return legacy_select(&d->query, name, true, &r->arena, out, &d->why);
    if (!text.len)
        return fk_diag_set(&d->why, FK_ERR_FORMAT, "\"%s\" is required", param);
    if (d->legacy && legacy_is(text))
        return legacy_select(&d->query, text, false, &r->arena, out, &d->why);
    if (selector_parse(text, &r->arena, &out->selector, &why))
        return fk_diag_set(&d->why, FK_ERR_FORMAT, "failed to parse \"%s\": %s",
            param, why.text);
    return take_type(out, param, &d->why);
}

static enum fk_err read_side(
    struct render *d, const struct names *n, struct query_select *out)
{
    const struct request *r = d->request;
    *out = (struct query_select){
        .t0 = time_param(r, n->from), .t1 = time_param(r, n->until)};
    enum fk_err err =
        query_range_check(&d->query.limits, &out->t0, &out->t1, false, &d->why);
    return err ? err : read_query(d, n->query, out);
}

/* What is no number, and 0, stand for the default. */
static enum fk_err read_nodes(struct render *d)
{
    static const char *const names[] = {"max-nodes", "maxNodes"};
    for (size_t i = 0; i < 2; i++) {
        int64_t v;
        if (fk_slice_i64(fk_query_get(&d->request->query, names[i]), &v))
            d->max_nodes = v;
    }
    if (!d->max_nodes)
        d->max_nodes = d->query.limits.nodes_default;
    return query_nodes_check(&d->query.limits, d->max_nodes, &d->why);
}

static void render_init(struct render *d, struct request *r)
{
    *d = (struct render){.request = r,
        .legacy = !fk_slice_starts(r->path, FK_SLICE("/pyroscope/"))};
    request_query(r, &d->query, &d->incomplete);
}

static void render_reply(struct render *d, enum fk_err err)
{
    struct request *r = d->request;
    if (!err)
        err = r->reply.body.err;
    if (!err) {
        r->reply.status = 200;
        request_query_note(r, d->incomplete);
        return;
    }
    int status = err == FK_ERR_LIMIT ? 422 : reply_status_of(err);
    if (err == FK_ERR_LIMIT && !d->why.text[0])
        fk_diag_set(&d->why, err, QUERY_TOO_MUCH);
    fk_buf_reset(&r->reply.body);
    reply_error(
        r, status, "%s", d->why.text[0] ? d->why.text : fk_err_name(err));
}

/* ---- the document ------------------------------------------------------ */

/* Everything up to the timeline; ends inside the outermost object. */
static enum fk_err write_head(
    struct render *d, struct fk_json *out, struct tree *t, int num_sides)
{
    struct flamebearer f = {0};
    enum fk_err err = tree_finish(t);
    if (!err)
        err = tree_prune(t, d->max_nodes, num_sides);
    if (!err)
        err = flamebearer_init(&f, t, num_sides, &d->why);
    if (!err) {
        fk_json_object(out);
        fk_json_key(out, "version");
        fk_json_i64(out, 1);
        render_doc_graph(out, &f);
        render_doc_metadata(
            out, num_sides == 1 ? "single" : "double", &d->side[0].type);
    }
    flamebearer_fini(&f);
    return err;
}

static void write_end(struct render *d, struct fk_json *out)
{
    render_doc_null(out, "heatmap");
    fk_json_end(out);
    fk_buf_addc(&d->request->reply.body, '\n');
    d->request->reply.content_type = "application/json";
}

/* ---- render ------------------------------------------------------------ */

/* group NULL: an empty timeline. */
static enum fk_err write_timeline(struct render *d, struct fk_json *out,
    const struct timeseries *ts, const struct timeseries_group *group)
{
    struct timeline t;
    enum fk_err err =
        timeline_init(&t, d->side[0].t0, d->side[0].t1, ts->ask.step_ms / 1000);
    for (uint32_t i = 0; group && i < group->count && !err; i++) {
        const struct timeseries_cell *c = &ts->cell[group->first + i];
        timeline_set(&t, timeseries_time(ts, c), timeseries_value(ts, c));
    }
    if (!err)
        timeline_write(&t, out);
    timeline_fini(&t);
    return err;
}

static enum fk_err write_timelines(struct render *d, struct fk_json *out,
    const struct timeseries *ts, struct fk_slice group_by)
{
    fk_json_key(out, "timeline");
    enum fk_err err =
        write_timeline(d, out, ts, ts->num_groups == 1 ? &ts->group[0] : NULL);
    if (err || !group_by.len) {
        render_doc_null(out, "groups");
        return err;
    }
    fk_json_key(out, "groups");
    fk_json_object(out);
    for (uint32_t i = 0; i < ts->num_groups && !err; i++) {
        struct fk_slice value = label_bytes_get(ts->group[i].labels, group_by);
        fk_json_key_slice(out, value.len ? value : FK_SLICE("*"));
        err = write_timeline(d, out, ts, &ts->group[i]);
    }
    fk_json_end(out);
    return err;
}

/* Only the first groupBy names groups, so only it makes them. */
static enum fk_err add_timelines(struct render *d, struct fk_json *out)
{
    const struct query_select *s = &d->side[0];
    const struct fk_query *params = &d->request->query;
    struct fk_slice group_by = fk_query_get(params, "groupBy");
    struct timeseries ts;
    struct timeseries_ask ask = {
        .start_ms = s->t0,
        .end_ms = s->t1,
        .step_ms = timeline_step_s(s->t0, s->t1) * 1000,
        .group_by = &group_by,
        .num_group_by = group_by.len ? 1 : 0,
        .average = fk_slice_eqz(fk_query_get(params, "aggregation"), "avg"),
    };
    enum fk_err err = timeseries_init(&ts, &d->query, s, &ask, &d->why);
    if (!err)
        err = write_timelines(d, out, &ts, group_by);
    timeseries_fini(&ts);
    return err;
}

static enum fk_err answer_json(struct render *d, struct tree *t)
{
    struct fk_json out;
    fk_json_init(&out, &d->request->reply.body);
    enum fk_err err = write_head(d, &out, t, 1);
    if (!err)
        err = add_timelines(d, &out);
    if (!err)
        write_end(d, &out);
    return err;
}

static enum fk_err answer_dot(struct render *d, struct tree *t)
{
    enum fk_err err = tree_finish(t);
    if (!err)
        err = tree_prune(t, DOT_SOURCE_NODES, 1);
    if (!err)
        err = dot_write(
            t, &d->side[0].type, DOT_FUNCTIONS, &d->request->reply.body);
    d->request->reply.content_type = "text/plain; charset=utf-8";
    return err;
}

static enum fk_err answer_collapsed(struct render *d, struct tree *t)
{
    enum fk_err err = tree_finish(t);
    if (!err)
        err = collapsed_write(t, &d->request->reply.body);
    d->request->reply.content_type = "text/plain; charset=utf-8";
    return err;
}

static enum fk_err answer_pprof(struct render *d, struct tree *t)
{
    struct fk_buf plain_bytes;
    (void)t;
    fk_buf_init(&plain_bytes, d->request->reply.body.limit);
    enum fk_err err =
        query_pprof(&d->query, &d->side[0], 0, &plain_bytes, &d->why);
    if (!err)
        err = fk_gzip_write(
            fk_buf_slice(&plain_bytes), 6, &d->request->reply.body);
    fk_buf_fini(&plain_bytes);
    d->request->reply.content_type = "application/octet-stream";
    return err;
}

/* The first is also what stands for the names that are not known under
 * /pyroscope, where a format is never an error. */
static const struct format {
    const char *name;
    enum fk_err (*answer)(struct render *d, struct tree *t);
    bool legacy; /* only there */
    bool tree;   /* made of one */
} formats[] = {
    {"json", answer_json, false, true},
    {"dot", answer_dot, false, true},
    {"collapsed", answer_collapsed, true, true},
    {"pprof", answer_pprof, true, false},
};

static const struct format *read_format(struct render *d)
{
    struct fk_slice name = fk_query_get(&d->request->query, "format");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (fk_slice_eqz(name, formats[i].name) &&
            d->legacy >= formats[i].legacy)
            return &formats[i];
    if (!d->legacy || !name.len)
        return &formats[0];
    fk_diag_set(
        &d->why, FK_ERR_FORMAT, "format must be json, dot, collapsed or pprof");
    return NULL;
}

static void render(struct request *r)
{
    struct render d;
    struct tree t;
    render_init(&d, r);
    const struct format *format = read_format(&d);
    enum fk_err err = tree_init(&t);
    if (!err && !format)
        err = FK_ERR_FORMAT;
    if (!err)
        err = read_side(&d, &plain, &d.side[0]);
    if (!err)
        err = read_nodes(&d);
    if (!err && format->tree)
        err = query_tree(&d.query, &d.side[0], TREE_LEFT, &t, &d.why);
    if (!err)
        err = format->answer(&d, &t);
    tree_fini(&t);
    render_reply(&d, err);
}

/* ---- render-diff ------------------------------------------------------- */

static enum fk_err answer_diff(struct render *d, struct tree *t)
{
    struct fk_json out;
    fk_json_init(&out, &d->request->reply.body);
    enum fk_err err = write_head(d, &out, t, 2);
    if (err)
        return err;
    render_doc_ticks(&out, t);
    render_doc_null(&out, "timeline");
    render_doc_null(&out, "groups");
    write_end(d, &out);
    return FK_OK;
}

static void render_diff(struct request *r)
{
    struct render d;
    struct tree t;
    render_init(&d, r);
    enum fk_err err = tree_init(&t);
    for (int s = 0; s < TREE_SIDES && !err; s++)
        err = read_side(&d, &sides[s], &d.side[s]);
    if (!err && !fk_slice_eq(d.side[0].type.id, d.side[1].type.id))
        err = fk_diag_set(&d.why, FK_ERR_FORMAT, "profile types must match");
    if (!err)
        err = read_nodes(&d);
    for (int s = 0; s < TREE_SIDES && !err; s++)
        err = query_tree(&d.query, &d.side[s], s, &t, &d.why);
    if (!err)
        err = answer_diff(&d, &t);
    tree_fini(&t);
    render_reply(&d, err);
}

/* ---- label-values ------------------------------------------------------ */

static enum fk_err write_values(
    struct render *d, struct query_labels *what, struct intern *set)
{
    enum fk_err err = query_labels_values(&d->query, what, set);
    uint32_t *order = err ? NULL : intern_sorted(set, NULL);
    if (!err && !order)
        err = FK_ERR_NOMEM;
    struct fk_json out;
    fk_json_init(&out, &d->request->reply.body);
    fk_json_array(&out);
    for (uint32_t i = 0; i < set->count && !err; i++)
        fk_json_str(&out, set->text[order[i]]);
    fk_json_end(&out);
    fk_buf_addc(&d->request->reply.body, '\n');
    free(order);
    return err;
}

/* label=__name__ means profile types, of the last hour as all of them. */
static void label_values(struct request *r)
{
    struct render d;
    struct selector all;
    struct intern set;
    render_init(&d, r);
    selector_init(&all);
    intern_init(&set, QUERY_LABELS_MAX, QUERY_LABELS_MAX_BYTES);
    struct query_labels what = {
        .selector = &all,
        .t0 = fk_wall_ns() / FK_NS_PER_MS - 3600 * 1000,
        .t1 = QUERY_MAX_MS,
        .name = fk_query_get(&r->query, "label"),
    };
    if (fk_slice_eqz(what.name, "__name__"))
        what.name = FK_SLICE("__profile_type__");
    enum fk_err err = what.name.len ? write_values(&d, &what, &set)
                                    : fk_diag_set(&d.why, FK_ERR_FORMAT,
                                          "label parameter is required");
    r->reply.content_type = "application/json";
    intern_fini(&set);
    render_reply(&d, err);
}

const struct route api_render_routes[] = {
    {"GET", "/pyroscope/render", render, 0, ROUTE_PLAIN,
        "A flame graph and a timeline as JSON, or a graph as dot.", LANE_QUERY},
    {"GET", "/pyroscope/render-diff", render_diff, 0, ROUTE_PLAIN,
        "A flame graph that compares two selections.", LANE_QUERY},
    {"GET", "/pyroscope/label-values", label_values, 0, ROUTE_PLAIN,
        "Values of a label in the last hour.", LANE_QUERY},
    {"GET", "/render", render, 0, ROUTE_PLAIN,
        "A flame graph of an application as JSON, pprof, dot or folded text.",
        LANE_QUERY},
    {"GET", "/render-diff", render_diff, 0, ROUTE_PLAIN,
        "A comparison of two selections of applications.", LANE_QUERY},
    {0},
};
