#include "server/flamebearer_read.h"

#include <stdlib.h>

enum { TUPLE = 4 };

struct node {
    uint32_t parent, name;
    int64_t start, end, self;
};

struct reader {
    const struct json_t *names, *levels;
    struct node *node;
    uint32_t count;
    struct fk_diag *diag;
};

static enum fk_err bad(struct fk_diag *diag, size_t level, const char *what)
{
    return fk_diag_set(
        diag, FK_ERR_FORMAT, "level %zu of the flame graph: %s", level, what);
}

enum fk_err flamebearer_doc_open(
    struct flamebearer_doc *d, struct fk_slice body, struct fk_diag *diag)
{
    *d = (struct flamebearer_doc){.name = {0}};
    enum fk_err err = request_json_open(&d->json, body);
    if (err)
        return fk_diag_set(diag, err, "%s", d->json.diag.text);
    const struct json_t *about = request_json_get(d->json.root, "metadata");
    struct fk_slice format = {0};
    (void)request_json_to_str(request_json_get(about, "format"), &format);
    (void)request_json_to_str(request_json_get(about, "name"), &d->name);
    (void)request_json_to_str(request_json_get(about, "units"), &d->units);
    if (format.len && !fk_slice_eqz(format, "single"))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the flame graph is a comparison (format \"%.*s\"); only single "
            "ones can be read",
            (int)(format.len < 32 ? format.len : 32), format.ptr);
    if (request_json_kind(request_json_get(d->json.root, "flamebearer")) !=
        REQUEST_JSON_OBJECT)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the JSON has no member \"flamebearer\": it is no flame graph");
    return FK_OK;
}

void flamebearer_doc_close(struct flamebearer_doc *d)
{
    request_json_close(&d->json);
}

static bool number(const struct json_t *level, size_t i, int64_t *out)
{
    return request_json_to_i64(request_json_at(level, i), out) && *out >= 0;
}

/* The node above in which [start, end) lies; both levels run from left to
 * right, so *cursor only moves on. */
static bool find_parent(const struct reader *r, const struct node *n,
    uint32_t end, uint32_t *cursor)
{
    while (*cursor < end && r->node[*cursor].end <= n->start &&
           r->node[*cursor].end < n->end)
        ++*cursor;
    return *cursor < end && r->node[*cursor].start <= n->start &&
           n->end <= r->node[*cursor].end;
}

/* Nodes [above, end) are the level before. */
static enum fk_err read_level(
    struct reader *r, size_t at, uint32_t above, uint32_t end)
{
    const struct json_t *level = request_json_at(r->levels, at);
    int64_t x = 0;
    uint32_t cursor = above;
    for (size_t i = 0; i < request_json_size(level); i += TUPLE) {
        struct node *n = &r->node[r->count];
        int64_t skip, total, name;
        if (!number(level, i, &skip) || !number(level, i + 1, &total) ||
            !number(level, i + 2, &n->self) || !number(level, i + 3, &name))
            return bad(r->diag, at, "a value is no whole number of 0 or more");
        if ((uint64_t)name >= request_json_size(r->names))
            return bad(r->diag, at, "a node has a name that is not there");
        if (__builtin_add_overflow(x, skip, &n->start) ||
            __builtin_add_overflow(n->start, total, &n->end))
            return bad(r->diag, at, "the values are too large");
        n->name = (uint32_t)name;
        x = n->end;
        if (at > 0 && !find_parent(r, n, end, &cursor))
            return bad(r->diag, at,
                "a node is not under one of the level "
                "above");
        n->parent = at > 0 ? cursor : 0;
        r->count++;
    }
    return FK_OK;
}

static enum fk_err count_nodes(struct reader *r, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < request_json_size(r->levels); i++) {
        size_t n = request_json_size(request_json_at(r->levels, i));
        if (n % TUPLE)
            return bad(r->diag, i, "its length is no multiple of 4");
        *out += n / TUPLE;
    }
    if (request_json_size(r->levels) <= STACKS_MAX_DEPTH &&
        *out <= FLAMEBEARER_READ_MAX_NODES)
        return FK_OK;
    return fk_diag_set(r->diag, FK_ERR_FORMAT,
        "the flame graph has more than %d levels or %u nodes", STACKS_MAX_DEPTH,
        FLAMEBEARER_READ_MAX_NODES);
}

static enum fk_err read_all(struct reader *r)
{
    uint32_t above = 0, end = 0;
    enum fk_err err = FK_OK;
    for (size_t i = 0; i < request_json_size(r->levels) && !err; i++) {
        err = read_level(r, i, above, end);
        above = end;
        end = r->count;
    }
    return err;
}

/* Without the root, which is no function. */
static enum fk_err emit(
    const struct reader *r, uint32_t leaf, stacks_fn fn, void *arg)
{
    struct fk_slice stack[STACKS_MAX_DEPTH];
    size_t at = STACKS_MAX_DEPTH;
    for (uint32_t i = leaf; i; i = r->node[i].parent) {
        struct fk_slice *name = &stack[--at];
        const struct json_t *text = request_json_at(r->names, r->node[i].name);
        if (!request_json_to_str(text, name) || !name->len)
            *name = FK_SLICE("unknown");
    }
    return fn(arg, stack + at, STACKS_MAX_DEPTH - at, r->node[leaf].self);
}

enum fk_err flamebearer_doc_stacks(
    struct flamebearer_doc *d, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    const struct json_t *graph = request_json_get(d->json.root, "flamebearer");
    struct reader r = {.names = request_json_get(graph, "names"),
        .levels = request_json_get(graph, "levels"),
        .diag = diag};
    size_t n;
    enum fk_err err = count_nodes(&r, &n);
    if (err)
        return err;
    r.node = calloc(n + 1, sizeof *r.node);
    err = r.node ? read_all(&r) : fk_diag_set(diag, FK_ERR_NOMEM, "no memory");
    for (uint32_t i = 1; i < r.count && !err; i++)
        if (r.node[i].self > 0)
            err = emit(&r, i, fn, arg);
    free(r.node);
    return err;
}
