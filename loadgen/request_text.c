#include "loadgen/request_text.h"

#include "common/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEAD = 64 * 1024 };

/* What all requests to a target have, before and after their path. */
struct request_head {
    struct fk_buf get, post; /* METHOD PREFIX */
    struct fk_buf rest;      /* version and headers, without the last line */
};

/* The parts of http://HOST:PORT/PREFIX, which was read before. */
static struct fk_slice authority(const char *base_url)
{
    const char *host = strstr(base_url, "://") + 3;
    return (struct fk_slice){host, strcspn(host, "/")};
}

static const char *prefix(const char *base_url)
{
    struct fk_slice host = authority(base_url);
    return host.ptr + host.len;
}

/* A header of the phase takes the place of ours of that name. */
static void add_header(struct fk_buf *head, const char *header,
    const char *name, struct fk_slice value)
{
    size_t len = strlen(name);
    if (header && strncasecmp(header, name, len) == 0 && header[len] == ':')
        return;
    fk_buf_printf(head, "%s: " FK_SLICE_FMT "\r\n", name, FK_SLICE_ARG(value));
}

static void write_rest(
    struct fk_buf *rest, const char *base_url, const char *header)
{
    fk_buf_reset(rest);
    fk_buf_adds(rest, " HTTP/1.1\r\n");
    add_header(rest, header, "Host", authority(base_url));
    add_header(rest, header, "User-Agent", FK_SLICE("loadgen/" FK_VERSION));
    add_header(rest, header, "Accept", FK_SLICE("*/*"));
    if (header)
        fk_buf_printf(rest, "%s\r\n", header);
}

static void write_heads(struct request_text *t, const char *header)
{
    for (unsigned i = 0; i < t->num_targets; i++)
        write_rest(&t->heads[i].rest, t->targets[i].base_url, header);
    t->header = header;
}

static void init_head(struct request_head *head, const char *base_url)
{
    fk_buf_init(&head->get, MAX_HEAD);
    fk_buf_init(&head->post, MAX_HEAD);
    fk_buf_init(&head->rest, MAX_HEAD);
    fk_buf_printf(&head->get, "GET %s", prefix(base_url));
    fk_buf_printf(&head->post, "POST %s", prefix(base_url));
}

void request_text_init(struct request_text *t,
    const struct engine_target *targets, unsigned num_targets)
{
    *t = (struct request_text){targets, num_targets, NULL, NULL};
    t->heads = calloc(num_targets, sizeof *t->heads);
    FK_ASSERT(t->heads);
    for (unsigned i = 0; i < num_targets; i++)
        init_head(&t->heads[i], targets[i].base_url);
    write_heads(t, NULL);
}

void request_text_fini(struct request_text *t)
{
    for (unsigned i = 0; i < t->num_targets; i++) {
        fk_buf_fini(&t->heads[i].get);
        fk_buf_fini(&t->heads[i].post);
        fk_buf_fini(&t->heads[i].rest);
    }
    free(t->heads);
}

/* Up to a fragment, which is nobody's business but a browser's. */
static bool path_len(const char *path, size_t *len)
{
    size_t n = 0;
    for (; path[n] && path[n] != '#'; n++)
        if ((unsigned char)path[n] <= ' ' || path[n] == 0x7F)
            return false;
    *len = n;
    return true;
}

bool request_text_write(struct request_text *t,
    const struct engine_request *request, bool last, struct fk_buf *out)
{
    const struct request_head *head = &t->heads[request->target];
    size_t len;
    if (request->header != t->header)
        write_heads(t, request->header);
    fk_buf_reset(out);
    if (!path_len(request->path, &len) || head->rest.err)
        return false;
    fk_buf_add_slice(
        out, fk_buf_slice(request->body ? &head->post : &head->get));
    fk_buf_add(out, request->path, len);
    fk_buf_add_slice(out, fk_buf_slice(&head->rest));
    if (last)
        fk_buf_adds(out, "Connection: close\r\n");
    if (request->body) {
        size_t body_len = strlen(request->body);
        add_header(
            out, request->header, "Content-Type", FK_SLICE("application/json"));
        fk_buf_printf(out, "Content-Length: %zu\r\n\r\n", body_len);
        fk_buf_add(out, request->body, body_len);
    } else {
        fk_buf_add(out, "\r\n", 2);
    }
    return !out->err;
}
