/* A whole request as it stands on the wire, through every parser between the
 * request line and the answer: what http.c checks, access, the tenant, the
 * route with its parameters and its body, and the answer's coding. The store
 * is one in memory, made anew now and then. Every route answers, and what it
 * calls JSON is JSON. */
#include "common/check.h"
#include "server/access.h"
#include "server/request_check.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"
#include "server/tenant.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_HEADERS = 16,
    MEMORY = 64 << 20,
    REQUESTS_A_STORE = 512,
    MAX_CHECKED = 1 << 20,
};

static struct server server = {
    .rate.lock = PTHREAD_MUTEX_INITIALIZER,
    .agents = AGENTS_INITIALIZER,
};

static void renew_store(void)
{
    static unsigned uses;
    struct store_options options;

    if (uses++ % REQUESTS_A_STORE)
        return;
    if (server.store)
        server.store->ops->close(server.store);
    else
        options_init(&server.options);
    server.options.multitenancy = true;
    store_options_init(&options);
    FK_ASSERT(store_memory_ops.open(&options, &server.store, NULL) == FK_OK);
    FK_ASSERT(server.store->ops->tenant(server.store, FK_SLICE("anonymous"),
                  &server.anonymous, NULL) == FK_OK);
}

/* "METHOD URI", then headers, an empty line, and the body. */
static bool read_request(
    struct request *r, struct fk_slice rest, struct fk_slice *query)
{
    static struct request_header headers[MAX_HEADERS];
    struct fk_slice line, uri = {0};

    fk_slice_split(&rest, '\n', &uri);
    r->headers = headers;
    while (fk_slice_split(&rest, '\n', &line) && line.len) {
        struct fk_slice name = {0};
        if (r->num_headers == MAX_HEADERS)
            return false;
        fk_slice_split(&line, ':', &name);
        headers[r->num_headers++] =
            (struct request_header){name, fk_slice_trim(line)};
    }
    r->body = rest;
    struct fk_slice method = {0}, path = {0};
    fk_slice_split(&uri, ' ', &method);
    fk_slice_split(&uri, '?', &path);
    /* Both end with a NUL, as in the server. */
    const char *word = fk_arena_strdup(&r->arena, method);
    r->path = fk_url_decode(&r->arena, path);
    *query = uri;
    r->method = fk_slice_of(word ? word : "");
    return word && r->path.ptr;
}

static void check_json(const struct reply *p)
{
    struct request_json j;
    struct fk_buf object;

    if (!p->body.len || p->body.len > MAX_CHECKED || !p->content_type ||
        strcmp(p->content_type, "application/json") != 0 ||
        fk_slice_contains(fk_buf_slice(&p->body), FK_SLICE("\\u0000")))
        return; /* the reader takes no NUL, which names may have */
    fk_buf_init(&object, 2 * MAX_CHECKED);
    fk_buf_adds(&object, "{\"answer\":");
    fk_buf_add_slice(&object, fk_buf_slice(&p->body));
    fk_buf_adds(&object, "}");
    FK_ASSERT(request_json_open(&j, fk_buf_slice(&object)) == FK_OK);
    request_json_close(&j);
    fk_buf_fini(&object);
}

static void serve(struct request *r, struct fk_slice query)
{
    struct route_match match;
    struct fk_diag diag = {""};

    if (request_framing_fault(r, "HTTP/1.1") || access_preflight(r))
        return;
    routes_find(r->method, r->path, &match);
    if (!match.route || r->body.len > match.route->max_body)
        return;
    if (fk_query_parse(query, &r->arena, &r->query, &diag)) {
        FK_ASSERT(diag.text[0]);
        return;
    }
    if (access_check(r, match.route) && tenant_resolve(r, match.route))
        match.route->fn(r);
    FK_ASSERT(r->reply.status >= 200 && r->reply.status < 600);
    check_json(&r->reply);
    reply_compress(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request r = {.server = &server};
    struct fk_slice query;

    renew_store();
    fk_arena_init(&r.arena, MEMORY);
    fk_buf_init(&r.reply.body, MEMORY);
    if (read_request(&r, (struct fk_slice){(const char *)data, size}, &query))
        serve(&r, query);
    fk_buf_fini(&r.reply.body);
    fk_arena_fini(&r.arena);
    return 0;
}
