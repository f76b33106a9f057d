#include "loadgen/request_text.h"

#include "common/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEAD = 64 * 1024 };

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

static void write_heads(struct request_text *t, const char *header)
{
    for (unsigned i = 0; i < t->num_targets; i++) {
        struct fk_buf *head = &t->heads[i];
        fk_buf_reset(head);
        add_header(head, header, "Host", authority(t->targets[i].base_url));
        add_header(head, header, "User-Agent", FK_SLICE("loadgen/" FK_VERSION));
        add_header(head, header, "Accept", FK_SLICE("*/*"));
        if (header)
            fk_buf_printf(head, "%s\r\n", header);
    }
    t->header = header;
}

void request_text_init(struct request_text *t,
    const struct engine_target *targets, unsigned num_targets)
{
    *t = (struct request_text){targets, num_targets, NULL, NULL};
    t->heads = calloc(num_targets, sizeof *t->heads);
    FK_ASSERT(t->heads);
    for (unsigned i = 0; i < num_targets; i++)
        fk_buf_init(&t->heads[i], MAX_HEAD);
    write_heads(t, NULL);
}

void request_text_fini(struct request_text *t)
{
    for (unsigned i = 0; i < t->num_targets; i++)
        fk_buf_fini(&t->heads[i]);
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
    const struct engine_request *request, struct fk_buf *out)
{
    const struct fk_buf *head = &t->heads[request->target];
    size_t len;
    if (request->header != t->header)
        write_heads(t, request->header);
    fk_buf_reset(out);
    if (!path_len(request->path, &len) || head->err)
        return false;
    fk_buf_adds(out, request->body ? "POST " : "GET ");
    fk_buf_adds(out, prefix(t->targets[request->target].base_url));
    fk_buf_add(out, request->path, len);
    fk_buf_adds(out, " HTTP/1.1\r\n");
    fk_buf_add(out, head->ptr, head->len);
    if (request->body) {
        size_t body_len = strlen(request->body);
        add_header(
            out, request->header, "Content-Type", FK_SLICE("application/json"));
        fk_buf_printf(out, "Content-Length: %zu\r\n\r\n", body_len);
        fk_buf_add(out, request->body, body_len);
    } else {
        fk_buf_adds(out, "\r\n");
    }
    return !out->err;
}
