/*
 * Markers on the timeline (docs/kit-protocol.md, Annotations): posted by
 * loadgen, by the command line or by a person; shown by the page. The shape
 * is that of the old Pyroscope server, with intervals, ids and upsert added.
 */
#include "common/clock.h"
#include "server/documents.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/uuid.h"

#define KIND FK_SLICE("annotation")
#define PATH FK_SLICE("/api/annotations/")

enum {
    MAX_BODY = 64 << 10,
    MAX_CONTENT = 4096,
    MAX_WORD = 256,
    MAX_DATA = 16 << 10,
};

struct annotation {
    struct fk_slice app_name, content, id, kind, run, seat, visibility;
    struct fk_slice data; /* JSON text, an object */
    int64_t from_ms, until_ms;
};

static bool one_of(struct fk_slice s, const char *const *words)
{
    for (; *words; words++)
        if (fk_slice_eqz(s, *words))
            return true;
    return false;
}

/* Fields that the body leaves out keep what they have: that is how a second
 * post closes an interval without telling its start again. */
static void take_text(struct request *r, struct request_json *j,
    const char *name, struct fk_slice *field)
{
    if (request_json_has(j, j->root, name))
        *field = fk_arena_dup(&r->arena, request_json_str(j, j->root, name));
}

static void take_data(
    struct request *r, struct request_json *j, struct fk_slice *field)
{
    struct fk_buf text;

    if (!request_json_object(j, j->root, "data"))
        return;
    fk_buf_init(&text, MAX_DATA);
    request_json_dump(j, j->root, "data", &text);
    if (text.err)
        j->err = fk_diag_set(&j->diag, FK_ERR_LIMIT,
            "field \"data\" must not be larger than %d bytes", MAX_DATA);
    else
        *field = fk_arena_dup(&r->arena, fk_buf_slice(&text));
    fk_buf_fini(&text);
}

/* The old API counted seconds. */
static int64_t as_ms(int64_t t)
{
    return t > 0 && t < 100000000000ll ? t * 1000 : t;
}

static void take(
    struct request *r, struct request_json *j, struct annotation *a)
{
    take_text(r, j, "appName", &a->app_name);
    take_text(r, j, "content", &a->content);
    take_text(r, j, "id", &a->id);
    take_text(r, j, "kind", &a->kind);
    take_text(r, j, "run", &a->run);
    take_text(r, j, "seat", &a->seat);
    take_text(r, j, "visibility", &a->visibility);
    take_data(r, j, &a->data);
    int64_t from = as_ms(request_json_i64(j, j->root, "timestamp"));
    if (from != 0)
        a->from_ms = from;
    if (request_json_has(j, j->root, "until"))
        a->until_ms = as_ms(request_json_i64(j, j->root, "until"));
}

static const char *fault(const struct annotation *a)
{
    static const char *const kinds[] = {
        "phase", "note", "deploy", "fault", "answer", NULL};
    static const char *const readers[] = {"all", "seat", "teacher", NULL};
    const struct fk_slice words[] = {a->app_name, a->id, a->run, a->seat};

    if (a->content.len == 0)
        return "content is missing: say what happened";
    if (a->content.len > MAX_CONTENT)
        return "content must not be longer than 4096 bytes";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].len > MAX_WORD)
            return "appName, id, run and seat must not be longer than 256 "
                   "bytes";
    if (!one_of(a->kind, kinds))
        return "kind must be phase, note, deploy, fault or answer";
    if (!one_of(a->visibility, readers))
        return "visibility must be all, seat or teacher";
    if (a->from_ms < 0 || a->until_ms < 0)
        return "timestamp and until are milliseconds since 1970 (until -1 = "
               "now)";
    if (a->until_ms != 0 && a->until_ms < a->from_ms)
        return "until must not be before timestamp";
    return NULL;
}

static void print(const struct annotation *a, struct fk_buf *out)
{
    const struct {
        const char *name;
        struct fk_slice value;
    } texts[] = {{"id", a->id}, {"appName", a->app_name},
        {"content", a->content}, {"kind", a->kind}, {"run", a->run},
        {"seat", a->seat}, {"visibility", a->visibility}};
    struct fk_json j;

    fk_json_init(&j, out);
    fk_json_object(&j);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fk_json_key(&j, texts[i].name);
        fk_json_str(&j, texts[i].value);
    }
    fk_json_key(&j, "timestamp");
    fk_json_i64(&j, a->from_ms);
    fk_json_key(&j, "until");
    fk_json_i64(&j, a->until_ms);
    fk_json_key(&j, "data");
    fk_json_raw(&j, a->data);
    fk_json_end(&j);
}

/* What is stored under this id, or an empty annotation. */
static void load(struct request *r, struct fk_slice id, struct annotation *a)
{
    struct request_json j;
    struct fk_slice body = {0};

    *a = (struct annotation){.id = id,
        .kind = FK_SLICE("note"),
        .visibility = FK_SLICE("all"),
        .data = FK_SLICE("{}")};
    if (id.len > 0)
        body = documents_get(r, KIND, id);
    if (body.len == 0)
        return;
    if (request_json_open(&j, body) == FK_OK)
        take(r, &j, a);
    request_json_close(&j);
}

static struct fk_slice new_id(struct request *r)
{
    uint8_t id[16];
    char text[37];

    uuid_make(id);
    uuid_print(id, text);
    return fk_arena_dup(&r->arena, fk_slice_of(text));
}

static void store(struct request *r, struct annotation *a)
{
    int64_t now_ms = fk_wall_ns() / FK_NS_PER_MS;
    struct fk_buf body;

    if (a->from_ms == 0)
        a->from_ms = now_ms;
    if (a->until_ms == -1)
        a->until_ms = now_ms;
    const char *why = fault(a);
    if (why) {
        reply_error(r, 400, "%s", why);
        return;
    }
    fk_buf_init(&body, STORE_DOC_MAX_BYTES);
    print(a, &body);
    const struct store_doc doc = {
        KIND, a->id, a->from_ms, a->until_ms, fk_buf_slice(&body)};
    documents_put(r, &doc);
    fk_buf_fini(&body);
}

static void post_annotation(struct request *r)
{
    struct request_json j;
    struct annotation a;
    struct fk_slice id = {0};

    if (request_json_open(&j, r->body) == FK_OK)
        id = fk_arena_dup(&r->arena, request_json_str(&j, j.root, "id"));
    if (j.err == FK_OK) {
        load(r, id, &a);
        take(r, &j, &a);
        if (a.id.len == 0)
            a.id = new_id(r);
    }
    if (j.err)
        reply_error(r, reply_status_of(j.err), "%s", j.diag.text);
    else
        store(r, &a);
    request_json_close(&j);
}

/* ?kind= and ?run=; run=latest is the run of this server. */
static bool keep(struct request *r, struct fk_slice body)
{
    struct fk_slice kind = fk_query_get(&r->query, "kind");
    struct fk_slice run = fk_query_get(&r->query, "run");
    struct request_json j;
    bool yes = true;

    if (fk_slice_eqz(run, "latest"))
        run = fk_slice_of(r->server->options.run);
    if (kind.len == 0 && run.len == 0)
        return true;
    if (request_json_open(&j, body) == FK_OK) {
        yes = kind.len == 0 ||
              fk_slice_eq(kind, request_json_str(&j, j.root, "kind"));
        yes = yes && (run.len == 0 ||
                         fk_slice_eq(run, request_json_str(&j, j.root, "run")));
    }
    request_json_close(&j);
    return yes;
}

static void get_annotations(struct request *r)
{
    documents_list(r, KIND, keep);
}

static void delete_annotation(struct request *r)
{
    struct fk_slice id = fk_slice_sub(r->path, PATH.len, r->path.len);
    enum fk_err err = r->server->store->ops->doc_del(r->tenant, KIND, id);

    if (err == FK_ERR_NOT_FOUND) {
        reply_error(r, 404, "there is no annotation with this id");
        return;
    }
    if (err) {
        reply_error(
            r, reply_status_of(err), "not deleted (%s)", fk_err_name(err));
        return;
    }
    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_buf_adds(&r->reply.body, "{}\n");
}

const struct route api_annotations_routes[] = {
    {"GET", "/api/annotations", get_annotations, 0, ROUTE_KIT,
        "Markers that overlap from and until; kind and run filter.",
        LANE_QUERY},
    {"POST", "/api/annotations", post_annotation, MAX_BODY, ROUTE_KIT,
        "Add a marker, or change the one with the same id.", LANE_QUERY},
    {"DELETE", "/api/annotations/*", delete_annotation, 0, ROUTE_KIT,
        "Remove a marker.", LANE_QUERY},
    {0},
};
