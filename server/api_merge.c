/* POST /merge and /api/exemplars:merge: the flame graph of single profiles of
 * an application, for clients of Pyroscope before 1.0 (spec/pyroscope-api
 * 15). A profile is what they named by its profile_id, 16 hexadecimal digits,
 * or one of ours, a UUID. */
#include "common/clock.h"
#include "server/attime.h"
#include "server/hex.h"
#include "server/legacy.h"
#include "server/render_doc.h"
#include "server/request_json.h"
#include "server/request_query.h"
#include "server/routes.h"
#include "server/server.h"

#include <stdio.h>

enum { MAX_PROFILES = 10000, SPAN_BYTES = 8 };

struct merge {
    struct request *request;
    struct request_json body;
    struct query query;
    enum fk_err incomplete;
    struct fk_slice app;
    struct query_select select; /* without spans and ids */
    struct profile_id *ids;
    uint64_t *spans;
    uint32_t num_ids, num_spans;
    size_t named; /* profiles */
    int64_t max_nodes;
    struct fk_diag why;
};

/* ---- what is asked for -------------------------------------------------- */

static enum fk_err take_profile(struct merge *m, struct fk_slice text)
{
    uint8_t span[SPAN_BYTES];
    uint64_t number = 0;

    if (!hex_read(text, span, sizeof(span))) {
        enum fk_err err = profile_id_parse(text, &m->ids[m->num_ids]);
        m->num_ids += !err;
        return err == FK_ERR_FORMAT ? err : FK_OK;
    }
    for (size_t i = 0; i < sizeof(span); i++)
        number = number << 8 | span[i];
    m->spans[m->num_spans++] = number;
    return FK_OK;
}

static enum fk_err take_profiles(struct merge *m)
{
    struct request_json *j = &m->body;
    struct fk_arena *arena = &m->request->arena;
    size_t n = m->named = request_json_count(j, j->root, "profiles");

    if (j->err)
        return j->err;
    if (n == 0 || n > MAX_PROFILES)
        return fk_diag_set(&m->why, FK_ERR_FORMAT,
            "\"profiles\" must name 1 to %d profiles", MAX_PROFILES);
    m->ids = fk_arena_array(arena, n, sizeof(*m->ids));
    m->spans = fk_arena_array(arena, n, sizeof(*m->spans));
    if (!m->ids || !m->spans)
        return FK_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct fk_slice text = request_json_str_at(j, j->root, "profiles", i);
        if (!j->err && take_profile(m, text))
            return fk_diag_set(&m->why, FK_ERR_FORMAT,
                "profile %zu is neither 16 hexadecimal digits nor a UUID", i);
    }
    return j->err;
}

/* Of the two names of a time the first goes before the second. */
static int64_t time_of(
    struct merge *m, const char *name, const char *other, int64_t otherwise_ms)
{
    struct request_json *j = &m->body;
    struct fk_slice text = request_json_str(j, j->root, name);

    if (!text.len)
        text = request_json_str(j, j->root, other);
    return text.len ? attime_parse(text, fk_wall_ns()) / FK_NS_PER_MS
                    : otherwise_ms;
}

static enum fk_err read_ask(struct merge *m)
{
    struct request_json *j = &m->body;
    struct query_select *s = &m->select;
    enum fk_err err = request_json_open(j, m->request->body);

    if (err)
        return err;
    m->app = request_json_str(j, j->root, "app_name");
    m->max_nodes = request_json_i64(j, j->root, "max_nodes");
    if (m->max_nodes <= 0)
        m->max_nodes = m->query.limits.nodes_default;
    s->t0 = time_of(m, "start_time", "from", 1);
    s->t1 = time_of(m, "end_time", "until", QUERY_MAX_MS);
    err = take_profiles(m);
    if (!err && !m->app.len)
        err = fk_diag_set(&m->why, FK_ERR_FORMAT, "\"appName\" is required");
    if (!err)
        err = query_nodes_check(&m->query.limits, m->max_nodes, &m->why);
    if (!err)
        err =
            query_range_check(&m->query.limits, &s->t0, &s->t1, true, &m->why);
    return err ? err
               : legacy_select(
                     &m->query, m->app, false, &m->request->arena, s, &m->why);
}

/* ---- the answer --------------------------------------------------------- */

static enum fk_err sum_up(struct merge *m, struct tree *t)
{
    struct query_select by_id = m->select, by_span = m->select;
    enum fk_err err = FK_OK;

    by_id.by_id = by_span.by_span = true;
    by_id.ids = m->ids;
    by_id.num_ids = m->num_ids;
    by_span.spans = m->spans;
    by_span.num_spans = m->num_spans;
    if (m->num_ids)
        err = query_tree(&m->query, &by_id, TREE_LEFT, t, &m->why);
    if (!err && m->num_spans)
        err = query_tree(&m->query, &by_span, TREE_LEFT, t, &m->why);
    if (!err)
        err = tree_finish(t);
    return err ? err : tree_prune(t, m->max_nodes, 1);
}

static void write_seconds(struct fk_json *out, const char *key, int64_t ms)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)(ms / 1000));
    fk_json_key(out, key);
    fk_json_strz(out, text);
}

static void write_doc(struct merge *m, const struct flamebearer *f)
{
    struct fk_json out;

    fk_json_init(&out, &m->request->reply.body);
    fk_json_object(&out);
    fk_json_key(&out, "version");
    fk_json_i64(&out, 1);
    render_doc_graph(&out, f);
    render_doc_metadata(&out, "single", &m->select.type);
    render_doc_null(&out, "timeline");
    render_doc_null(&out, "groups");
    render_doc_null(&out, "heatmap");
    fk_json_key(&out, "mergeMetadata");
    fk_json_object(&out);
    fk_json_key(&out, "appName");
    fk_json_str(&out, m->app);
    write_seconds(&out, "startTime", m->select.t0);
    write_seconds(&out, "endTime", m->select.t1);
    fk_json_key(&out, "maxNodes");
    fk_json_i64(&out, m->max_nodes);
    fk_json_key(&out, "profilesLength");
    fk_json_i64(&out, (int64_t)m->named);
    fk_json_end(&out);
    fk_json_key(&out, "queryID");
    fk_json_strz(&out, "");
    fk_json_end(&out);
    fk_buf_addc(&m->request->reply.body, '\n');
}

static enum fk_err answer(struct merge *m, struct tree *t)
{
    struct flamebearer f = {0};
    enum fk_err err = sum_up(m, t);

    if (!err)
        err = flamebearer_init(&f, t, 1, &m->why);
    if (!err)
        write_doc(m, &f);
    flamebearer_fini(&f);
    return err;
}

static void post_merge(struct request *r)
{
    struct merge m = {.request = r};
    struct tree t;

    request_query(r, &m.query, &m.incomplete);
    enum fk_err err = tree_init(&t);
    if (!err)
        err = read_ask(&m);
    if (!err)
        err = answer(&m, &t);
    tree_fini(&t);
    if (!err) {
        r->reply.status = 200;
        r->reply.content_type = "application/json";
        request_query_note(r, m.incomplete);
    } else {
        const char *why = m.why.text[0]         ? m.why.text
                          : m.body.diag.text[0] ? m.body.diag.text
                          : err == FK_ERR_LIMIT ? QUERY_TOO_MUCH
                                                : fk_err_name(err);
        reply_error(
            r, err == FK_ERR_LIMIT ? 422 : reply_status_of(err), "%s", why);
    }
    request_json_close(&m.body);
}

const struct route api_merge_routes[] = {
    {"POST", "/merge", post_merge, 1 << 20, ROUTE_PLAIN,
        "A flame graph of single profiles of an application.", LANE_QUERY},
    {"POST", "/api/exemplars:merge", post_merge, 1 << 20, ROUTE_PLAIN,
        "The same by its later name.", LANE_QUERY},
    {0},
};
