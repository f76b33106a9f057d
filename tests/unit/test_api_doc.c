/* docs/api.md against the table of routes: every route that is no page has a
 * heading and its sentence, and every heading is a route. */
#include "server/routes.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static char *read_page(void)
{
    static char page[1 << 17];
    FILE *f = fopen("docs/api.md", "r");
    CHECK(f);
    size_t n = fread(page, 1, sizeof page - 1, f);
    CHECK(n < sizeof page - 1);
    fclose(f);
    return page;
}

static bool same(
    const struct route *r, struct fk_slice method, struct fk_slice path)
{
    return fk_slice_eqz(method, r->methods) && fk_slice_eqz(path, r->path);
}

TEST(api_doc_has_every_route)
{
    const char *page = read_page();
    for (size_t i = 0; routes_at(i); i++) {
        const struct route *r = routes_at(i);
        char want[512];
        if (r->family == ROUTE_PAGE)
            continue;
        snprintf(want, sizeof want, "### `%s %s`\n\n%s\n", r->methods, r->path,
            r->doc);
        if (!strstr(page, want))
            tap_fail(__FILE__, __LINE__, "docs/api.md lacks:\n%s", want);
    }
}

TEST(api_doc_has_no_other_route)
{
    struct fk_slice rest = fk_slice_of(read_page()), line;
    int headings = 0;
    while (rest.len && fk_slice_split(&rest, '\n', &line)) {
        struct fk_slice head = FK_SLICE("### `"), method;
        if (!fk_slice_starts(line, head))
            continue;
        struct fk_slice path = fk_slice_sub(line, head.len, line.len - 1);
        fk_slice_split(&path, ' ', &method);
        bool found = false;
        for (size_t i = 0; routes_at(i); i++)
            found |= same(routes_at(i), method, path);
        if (!found)
            tap_fail(__FILE__, __LINE__, "no such route: " FK_SLICE_FMT,
                FK_SLICE_ARG(line));
        headings++;
    }
    CHECK(headings > 10);
}

TAP_MAIN
