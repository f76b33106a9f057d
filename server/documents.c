#include "server/documents.h"

#include "common/clock.h"
#include "server/attime.h"
#include "server/server.h"

struct listing {
    struct request *request;
    documents_keep_fn keep;
    struct fk_json json;
};

static enum fk_err add(void *arg, const struct store_doc *doc)
{
    struct listing *l = arg;

    if (!l->keep || l->keep(l->request, doc->body))
        fk_json_raw(&l->json, doc->body);
    return FK_OK;
}

static int64_t time_of(const struct request *r, const char *name, int64_t none)
{
    struct fk_slice text = fk_query_get(&r->query, name);

    if (text.len == 0)
        return none;
    return attime_parse(text, fk_wall_ns()) / FK_NS_PER_MS;
}

static const struct store_ops *ops_of(const struct request *r)
{
    return r->server->store->ops;
}

void documents_list(
    struct request *r, struct fk_slice kind, documents_keep_fn keep)
{
    struct listing l = {.request = r, .keep = keep};
    int64_t from = time_of(r, "from", 0);
    int64_t until = time_of(r, "until", INT64_MAX);

    if (until <= from) {
        reply_error(r, 400, "from must be before until");
        return;
    }
    fk_json_init(&l.json, &r->reply.body);
    fk_json_array(&l.json);
    enum fk_err err =
        ops_of(r)->doc_list(r->tenant, kind, from, until, add, &l);
    fk_json_end(&l.json);
    fk_buf_addc(&r->reply.body, '\n');
    r->reply.content_type = "application/json";
    r->reply.status = 200;
    if (err)
        reply_error(r, reply_status_of(err), "the store did not answer (%s)",
            fk_err_name(err));
}

void documents_put(struct request *r, const struct store_doc *doc)
{
    struct fk_diag diag = {{0}};

    if (doc->body.len > STORE_DOC_MAX_BYTES) {
        reply_error(r, 413, "the document is larger than %d bytes",
            STORE_DOC_MAX_BYTES);
        return;
    }
    enum fk_err err = ops_of(r)->doc_put(r->tenant, doc, &diag);
    if (err) {
        reply_error(r, reply_status_of(err), "not stored (%s): %s",
            fk_err_name(err), diag.text);
        return;
    }
    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_buf_add_slice(&r->reply.body, doc->body);
    fk_buf_addc(&r->reply.body, '\n');
}

struct wanted {
    struct request *request;
    struct fk_slice id, body;
};

static enum fk_err pick(void *arg, const struct store_doc *doc)
{
    struct wanted *w = arg;

    if (!fk_slice_eq(doc->id, w->id))
        return FK_OK;
    w->body = fk_arena_dup(&w->request->arena, doc->body);
    return FK_ERR_CANCELLED; /* enough */
}

struct fk_slice documents_get(
    struct request *r, struct fk_slice kind, struct fk_slice id)
{
    struct wanted w = {.request = r, .id = id};

    (void)ops_of(r)->doc_list(r->tenant, kind, 0, 0, pick, &w);
    return w.body;
}
