/* Flame graphs as exercises read them: see profile.h. */
#include "cli/profile.h"

#include "cli/client.h"
#include "common/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TUPLE = 4, RENDER_NODES = 65536 };

static enum fk_err bad(struct fk_diag *diag, const char *what)
{
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "the server's flame graph makes no sense: %s", what);
}

/* ---- reading
 * ------------------------------------------------------------------- */

struct level {
    uint32_t first, count; /* in nodes */
};

/* Where each node of the level above starts and ends, for finding parents:
 * both levels run from left to right, so one cursor is enough. */
struct span {
    int64_t start, end;
};

static enum fk_err read_names(
    struct profile *p, json_t *names, struct fk_diag *diag)
{
    p->num_names = (uint32_t)json_array_size(names);
    p->names = calloc(p->num_names + 1, sizeof *p->names);
    if (!p->names)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < p->num_names; i++) {
        p->names[i] = json_string_value(json_array_get(names, i));
        if (!p->names[i])
            return bad(diag, "a name is not a string");
    }
    return FK_OK;
}

static size_t count_nodes(json_t *levels)
{
    size_t n = 0, i;
    json_t *level;
    json_array_foreach(levels, i, level) n += json_array_size(level) / TUPLE;
    return n;
}

static int64_t number(json_t *level, size_t i)
{
    return json_integer_value(json_array_get(level, i));
}

/* One level; `above` is the level before it. */
static enum fk_err read_level(struct profile *p, json_t *level,
    struct level above, struct span *spans, struct fk_diag *diag)
{
    int64_t x = 0;
    uint32_t parent = above.first;
    for (size_t i = 0; i + TUPLE <= json_array_size(level); i += TUPLE) {
        int64_t name = number(level, i + 3);
        struct profile_node *node = &p->nodes[p->num_nodes];
        x += number(level, i);
        node->total = number(level, i + 1);
        node->self = number(level, i + 2);
        if (name < 0 || name >= p->num_names || node->total < 0)
            return bad(diag, "a node is out of range");
        node->name = (uint32_t)name;
        while (parent + 1 < above.first + above.count && spans[parent].end <= x)
            parent++;
        node->parent = above.count ? parent : 0;
        spans[p->num_nodes++] = (struct span){x, x + node->total};
        x += node->total;
    }
    return FK_OK;
}

static enum fk_err read_levels(
    struct profile *p, json_t *levels, struct fk_diag *diag)
{
    size_t n = count_nodes(levels), i;
    if (n == 0 || n > PROFILE_MAX_NODES)
        return bad(diag, n ? "too many nodes" : "no levels");
    p->nodes = calloc(n, sizeof *p->nodes);
    struct span *spans = calloc(n, sizeof *spans);
    enum fk_err err = p->nodes && spans
                          ? FK_OK
                          : fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    struct level above = {0, 0};
    json_t *level;
    json_array_foreach(levels, i, level)
    {
        uint32_t first = p->num_nodes;
        if (!err)
            err = read_level(p, level, above, spans, diag);
        above = (struct level){first, p->num_nodes - first};
    }
    free(spans);
    return err;
}

enum fk_err profile_from_json(
    json_t *render, struct profile *out, struct fk_diag *diag)
{
    *out = (struct profile){.json = render};
    json_t *bearer = json_object_get(render, "flamebearer");
    json_t *levels = json_object_get(bearer, "levels");
    enum fk_err err =
        json_is_array(levels)
            ? read_names(out, json_object_get(bearer, "names"), diag)
            : bad(diag, "it has no levels");
    if (!err)
        err = read_levels(out, levels, diag);
    if (err)
        profile_fini(out);
    return err;
}

enum fk_err profile_fetch(const char *server, const struct profile_query *query,
    struct profile *out, struct fk_diag *diag)
{
    struct fk_buf path, text;
    json_t *answer = NULL;
    fk_buf_init(&path, 1u << 20);
    fk_buf_init(&text, 1u << 16);
    fk_buf_printf(&text, "%s%s", query->type, query->selector);
    fk_buf_adds(&path, "/pyroscope/render?query=");
    fk_url_encode(&path, fk_buf_slice(&text));
    fk_buf_printf(&path, "&from=%lld&until=%lld&max-nodes=%d",
        (long long)query->from_ms, (long long)query->until_ms, RENDER_NODES);
    struct client_request ask = {"GET", server, path.ptr, NULL, 0};
    enum fk_err err = path.err ? path.err : client_json(&ask, &answer, diag);
    fk_buf_fini(&path);
    fk_buf_fini(&text);
    return err ? err : profile_from_json(answer, out, diag);
}

void profile_fini(struct profile *p)
{
    free(p->names);
    free(p->nodes);
    json_decref(p->json);
    *p = (struct profile){0};
}

/* ---- asking
 * ---------------------------------------------------------------------- */

static const char *name_of(const struct profile *p, uint32_t node)
{
    return p->names[p->nodes[node].name];
}

static bool has_above(
    const struct profile *p, uint32_t node, const char *function)
{
    while (node) {
        node = p->nodes[node].parent;
        if (!strcmp(name_of(p, node), function))
            return true;
    }
    return false;
}

int64_t profile_total(const struct profile *p)
{
    return p->num_nodes ? p->nodes[0].total : 0;
}

int64_t profile_total_of(const struct profile *p, const char *function)
{
    int64_t sum = 0;
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (!strcmp(name_of(p, i), function) && !has_above(p, i, function))
            sum += p->nodes[i].total;
    return sum;
}

int64_t profile_self_of(const struct profile *p, const char *function)
{
    int64_t sum = 0;
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (!strcmp(name_of(p, i), function))
            sum += p->nodes[i].self;
    return sum;
}

/* Does the path end at this node, its earlier names right above it? */
static bool path_ends(
    const struct profile *p, uint32_t node, const char *const *path, size_t n)
{
    for (size_t i = n; i-- > 0; node = p->nodes[node].parent)
        if (!node || strcmp(name_of(p, node), path[i]))
            return false;
    return true;
}

static bool path_above(
    const struct profile *p, uint32_t node, const char *const *path, size_t n)
{
    while (node) {
        node = p->nodes[node].parent;
        if (path_ends(p, node, path, n))
            return true;
    }
    return false;
}

int64_t profile_path(const struct profile *p, const char *const *path, size_t n)
{
    int64_t sum = 0;
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (path_ends(p, i, path, n) && !path_above(p, i, path, n))
            sum += p->nodes[i].total;
    return sum;
}

/* "0x4f", "[unknown]", "lib.so!0x4f", "libc.so.6+0x4f". */
bool profile_name_unresolved(const char *name)
{
    const char *hex = strstr(name, "0x");
    if (!strcmp(name, "[unknown]"))
        return true;
    if (!hex || !isxdigit((unsigned char)hex[2]))
        return false;
    if (hex != name && hex[-1] != '!' && hex[-1] != '+')
        return false;
    return hex[2 + strspn(hex + 2, "0123456789abcdefABCDEF")] == '\0';
}

int64_t profile_unresolved(const struct profile *p)
{
    int64_t sum = 0;
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (profile_name_unresolved(name_of(p, i)))
            sum += p->nodes[i].self;
    return sum;
}

const char *profile_top_self(const struct profile *p, const char *under)
{
    int64_t *self = calloc(p->num_names + 1, sizeof *self);
    uint32_t best = 0;
    if (!self)
        return NULL;
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (!under || has_above(p, i, under))
            self[p->nodes[i].name] += p->nodes[i].self;
    for (uint32_t i = 0; i < p->num_names; i++)
        if (self[i] > self[best])
            best = i;
    bool any = p->num_names && self[best] > 0;
    free(self);
    return any ? p->names[best] : NULL;
}

unsigned profile_depth(const struct profile *p, const char *function)
{
    unsigned best = 0;
    for (uint32_t i = 1; i < p->num_nodes; i++) {
        if (strcmp(name_of(p, i), function))
            continue;
        unsigned depth = 1;
        for (uint32_t n = p->nodes[i].parent; n; n = p->nodes[n].parent)
            depth++;
        if (!best || depth < best)
            best = depth;
    }
    return best;
}
