/* The rest of what clients of Pyroscope before 1.0 ask for
 * (spec/pyroscope-api 15); api_render.c has their flame graphs. */
#include "common/clock.h"
#include "server/attime.h"
#include "server/legacy.h"
#include "server/query_labels.h"
#include "server/request_query.h"
#include "server/routes.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAME_BYTES = 64 << 10, HOUR_MS = 3600 * 1000 };

typedef enum fk_err (*find_fn)(
    const struct query *q, const struct query_labels *what, struct intern *out);

static int64_t time_param(
    const struct request *r, const char *name, int64_t otherwise_ms)
{
    struct fk_slice text = fk_query_get(&r->query, name);

    return text.len ? attime_parse(text, fk_wall_ns()) / FK_NS_PER_MS
                    : otherwise_ms;
}

/* What `find` finds in the request's time (the last hour), of the series
 * that its query names. */
static enum fk_err find_strings(struct request *r, struct query_labels *what,
    find_fn find, struct intern *out, struct fk_diag *why)
{
    struct query q;
    struct selector selector;
    enum fk_err incomplete;

    request_query(r, &q, &incomplete);
    what->t0 = time_param(r, "from", fk_wall_ns() / FK_NS_PER_MS - HOUR_MS);
    what->t1 = time_param(r, "until", QUERY_MAX_MS);
    what->selector = &selector;
    enum fk_err err =
        query_range_check(&q.limits, &what->t0, &what->t1, true, why);
    if (!err)
        err = legacy_labels(
            fk_query_get(&r->query, "query"), &r->arena, &selector, why);
    return err ? err : find(&q, what, out);
}

typedef void (*write_fn)(struct fk_json *out, struct fk_slice text);

static void reply_list(
    struct request *r, struct query_labels *what, find_fn find, write_fn write)
{
    struct fk_diag why = {""};
    struct intern set;
    struct fk_json out;

    intern_init(&set, QUERY_LABELS_MAX, QUERY_LABELS_MAX_BYTES);
    enum fk_err err = find_strings(r, what, find, &set, &why);
    uint32_t *order = err ? NULL : intern_sorted(&set, NULL);
    if (!order) {
        bool much = err == FK_ERR_LIMIT;
        if (much && !why.text[0])
            fk_diag_set(&why, err, QUERY_TOO_MUCH);
        reply_error(r,
            much  ? 422
            : err ? reply_status_of(err)
                  : 503,
            "%s",
            why.text[0] ? why.text : fk_err_name(err ? err : FK_ERR_NOMEM));
    } else {
        r->reply.status = 200;
        r->reply.content_type = "application/json";
        fk_json_init(&out, &r->reply.body);
        fk_json_array(&out);
        for (uint32_t i = 0; i < set.count; i++)
            write(&out, set.text[order[i]]);
        fk_json_end(&out);
        fk_buf_addc(&r->reply.body, '\n');
    }
    free(order);
    intern_fini(&set);
}

static void get_labels(struct request *r)
{
    struct query_labels what = {.filter.utf8 = true};

    reply_list(r, &what, query_labels_names, fk_json_str);
}

/* ---- applications -------------------------------------------------------- */

static const struct fk_slice app_labels[] = {
    {"__profile_type__", 16}, {"service_name", 12}};
static const struct label_filter app_filter = {app_labels, 2, false};

/* "shop.cpu" of a set of these two labels. */
static struct fk_slice app_of(struct fk_slice set, struct fk_buf *out)
{
    fk_buf_init(out, MAX_NAME_BYTES);
    legacy_name(label_bytes_get(set, app_labels[1]),
        label_bytes_get(set, app_labels[0]), out);
    return fk_buf_slice(out);
}

/* Two types of a service may be one application: each once. */
static enum fk_err find_app_names(
    const struct query *q, const struct query_labels *what, struct intern *out)
{
    struct intern sets;
    struct fk_buf name;
    uint32_t number;

    intern_init(&sets, QUERY_LABELS_MAX, QUERY_LABELS_MAX_BYTES);
    enum fk_err err = query_labels_sets(q, what, &sets);
    for (uint32_t i = 0; i < sets.count && !err; i++) {
        err = intern_put(out, app_of(sets.text[i], &name), &number);
        fk_buf_fini(&name);
    }
    intern_fini(&sets);
    return err;
}

static void write_app(struct fk_json *out, struct fk_slice set)
{
    struct profile_type type;
    struct fk_buf name;

    if (profile_type_parse(label_bytes_get(set, app_labels[0]), &type, NULL) !=
        FK_OK)
        return;
    struct profile_type_units units = profile_type_units(&type);
    fk_json_object(out);
    fk_json_key(out, "name");
    fk_json_str(out, app_of(set, &name));
    fk_json_key(out, "spyName");
    fk_json_strz(out, "");
    fk_json_key(out, "sampleRate");
    fk_json_i64(out, units.sample_rate);
    fk_json_key(out, "units");
    fk_json_str(out, units.units);
    fk_json_end(out);
    fk_buf_fini(&name);
}

static void get_apps(struct request *r)
{
    struct query_labels what = {.filter = app_filter};

    reply_list(r, &what, query_labels_sets, write_app);
}

static void get_label_values(struct request *r)
{
    struct query_labels what = {.name = fk_query_get(&r->query, "label")};

    if (!what.name.len) {
        reply_error(r, 400, "label parameter is required");
    } else if (fk_slice_eqz(what.name, "__name__")) {
        what.filter = app_filter;
        reply_list(r, &what, find_app_names, fk_json_str);
    } else {
        reply_list(r, &what, query_labels_values, fk_json_str);
    }
}

/* ---- what the server is ----------------------------------------------------
 */

static void get_build(struct request *r)
{
    struct fk_json out;

    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_json_init(&out, &r->reply.body);
    fk_json_object(&out);
    fk_json_key(&out, "version");
    fk_json_strz(&out, FK_VERSION);
    fk_json_end(&out);
    fk_buf_addc(&r->reply.body, '\n');
}

static void get_healthz(struct request *r)
{
    struct store *store = r->server->store;
    bool well = store->ops->health(store, NULL) == FK_OK;

    r->reply.status = well ? 200 : 503;
    r->reply.content_type = "text/plain; charset=utf-8";
    fk_buf_adds(
        &r->reply.body, well ? "server is ready" : "server is not ready");
}

const struct route api_legacy_routes[] = {
    {"GET", "/labels", get_labels, 0, ROUTE_PLAIN,
        "Names of the labels of an application, or of all.", LANE_QUERY},
    {"GET", "/label-values", get_label_values, 0, ROUTE_PLAIN,
        "Values of a label; those of __name__ are applications.", LANE_QUERY},
    {"GET", "/api/apps", get_apps, 0, ROUTE_PLAIN,
        "Applications, each a service and a profile type.", LANE_QUERY},
    {"GET", "/build", get_build, 0, ROUTE_OPS, "Version of the server.",
        LANE_INLINE},
    {"GET", "/healthz", get_healthz, 0, ROUTE_OPS,
        "200 while the store can write.", LANE_OPS},
    {0},
};
