/*
 * adhocprofiles.v1.AdHocProfileService (spec/pyroscope-api 11.1): files that
 * are looked at and compared without becoming profiles of a service.
 */
#include "common/array.h"
#include "common/base64.h"
#include "common/pb.h"
#include "server/adhoc.h"
#include "server/adhoc_files.h"
#include "server/query.h"
#include "server/render_doc.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/service.h"

#include <stdlib.h>

#define MAX_UPLOAD   ((size_t)96 << 20) /* 64 MiB of file in base64 */
#define MAX_DOCUMENT ((size_t)64 << 20)
#define PATH         "/adhocprofiles.v1.AdHocProfileService/"

enum { MAX_BODY = 64 << 10 };

static const struct adhoc_shelf shelf = {"adhoc", "adhocpart"};

struct ask {
    struct fk_slice id, right_id, name, profile, type;
    int64_t max_nodes;
};

#define TEXT(member)                                                           \
    WIRE_STRING, false, NULL, offsetof(struct ask, member), 0, NULL
#define NODES      WIRE_INT64, false, NULL, offsetof(struct ask, max_nodes), 0, NULL
#define ONE(kind)  (kind), false, NULL, 0, 0, NULL
#define MANY(kind) (kind), true, NULL, 0, 0, NULL

static const struct wire_field upload_request[] = {
    {1, "name", TEXT(name)},
    {2, "profile", TEXT(profile)},
    {3, "max_nodes", NODES},
    {0},
};

static const struct wire_field get_request[] = {
    {1, "id", TEXT(id)},
    {2, "profile_type", TEXT(type)},
    {3, "max_nodes", NODES},
    {0},
};

static const struct wire_field get_response[] = {
    {1, "id", ONE(WIRE_STRING)},
    {2, "name", ONE(WIRE_STRING)},
    {3, "uploaded_at", ONE(WIRE_INT64)},
    {4, "profile_type", ONE(WIRE_STRING)},
    {5, "profile_types", MANY(WIRE_STRING)},
    {6, "flamebearer_profile", ONE(WIRE_STRING)},
    {0},
};

static const struct wire_field empty[] = {{0}};

static const struct wire_field listed[] = {
    {1, "id", ONE(WIRE_STRING)},
    {2, "name", ONE(WIRE_STRING)},
    {3, "uploaded_at", ONE(WIRE_INT64)},
    {0},
};

static const struct wire_field list_response[] = {
    {1, "profiles", WIRE_MESSAGE, true, listed, 0, 0, NULL},
    {0},
};

static const struct wire_field diff_request[] = {
    {1, "left_id", TEXT(id)},
    {2, "right_id", TEXT(right_id)},
    {3, "profile_type", TEXT(type)},
    {4, "max_nodes", NODES},
    {0},
};

static const struct wire_field diff_response[] = {
    {1, "profile_types", MANY(WIRE_STRING)},
    {2, "flamebearer_profile", ONE(WIRE_STRING)},
    {0},
};

/* ---- the document ------------------------------------------------------ */

static void write_document(struct fk_buf *out, const struct flamebearer *f,
    const struct tree *t, int sides, const struct profile_type *type)
{
    struct fk_json j;

    fk_json_init(&j, out);
    fk_json_object(&j);
    fk_json_key(&j, "version");
    fk_json_i64(&j, 1);
    render_doc_graph(&j, f);
    render_doc_metadata(&j, sides == 1 ? "single" : "double", type);
    if (sides == 2)
        render_doc_ticks(&j, t);
    render_doc_null(&j, "timeline");
    render_doc_null(&j, "groups");
    render_doc_null(&j, "heatmap");
    fk_json_end(&j);
}

/* Finishes the tree and adds it as a field of the answer. */
static enum fk_err add_document(struct service_call *c, uint32_t field,
    struct tree *t, int sides, const struct profile_type *type)
{
    const struct limits *l = &server_live(c->request->server)->limits;
    const struct ask *ask = c->ask;
    struct flamebearer f = {0};
    struct fk_buf text;
    enum fk_err err = tree_finish(t);

    fk_buf_init(&text, MAX_DOCUMENT);
    if (err == FK_OK)
        err = tree_prune(
            t, ask->max_nodes ? ask->max_nodes : l->nodes_default, sides);
    if (err == FK_OK)
        err = flamebearer_init(&f, t, sides, &c->why);
    if (err == FK_OK) {
        write_document(&text, &f, t, sides, type);
        err = text.err;
    }
    if (err == FK_OK)
        fk_pb_add_bytes(&c->out, field, fk_buf_slice(&text));
    flamebearer_fini(&f);
    fk_buf_fini(&text);
    return err;
}

static enum fk_err check_nodes(struct service_call *c)
{
    const struct ask *ask = c->ask;
    const struct query_limits limits = {
        .nodes_max = server_live(c->request->server)->limits.nodes_max};

    return query_nodes_check(&limits, ask->max_nodes, &c->why);
}

/* ---- one file ---------------------------------------------------------- */

static enum fk_err answer_tree(struct service_call *c, struct adhoc *a,
    const struct adhoc_file *f, uint32_t type)
{
    struct tree t;
    enum fk_err err = tree_init(&t);

    if (err == FK_OK)
        err = adhoc_tree(a, type, TREE_LEFT, &t, &c->why);
    if (err == FK_OK) {
        wire_add_str(&c->out, 1, f->id);
        wire_add_str(&c->out, 2, f->name);
        wire_add_i64(&c->out, 3, f->uploaded_ms);
        wire_add_str(&c->out, 4, a->type[type].sample_type);
        for (uint32_t i = 0; i < a->num_types; i++)
            wire_add_str(&c->out, 5, a->type[i].sample_type);
        err = add_document(c, 6, &t, 1, &a->type[type]);
    }
    tree_fini(&t);
    return err;
}

static enum fk_err answer_file(
    struct service_call *c, const struct adhoc_file *f)
{
    const struct ask *ask = c->ask;
    struct adhoc a;
    uint32_t type;
    enum fk_err err =
        adhoc_open(&a, f->name, f->bytes, &c->request->arena, &c->why);

    if (err == FK_OK)
        err = adhoc_find(&a, ask->type, &type, &c->why);
    if (err == FK_OK)
        err = answer_tree(c, &a, f, type);
    adhoc_close(&a);
    return err;
}

static enum fk_err decode(struct service_call *c, struct fk_slice *out)
{
    const struct ask *ask = c->ask;
    uint8_t *bytes =
        fk_arena_alloc(&c->request->arena, ask->profile.len / 4 * 3 + 3);
    ptrdiff_t n = bytes ? fk_base64_decode(ask->profile, bytes) : 0;

    if (!bytes)
        return FK_ERR_NOMEM;
    if (n < 0)
        return fk_diag_set(&c->why, FK_ERR_FORMAT,
            "profile must be the file's bytes in base64");
    *out = (struct fk_slice){(const char *)bytes, (size_t)n};
    return FK_OK;
}

/* A file that cannot be shown is not kept. */
static enum fk_err upload(struct service_call *c)
{
    const struct ask *ask = c->ask;
    struct adhoc_file file = {.name = ask->name};
    enum fk_err err = check_nodes(c);

    if (err == FK_OK)
        err = decode(c, &file.bytes);
    if (err == FK_OK)
        err = answer_file(c, &file);
    fk_buf_reset(&c->out);
    struct fk_slice bytes = file.bytes;
    if (err == FK_OK)
        err = adhoc_files_save(c->request, &shelf, bytes, &file, &c->why);
    file.bytes = bytes;
    return err ? err : answer_file(c, &file);
}

static enum fk_err get(struct service_call *c)
{
    const struct ask *ask = c->ask;
    struct adhoc_file file;
    enum fk_err err = check_nodes(c);

    if (err == FK_OK)
        err = adhoc_files_load(c->request, &shelf, ask->id, &file, &c->why);
    return err ? err : answer_file(c, &file);
}

/* ---- all files --------------------------------------------------------- */

struct names {
    struct fk_arena *arena;
    struct adhoc_file *file;
    size_t count, cap;
};

static enum fk_err collect(void *arg, const struct adhoc_file *f)
{
    struct names *n = arg;

    struct adhoc_file *more =
        fk_array_more(n->file, n->count, &n->cap, sizeof(*more));
    if (!more)
        return FK_ERR_NOMEM;
    n->file = more;
    n->file[n->count] = *f;
    n->file[n->count++].id = fk_arena_dup(n->arena, f->id);
    return FK_OK;
}

/* Newest first. */
static enum fk_err list(struct service_call *c)
{
    struct names n = {.arena = &c->request->arena};
    enum fk_err err = adhoc_files_list(c->request, &shelf, collect, &n);

    for (size_t i = n.count; i-- > 0 && err == FK_OK;) {
        size_t mark = fk_pb_begin(&c->out, 1);
        wire_add_str(&c->out, 1, n.file[i].id);
        wire_add_str(&c->out, 2, n.file[i].name);
        wire_add_i64(&c->out, 3, n.file[i].uploaded_ms);
        fk_pb_end(&c->out, mark);
    }
    free(n.file);
    return err;
}

/* ---- two files --------------------------------------------------------- */

struct side {
    struct adhoc_file file;
    struct adhoc adhoc;
    uint32_t type;
};

static enum fk_err open_side(
    struct service_call *c, struct fk_slice id, struct side *s)
{
    enum fk_err err =
        adhoc_files_load(c->request, &shelf, id, &s->file, &c->why);

    return err ? err
               : adhoc_open(&s->adhoc, s->file.name, s->file.bytes,
                     &c->request->arena, &c->why);
}

/* Types that both have are offered; one of them is shown, or, where they
 * have none, what each shows by default. */
static enum fk_err choose_types(struct service_call *c, struct side side[2])
{
    const struct ask *ask = c->ask;
    const struct adhoc *left = &side[0].adhoc, *right = &side[1].adhoc;
    struct fk_slice wanted = ask->type;

    for (uint32_t i = 0; i < left->num_types; i++) {
        uint32_t there;
        struct fk_slice name = left->type[i].sample_type;
        if (adhoc_find(right, name, &there, NULL) != FK_OK)
            continue;
        wire_add_str(&c->out, 1, name);
        if (!wanted.len && i == left->default_type)
            wanted = name;
    }
    enum fk_err err = adhoc_find(left, wanted, &side[0].type, &c->why);
    return err ? err : adhoc_find(right, wanted, &side[1].type, &c->why);
}

static enum fk_err answer_diff(struct service_call *c, struct side side[2])
{
    struct tree t;
    enum fk_err err = tree_init(&t);

    for (int i = 0; i < TREE_SIDES && err == FK_OK; i++)
        err = adhoc_tree(&side[i].adhoc, side[i].type, i, &t, &c->why);
    if (err == FK_OK)
        err = add_document(
            c, 2, &t, TREE_SIDES, &side[0].adhoc.type[side[0].type]);
    tree_fini(&t);
    return err;
}

static enum fk_err diff(struct service_call *c)
{
    const struct ask *ask = c->ask;
    struct side *side =
        fk_arena_array(&c->request->arena, TREE_SIDES, sizeof(*side));
    enum fk_err err = side ? check_nodes(c) : FK_ERR_NOMEM;

    if (err)
        return err;
    for (int i = 0; i < TREE_SIDES; i++)
        side[i] = (struct side){.type = 0};
    err = open_side(c, ask->id, &side[0]);
    if (err == FK_OK)
        err = open_side(c, ask->right_id, &side[1]);
    if (err == FK_OK)
        err = choose_types(c, side);
    if (err == FK_OK)
        err = answer_diff(c, side);
    for (int i = 0; i < TREE_SIDES; i++)
        adhoc_close(&side[i].adhoc);
    return err;
}

static void serve(struct request *r)
{
    static const struct service_method methods[] = {
        {PATH "Upload", upload_request, get_response, sizeof(struct ask),
            upload},
        {PATH "Get", get_request, get_response, sizeof(struct ask), get},
        {PATH "List", empty, list_response, 0, list},
        {PATH "Diff", diff_request, diff_response, sizeof(struct ask), diff},
        {NULL, NULL, NULL, 0, NULL},
    };

    service_serve(r, methods);
}

const struct route api_adhoc_routes[] = {
    {"POST", PATH "Upload", serve, MAX_UPLOAD, ROUTE_CONNECT,
        "Look at a file: pprof, folded, perf script, speedscope, flame graph.",
        LANE_QUERY},
    {"POST", PATH "Get", serve, MAX_BODY, ROUTE_CONNECT,
        "Look at an uploaded file again.", LANE_QUERY},
    {"POST", PATH "List", serve, MAX_BODY, ROUTE_CONNECT,
        "Uploaded files, newest first.", LANE_QUERY},
    {"POST", PATH "Diff", serve, MAX_BODY, ROUTE_CONNECT,
        "Compare two uploaded files.", LANE_QUERY},
    {0},
};
