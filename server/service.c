#include "server/service.h"

#include "server/connect.h"
#include "server/routes.h"

#include <string.h>

static enum fk_err run(struct service_call *c, const struct service_method *m,
    const struct connect *connect)
{
    struct fk_arena *arena = &c->request->arena;

    c->ask = fk_arena_alloc(arena, m->ask_size + 1);
    if (!c->ask)
        return FK_ERR_NOMEM;
    memset(c->ask, 0, m->ask_size);
    enum fk_err err = (connect->json ? wire_read_json : wire_read_proto)(
        m->request, connect->message, arena, c->ask, &c->why);
    if (err)
        return err == FK_ERR_NOMEM ? err : FK_ERR_FORMAT;
    err = m->run(c);
    return err ? err : c->out.err;
}

static void reply(struct request *r, const struct service_method *m,
    const struct connect *connect, struct fk_buf *bytes)
{
    struct fk_json json;

    connect_reply(r, connect);
    if (!connect->json) {
        fk_buf_add_slice(&r->reply.body, fk_buf_slice(bytes));
        return;
    }
    fk_json_init(&json, &r->reply.body);
    wire_write_json(m->response, fk_buf_slice(bytes), &json);
}

void service_serve(struct request *r, const struct service_method *m)
{
    struct connect connect;
    struct route_match match;

    while (!fk_slice_eqz(r->path, m->path))
        m++;
    routes_find(r->method, r->path, &match);
    if (!connect_open(r, match.route->max_body, &connect))
        return;
    struct service_call c = {.request = r};
    fk_buf_init(&c.out, SERVICE_MAX_ANSWER);
    enum fk_err err = run(&c, m, &connect);
    if (err)
        connect_refuse(r, err, &c.why);
    else
        reply(r, m, &connect, &c.out);
    fk_buf_fini(&c.out);
}
