#include "server/connect.h"

#include "common/gzip.h"

#include <strings.h>

#define PROTO "application/proto"
#define JSON  "application/json"

static bool same_word(struct fk_slice s, const char *z)
{
    struct fk_slice want = fk_slice_of(z);
    return s.len == want.len && !strncasecmp(s.ptr, z, s.len);
}

/* Parameters such as charset do not matter. */
static bool read_codec(struct request *r, struct connect *c)
{
    struct fk_slice type = {NULL, 0}, rest = request_header(r, "Content-Type");
    fk_slice_split(&rest, ';', &type);
    type = fk_slice_trim(type);
    c->json = same_word(type, JSON);
    if (c->json || same_word(type, PROTO))
        return true;
    reply_header(r, "Accept-Post", PROTO ", " JSON);
    reply_connect_error(r, "invalid_argument",
        "content type \"%.*s\" is not supported; send " PROTO " or " JSON,
        (int)(type.len < 100 ? type.len : 100), type.ptr ? type.ptr : "");
    r->reply.status = 415;
    return false;
}

static bool check_headers(struct request *r)
{
    struct fk_slice version = request_header(r, "Connect-Protocol-Version");
    struct fk_slice timeout = request_header(r, "Connect-Timeout-Ms");
    uint64_t ms;
    if (version.ptr && !fk_slice_eqz(version, "1")) {
        reply_connect_error(
            r, "invalid_argument", "Connect-Protocol-Version must be \"1\"");
        return false;
    }
    if (timeout.ptr && (timeout.len > 10 || !fk_slice_u64(timeout, &ms))) {
        reply_connect_error(r, "invalid_argument",
            "Connect-Timeout-Ms must be a number of at most 10 digits");
        return false;
    }
    return true;
}

static bool inflate_body(struct request *r, size_t max, struct connect *c)
{
    struct fk_buf plain;
    struct fk_diag why = {""};
    fk_buf_init(&plain, max);
    enum fk_err err = fk_gzip_read(r->body, &plain, &why);
    c->message = fk_arena_dup(&r->arena, fk_buf_slice(&plain));
    fk_buf_fini(&plain);
    if (!err && r->arena.failed)
        err = fk_diag_set(&why, FK_ERR_NOMEM, "out of memory");
    if (err)
        reply_connect_error(r,
            err == FK_ERR_NOMEM ? "resource_exhausted" : "invalid_argument",
            "the gzip body could not be read: %s", why.text);
    return !err;
}

bool connect_open(struct request *r, size_t max_bytes, struct connect *out)
{
    struct fk_slice coding = request_header(r, "Content-Encoding");
    if (!read_codec(r, out) || !check_headers(r))
        return false;
    out->message = r->body;
    if (same_word(coding, "gzip")) {
        if (r->body.len && !inflate_body(r, max_bytes, out))
            return false;
    } else if (coding.len && !same_word(coding, "identity")) {
        reply_header(r, "Accept-Encoding", "gzip");
        reply_connect_error(r, "unimplemented",
            "unknown compression \"%.*s\": supported encodings are gzip",
            (int)(coding.len < 100 ? coding.len : 100), coding.ptr);
        return false;
    }
    if (out->json && !out->message.len) {
        reply_connect_error(r, "invalid_argument",
            "the body is empty; the smallest JSON message is {}");
        return false;
    }
    return true;
}

void connect_reply(struct request *r, const struct connect *c)
{
    r->reply.status = 200;
    r->reply.content_type = c->json ? JSON : PROTO;
}

static const char *code_of(enum fk_err err)
{
    switch (err) {
    case FK_OK:
    case FK_ERR_ARG:
    case FK_ERR_FORMAT:
        return "invalid_argument";
    case FK_ERR_LIMIT:
    case FK_ERR_FULL:
        return "resource_exhausted";
    case FK_ERR_NOT_FOUND:
        return "not_found";
    case FK_ERR_EXISTS:
        return "already_exists";
    case FK_ERR_RETRY:
    case FK_ERR_UNAVAILABLE:
        return "unavailable";
    case FK_ERR_CANCELLED:
        return "canceled";
    case FK_ERR_NOMEM:
    case FK_ERR_IO:
    case FK_ERR_CORRUPT:
    case FK_ERR_PARTIAL:
        break;
    }
    return "internal";
}

void connect_refuse(
    struct request *r, enum fk_err err, const struct fk_diag *why)
{
    reply_connect_error(
        r, code_of(err), "%s", why->text[0] ? why->text : fk_err_name(err));
    if (err == FK_ERR_LIMIT)
        r->reply.status = 422;
}
