#include "server/routes.h"

#include <stdio.h>
#include <string.h>

static const struct route *const tables[] = {
    api_ingest_routes,
    api_push_routes,
    api_otlp_routes,
    api_kit_routes,
    api_exercises_routes,
    api_annotations_routes,
    api_settings_routes,
    api_adhoc_routes,
    api_snapshots_routes,
    api_ops_routes,
    api_querier_routes,
    api_render_routes,
    api_legacy_routes,
    api_merge_routes,
    assets_routes,
};

enum { NUM_TABLES = sizeof(tables) / sizeof(*tables) };

const struct route *routes_at(size_t index)
{
    for (size_t t = 0; t < NUM_TABLES; t++)
        for (const struct route *r = tables[t]; r->path; r++)
            if (index-- == 0)
                return r;
    return NULL;
}

/* How well a path fits: 0 not at all, else the more the better. */
static size_t fit(const char *pattern, struct fk_slice path)
{
    size_t len = strlen(pattern);

    if (fk_slice_eqz(path, pattern))
        return SIZE_MAX;
    if (len == 0 || pattern[len - 1] != '*')
        return 0;
    struct fk_slice prefix = {pattern, len - 1};
    return fk_slice_starts(path, prefix) ? len : 0;
}

static bool allows(const char *methods, struct fk_slice method)
{
    struct fk_slice rest = fk_slice_of(methods), one;

    if (fk_slice_eqz(method, "HEAD"))
        method = FK_SLICE("GET");
    while (fk_slice_split(&rest, ',', &one))
        if (fk_slice_eq(one, method))
            return true;
    return false;
}

static void allow_add(struct route_match *m, const char *methods)
{
    size_t len = strlen(m->allow);

    snprintf(m->allow + len, sizeof(m->allow) - len, "%s%s", len ? "," : "",
        methods);
}

void routes_find(
    struct fk_slice method, struct fk_slice path, struct route_match *out)
{
    size_t index = 0, best = 1;

    *out = (struct route_match){0};
    for (size_t t = 0; t < NUM_TABLES; t++) {
        for (const struct route *r = tables[t]; r->path; r++, index++) {
            size_t now = fit(r->path, path);
            if (now < best)
                continue;
            if (now > best)
                *out = (struct route_match){0};
            best = now;
            allow_add(out, r->methods);
            if (!allows(r->methods, method))
                continue;
            out->route = r;
            out->index = index;
        }
    }
}
