#include "server/routes.h"

#include "server/metrics.h"
#include "tests/tap.h"

static struct route_match match(const char *method, const char *path)
{
    struct route_match m;

    routes_find(fk_slice_of(method), fk_slice_of(path), &m);
    return m;
}

TEST(routes_are_found_by_path_and_method)
{
    static const struct {
        const char *method, *path, *found; /* NULL: none */
    } rows[] = {
        {"GET", "/ready", "/ready"},
        {"HEAD", "/ready", "/ready"},
        {"GET", "/ready/", NULL},
        {"GET", "/", "/"},
        {"GET", "/workshop", "/workshop*"},
        {"GET", "/workshop/07.2", "/workshop*"},
        {"DELETE", "/api/annotations/a/b", "/api/annotations/*"},
        {"POST", "/ingest", "/ingest"},
        {"GET", "", NULL},
        {"GET", "/readyx", NULL},
        {"BREW", "/ready", NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct route_match m = match(rows[i].method, rows[i].path);
        tap_diag("%s %s", rows[i].method, rows[i].path);
        CHECK_INT(m.route != NULL, rows[i].found != NULL);
        if (m.route) {
            CHECK_STR(m.route->path, rows[i].found);
            CHECK(routes_at(m.index) == m.route);
        }
    }
}

TEST(a_wrong_method_is_told_the_right_ones)
{
    CHECK_STR(match("PUT", "/api/annotations").allow, "GET,POST");
    CHECK_STR(match("GET", "/ingest").allow, "POST");
    CHECK_STR(match("GET", "/nowhere").allow, "");
}

TEST(every_route_has_its_words_and_limits)
{
    size_t i = 0;

    for (const struct route *r; (r = routes_at(i)); i++) {
        tap_diag("%s", r->path);
        CHECK(r->fn && r->methods && r->doc && r->path[0] == '/');
        CHECK(r->doc[strlen(r->doc) - 1] == '.');
        CHECK(strstr(r->methods, "POST") == NULL || r->max_body > 0);
        CHECK(r->max_body <= (size_t)256 << 20);
    }
    CHECK(i > 20 && i < METRICS_ROUTES);
}

TAP_MAIN
