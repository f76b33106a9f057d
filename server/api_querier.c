/* querier.v1.QuerierService: one function a method between a request struct
 * and protobuf bytes; the protocol around them is the same for all. */
#include "common/clock.h"
#include "common/pb.h"
#include "server/connect.h"
#include "server/dot.h"
#include "server/querier_call.h"
#include "server/query_labels.h"
#include "server/request_query.h"
#include "server/routes.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = 1 << 20, MAX_ANSWER = 256 << 20 };

#define PATH "/querier.v1.QuerierService/"

/* ---- what requests have in common -------------------------------------- */

/* All matchers of all entries, as one AND. */
static enum fk_err join_matchers(struct querier_call *c, struct selector *out)
{
    const struct fk_slice *text = c->ask.matchers.items;
    selector_init(out);
    for (uint32_t i = 0; i < c->ask.matchers.count; i++) {
        struct selector one;
        enum fk_err err =
            selector_parse(text[i], &c->request->arena, &one, &c->why);
        if (err)
            return err;
        if (out->count + one.count > SELECTOR_MAX_MATCHERS)
            return fk_diag_set(&c->why, FK_ERR_FORMAT, "more than %d matchers",
                SELECTOR_MAX_MATCHERS);
        memcpy(&out->matcher[out->count], one.matcher,
            one.count * sizeof *one.matcher);
        out->count += one.count;
    }
    return FK_OK;
}

static bool wants_utf8(const struct request *r)
{
    struct request line = {.num_headers = 1};

    /* A client may send several lines of it. */
    for (size_t i = 0; i < r->num_headers; i++) {
        line.headers = &r->headers[i];
        if (fk_slice_contains(request_header(&line, "Accept"),
                FK_SLICE("allow-utf8-labelnames=true")))
            return true;
    }
    return false;
}

/* ---- labels ------------------------------------------------------------ */

static void add_name(struct fk_buf *out, struct fk_slice name)
{
    fk_pb_add_bytes(out, 1, name);
}

static void add_type(struct fk_buf *out, struct fk_slice id)
{
    struct profile_type type;
    if (profile_type_parse(id, &type, NULL) == FK_OK)
        querier_add_profile_type(out, &type);
}

/* How an answer that lists strings is found, ordered and written. */
struct listing {
    enum fk_err (*find)(const struct query *q, const struct query_labels *what,
        struct intern *out);
    intern_cmp_fn cmp;
    void (*add)(struct fk_buf *out, struct fk_slice text);
};

static const struct listing list_types = {query_labels_values, NULL, add_type};
static const struct listing list_names = {query_labels_names, NULL, add_name};
static const struct listing list_values = {query_labels_values, NULL, add_name};
static const struct listing list_sets = {
    query_labels_sets, label_bytes_cmp, querier_add_labels};

static enum fk_err answer_list(struct querier_call *c,
    struct query_labels *what, const struct listing *list)
{
    struct selector selector;
    struct intern set;
    uint32_t *order = NULL;
    enum fk_err err = query_range_check(
        &c->query.limits, &c->ask.start_ms, &c->ask.end_ms, true, &c->why);
    if (!err)
        err = join_matchers(c, &selector);
    if (err)
        return err;
    what->selector = &selector;
    what->t0 = c->ask.start_ms;
    what->t1 = c->ask.end_ms;
    intern_init(&set, QUERY_LABELS_MAX, QUERY_LABELS_MAX_BYTES);
    err = list->find(&c->query, what, &set);
    if (!err && !(order = intern_sorted(&set, list->cmp)))
        err = FK_ERR_NOMEM;
    for (uint32_t i = 0; i < set.count && !err; i++)
        list->add(&c->out, set.text[order[i]]);
    free(order);
    intern_fini(&set);
    return err;
}

/* Without a range: the last hour. */
static enum fk_err profile_types(struct querier_call *c)
{
    struct query_labels what = {.name = FK_SLICE("__profile_type__")};
    if (!c->ask.start_ms && !c->ask.end_ms) {
        c->ask.start_ms = fk_wall_ns() / FK_NS_PER_MS - 3600 * 1000;
        c->ask.end_ms = QUERY_MAX_MS;
    }
    return answer_list(c, &what, &list_types);
}

static enum fk_err label_names(struct querier_call *c)
{
    struct query_labels what = {.filter.utf8 = wants_utf8(c->request)};
    return answer_list(c, &what, &list_names);
}

static enum fk_err label_values(struct querier_call *c)
{
    struct query_labels what = {.name = c->ask.name};
    if (!what.name.len)
        return fk_diag_set(&c->why, FK_ERR_FORMAT, "name is required");
    return answer_list(c, &what, &list_values);
}

static enum fk_err series(struct querier_call *c)
{
    struct query_labels what = {
        .filter = {c->ask.label_names.items, c->ask.label_names.count,
            wants_utf8(c->request)}};
    return answer_list(c, &what, &list_sets);
}

/* ---- profiles ---------------------------------------------------------- */

static enum fk_err check_profiles(struct querier_call *c,
    struct querier_request *ask, struct query_select *select)
{
    enum fk_err err = query_range_check(
        &c->query.limits, &ask->start_ms, &ask->end_ms, false, &c->why);
    if (!err)
        err = query_nodes_check(&c->query.limits, ask->max_nodes, &c->why);
    if (!err)
        err = querier_select(c, ask, select);
    return err ? err : querier_select_parts(c, ask, select);
}

/* The answers that are made of a call tree whose sides are all there. */

static enum fk_err answer_graph(
    struct querier_call *c, struct tree *t, int sides, int64_t max_nodes)
{
    struct flamebearer f = {0};
    enum fk_err err = tree_finish(t);
    if (!err)
        err = tree_prune(
            t, max_nodes ? max_nodes : c->query.limits.nodes_default, sides);
    if (!err)
        err = flamebearer_init(&f, t, sides, &c->why);
    if (!err)
        querier_add_flamegraph(&c->out, &f);
    flamebearer_fini(&f);
    return err;
}

static enum fk_err answer_bytes(
    struct querier_call *c, struct tree *t, int64_t max_nodes)
{
    enum fk_err err = tree_finish(t);
    if (!err)
        err = tree_prune(
            t, max_nodes ? max_nodes : c->query.limits.nodes_default, 1);
    if (err || t->count == 1)
        return err;
    size_t mark = fk_pb_begin(&c->out, 2);
    err = tree_write(t, &c->out);
    fk_pb_end(&c->out, mark);
    return err;
}

static enum fk_err answer_dot(
    struct querier_call *c, struct tree *t, const struct profile_type *type)
{
    enum fk_err err = tree_finish(t);
    if (!err)
        err = tree_prune(t, DOT_SOURCE_NODES, 1);
    if (err || t->count == 1)
        return err;
    size_t mark = fk_pb_begin(&c->out, 3);
    err = dot_write(t, type, DOT_FUNCTIONS, &c->out);
    fk_pb_end(&c->out, mark);
    return err;
}

static enum fk_err answer_pprof(struct querier_call *c,
    const struct query_select *select, int64_t max_nodes)
{
    size_t outer = fk_pb_begin(&c->out, 5), inner = fk_pb_begin(&c->out, 1);
    enum fk_err err =
        query_pprof(&c->query, select, max_nodes, &c->out, &c->why);
    fk_pb_end(&c->out, inner);
    fk_pb_end(&c->out, outer);
    return err;
}

/* Formats that newer clients know and we do not are flame graphs. */
static enum fk_err select_merge_stacktraces(struct querier_call *c)
{
    struct query_select select;
    struct tree t;
    enum fk_err err = check_profiles(c, &c->ask, &select);
    if (err)
        return err;
    if (c->ask.format == QUERIER_PPROF)
        return answer_pprof(c, &select, c->ask.max_nodes);
    err = tree_init(&t);
    if (!err)
        err = query_tree(&c->query, &select, TREE_LEFT, &t, &c->why);
    if (!err && c->ask.format == QUERIER_TREE)
        err = answer_bytes(c, &t, c->ask.max_nodes);
    else if (!err && c->ask.format == QUERIER_DOT)
        err = answer_dot(c, &t, &select.type);
    else if (!err)
        err = answer_graph(c, &t, 1, c->ask.max_nodes);
    tree_fini(&t);
    return err;
}

static enum fk_err select_merge_profile(struct querier_call *c)
{
    struct query_select select;
    enum fk_err err = check_profiles(c, &c->ask, &select);
    if (err)
        return err;
    return query_pprof(&c->query, &select, c->ask.max_nodes, &c->out, &c->why);
}

static enum fk_err diff(struct querier_call *c)
{
    struct query_select side[TREE_SIDES];
    struct querier_request *ask[TREE_SIDES] = {&c->diff.left, &c->diff.right};
    struct tree t;
    int64_t nodes = 0;
    enum fk_err err = FK_OK;
    for (int s = 0; s < TREE_SIDES && !err; s++) {
        err = check_profiles(c, ask[s], &side[s]);
        nodes = ask[s]->max_nodes > nodes ? ask[s]->max_nodes : nodes;
    }
    if (err)
        return err;
    err = tree_init(&t);
    for (int s = 0; s < TREE_SIDES && !err; s++)
        err = query_tree(&c->query, &side[s], s, &t, &c->why);
    if (!err)
        err = answer_graph(c, &t, 2, nodes);
    tree_fini(&t);
    return err;
}

static enum fk_err widen(void *arg, const struct store_series *s)
{
    struct store_series *all = arg;
    all->first_ms = s->first_ms < all->first_ms ? s->first_ms : all->first_ms;
    all->last_ms = s->last_ms > all->last_ms ? s->last_ms : all->last_ms;
    return FK_OK;
}

static enum fk_err get_profile_stats(struct querier_call *c)
{
    const struct query *q = &c->query;
    struct store_series all = {.first_ms = INT64_MAX};
    struct selector everything;
    enum fk_err err = FK_OK;
    selector_init(&everything);
    for (uint32_t i = 0; i < query_tenants(q) && !err; i++)
        err = q->store->ops->series(
            query_tenant(q, i), &everything, 0, 0, widen, &all);
    if (!err && all.first_ms != INT64_MAX)
        querier_add_stats(&c->out, true, all.first_ms, all.last_ms);
    return err;
}

/* Meant for a cluster; Pyroscope's newer storage answers nothing either. */
static enum fk_err analyze_query(struct querier_call *c)
{
    (void)c;
    return FK_OK;
}

/* ---- the service ------------------------------------------------------- */

#define ASK  offsetof(struct querier_call, ask)
#define DIFF offsetof(struct querier_call, diff)

/* `ask`: the member of struct querier_call that the request is read into. */
static const struct method {
    const char *name;
    const struct wire_field *request, *response;
    size_t ask;
    enum fk_err (*run)(struct querier_call *c);
} methods[] = {
    {"ProfileTypes", querier_profile_types_request,
        querier_profile_types_response, ASK, profile_types},
    {"LabelNames", querier_label_names_request, querier_names_response, ASK,
        label_names},
    {"LabelValues", querier_label_values_request, querier_names_response, ASK,
        label_values},
    {"Series", querier_series_request, querier_series_response, ASK, series},
    {"SelectMergeStacktraces", querier_merge_request, querier_merge_response,
        ASK, select_merge_stacktraces},
    {"SelectMergeSpanProfile", querier_span_request, querier_merge_response,
        ASK, select_merge_stacktraces},
    {"SelectSeries", querier_select_series_request,
        querier_select_series_response, ASK, querier_select_series},
    {"SelectHeatmap", querier_heatmap_request, querier_heatmap_response, ASK,
        querier_select_heatmap},
    {"SelectMergeProfile", querier_profile_request, querier_profile_response,
        ASK, select_merge_profile},
    {"Diff", querier_diff_request, querier_diff_response, DIFF, diff},
    {"GetProfileStats", querier_empty, querier_stats_response, ASK,
        get_profile_stats},
    {"AnalyzeQuery", querier_empty, querier_empty, ASK, analyze_query},
};

static const struct method *method_of(struct fk_slice path)
{
    size_t i = 0;
    struct fk_slice name =
        fk_slice_sub(path, (size_t)fk_slice_rfind(path, '/') + 1, path.len);
    while (!fk_slice_eqz(name, methods[i].name))
        i++;
    return &methods[i];
}

static enum fk_err run(struct querier_call *c, const struct method *m,
    const struct connect *connect)
{
    void *ask = (char *)c + m->ask;
    enum fk_err err = (connect->json ? wire_read_json : wire_read_proto)(
        m->request, connect->message, &c->request->arena, ask, &c->why);
    if (err)
        return err == FK_ERR_NOMEM ? err : FK_ERR_FORMAT;
    err = m->run(c);
    if (err == FK_ERR_LIMIT && !c->why.text[0])
        fk_diag_set(&c->why, err, QUERY_TOO_MUCH);
    if (!err && c->out.err)
        err = fk_diag_set(&c->why, c->out.err,
            "the answer is larger than %d MiB; narrow the time range or ask "
            "for fewer nodes",
            MAX_ANSWER >> 20);
    return err;
}

static void reply(struct request *r, const struct method *m,
    const struct connect *connect, struct fk_buf *bytes)
{
    connect_reply(r, connect);
    if (connect->json) {
        struct fk_json json;
        fk_json_init(&json, &r->reply.body);
        wire_write_json(m->response, fk_buf_slice(bytes), &json);
    } else {
        fk_buf_add_slice(&r->reply.body, fk_buf_slice(bytes));
    }
}

static void serve(struct request *r)
{
    struct connect connect;
    if (!connect_open(r, MAX_BODY, &connect))
        return;
    const struct method *m = method_of(r->path);
    struct querier_call c = {.request = r};
    request_query(r, &c.query, &c.incomplete);
    fk_buf_init(&c.out, MAX_ANSWER);
    enum fk_err err = run(&c, m, &connect);
    if (c.unimplemented)
        reply_connect_error(r, "unimplemented", "%s", c.why.text);
    else if (err)
        connect_refuse(r, err, &c.why);
    else
        reply(r, m, &connect, &c.out);
    if (!err)
        request_query_note(r, c.incomplete);
    fk_buf_fini(&c.out);
}

#define METHOD(name, doc)                                                      \
    {                                                                          \
        "POST", PATH name, serve, MAX_BODY, ROUTE_CONNECT, doc, LANE_QUERY     \
    }

const struct route api_querier_routes[] = {
    METHOD("ProfileTypes", "Profile types that have data in a time range."),
    METHOD("LabelNames", "Names of labels of the matching series."),
    METHOD("LabelValues", "Values of one label."),
    METHOD("Series", "Label sets of the matching series, or parts of them."),
    METHOD("SelectMergeStacktraces", "A flame graph of all matching profiles."),
    METHOD("SelectMergeSpanProfile", "A flame graph of some spans."),
    METHOD("SelectSeries", "Totals over time, grouped by labels."),
    METHOD("SelectHeatmap",
        "How the values of single profiles are spread over time."),
    METHOD("SelectMergeProfile", "All matching profiles as one pprof."),
    METHOD("Diff", "A flame graph that compares two selections."),
    METHOD("GetProfileStats", "Whether anything was ingested, and when."),
    METHOD("AnalyzeQuery", "What a query would touch; always empty here."),
    {0},
};
