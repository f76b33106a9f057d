#include "server/request.h"

#include <stdarg.h>
#include <strings.h>

struct fk_slice request_header(const struct request *r, const char *name)
{
    struct fk_slice want = fk_slice_of(name);

    for (size_t i = 0; i < r->num_headers; i++) {
        struct fk_slice have = r->headers[i].name;
        if (have.len == want.len &&
            strncasecmp(have.ptr, want.ptr, have.len) == 0)
            return r->headers[i].value;
    }
    return (struct fk_slice){0};
}

void reply_header(struct request *r, const char *name, const char *value)
{
    struct reply *p = &r->reply;

    if (p->num_headers < sizeof(p->header) / sizeof(p->header[0])) {
        p->header[p->num_headers].name = name;
        p->header[p->num_headers].value = value;
        p->num_headers++;
    }
}

static const char *code_of_status(int status)
{
    static const struct {
        int status;
        const char *code;
    } codes[] = {
        {400, "invalid_argument"},
        {401, "unauthenticated"},
        {403, "permission_denied"},
        {404, "unimplemented"},
        {409, "already_exists"},
        {413, "invalid_argument"},
        {429, "resource_exhausted"},
        {502, "unavailable"},
        {503, "unavailable"},
        {504, "deadline_exceeded"},
    };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].status == status)
            return codes[i].code;
    return "unknown";
}

static int status_of_code(const char *code)
{
    static const struct {
        const char *code;
        int status;
    } statuses[] = {
        {"canceled", 499},
        {"invalid_argument", 400},
        {"deadline_exceeded", 504},
        {"not_found", 404},
        {"already_exists", 409},
        {"permission_denied", 403},
        {"resource_exhausted", 429},
        {"failed_precondition", 400},
        {"aborted", 409},
        {"out_of_range", 400},
        {"unimplemented", 501},
        {"unavailable", 503},
        {"unauthenticated", 401},
    };

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (fk_slice_eqz(fk_slice_of(code), statuses[i].code))
            return statuses[i].status;
    return 500; /* unknown, internal, data_loss */
}

/* An error replaces whatever a route had begun to write. */
static void error_body(struct request *r, const char *code, const char *fmt,
    va_list ap) FK_PRINTF(3, 0);

static void error_body(
    struct request *r, const char *code, const char *fmt, va_list ap)
{
    struct fk_buf text;
    struct fk_json j;

    fk_buf_init(&text, 4096);
    fk_buf_vprintf(&text, fmt, ap);
    fk_buf_reset(&r->reply.body);
    r->reply.fixed = (struct fk_slice){0};
    r->reply.content_type = "application/json";
    fk_json_init(&j, &r->reply.body);
    fk_json_object(&j);
    fk_json_key(&j, "code");
    fk_json_strz(&j, code);
    fk_json_key(&j, "message");
    fk_json_str(&j, fk_buf_slice(&text));
    fk_json_end(&j);
    fk_buf_addc(&r->reply.body, '\n');
    fk_buf_fini(&text);
}

void reply_error(struct request *r, int status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->reply.status = status;
    error_body(r, code_of_status(status), fmt, ap);
    va_end(ap);
}

void reply_connect_error(
    struct request *r, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    r->reply.status = status_of_code(code);
    error_body(r, code, fmt, ap);
    va_end(ap);
}

int reply_status_of(enum fk_err err)
{
    switch (err) {
    case FK_OK:
        return 200;
    case FK_ERR_ARG:
    case FK_ERR_FORMAT:
        return 400;
    case FK_ERR_LIMIT:
        return 413;
    case FK_ERR_NOT_FOUND:
        return 404;
    case FK_ERR_EXISTS:
        return 409;
    case FK_ERR_FULL:
        return 429;
    case FK_ERR_RETRY:
    case FK_ERR_UNAVAILABLE:
        return 503;
    case FK_ERR_CANCELLED:
        return 504;
    case FK_ERR_NOMEM:
    case FK_ERR_IO:
    case FK_ERR_CORRUPT:
    case FK_ERR_PARTIAL:
        return 500;
    }
    return 500;
}
