#include "server/request.h"

#include "server/request_check.h"
#include "tests/tap.h"

static void make(struct request *r, struct request_header *headers, size_t n)
{
    *r = (struct request){.headers = headers, .num_headers = n};
    r->method = FK_SLICE("POST");
    fk_buf_init(&r->reply.body, 1 << 20);
}

#define H(name, value)                                                         \
    {                                                                          \
        FK_SLICE(name), FK_SLICE(value)                                        \
    }

TEST(request_header_ignores_case)
{
    struct request_header h[] = {H("Host", "x"), H("content-TYPE", "a/b")};
    struct request r;

    make(&r, h, 2);
    CHECK(fk_slice_eqz(request_header(&r, "Content-Type"), "a/b"));
    CHECK(request_header(&r, "Accept").ptr == NULL);
    fk_buf_fini(&r.reply.body);
}

TEST(reply_error_has_the_plain_shape)
{
    struct request r;

    make(&r, NULL, 0);
    fk_buf_adds(&r.reply.body, "half an answer");
    reply_error(&r, 422, "line %d: \"%s\"", 3, "x\n");
    CHECK_INT(r.reply.status, 422);
    CHECK_STR(r.reply.content_type, "application/json");
    CHECK_STR(r.reply.body.ptr,
        "{\"code\":\"unknown\",\"message\":\"line 3: \\\"x\\n\\\"\"}\n");
    reply_error(&r, 429, "later");
    CHECK_STR(r.reply.body.ptr,
        "{\"code\":\"resource_exhausted\",\"message\":\"later\"}\n");
    fk_buf_fini(&r.reply.body);
}

TEST(connect_codes_have_their_status)
{
    static const struct {
        const char *code;
        int status;
    } rows[] = {
        {"invalid_argument", 400},
        {"not_found", 404},
        {"unimplemented", 501},
        {"resource_exhausted", 429},
        {"unavailable", 503},
        {"unauthenticated", 401},
        {"internal", 500},
        {"canceled", 499},
    };
    struct request r;

    make(&r, NULL, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reply_connect_error(&r, rows[i].code, "why");
        CHECK_INT(r.reply.status, rows[i].status);
        CHECK(strstr(r.reply.body.ptr, rows[i].code));
    }
    fk_buf_fini(&r.reply.body);
}

TEST(reply_headers_have_an_end)
{
    struct request r;

    make(&r, NULL, 0);
    for (int i = 0; i < 20; i++)
        reply_header(&r, "A", "b");
    CHECK_INT(r.reply.num_headers, 8);
    fk_buf_fini(&r.reply.body);
}

TEST(framing_must_be_unambiguous)
{
    static const struct {
        struct request_header headers[3];
        size_t count;
        const char *version;
        bool good;
    } rows[] = {
        {{H("Host", "x")}, 1, "HTTP/1.1", true},
        {{{{0}, {0}}}, 0, "HTTP/1.0", true},
        {{{{0}, {0}}}, 0, "HTTP/1.1", false},
        {{H("Host", "x"), H("host", "y")}, 2, "HTTP/1.1", false},
        {{H("Host", "x"), H("Content-Length", "3")}, 2, "HTTP/1.1", true},
        {{H("Host", "x"), H("Content-Length", "3"), H("Content-Length", "3")},
            3, "HTTP/1.1", false},
        {{H("Host", "x"), H("Content-Length", "3"),
             H("Transfer-Encoding", "chunked")},
            3, "HTTP/1.1", false},
        {{H("Host", "x"), H("Transfer-Encoding", "chunked")}, 2, "HTTP/1.1",
            true},
        {{H("Host", "x"), H("Transfer-Encoding", "gzip, chunked")}, 2,
            "HTTP/1.1", false},
        {{H("Host", "x"), H("transfer-encoding", "CHUNKED")}, 2, "HTTP/1.1",
            true},
        {{H("Host", "x"), H("Transfer-Encoding ", "chunked")}, 2, "HTTP/1.1",
            false},
        {{H("Host", "x"), H("X(y)", "z")}, 2, "HTTP/1.1", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request_header h[3];
        struct request r;
        memcpy(h, rows[i].headers, sizeof(h));
        make(&r, h, rows[i].count);
        tap_diag("row %zu", i);
        CHECK_INT(
            request_framing_fault(&r, rows[i].version) == NULL, rows[i].good);
        fk_buf_fini(&r.reply.body);
    }
}

TEST(other_sites_may_not_write)
{
    static const struct {
        const char *method;
        struct request_header origin;
        bool foreign;
    } rows[] = {
        {"POST", H("Origin", "http://evil.example"), true},
        {"POST", H("Origin", "null"), true},
        {"POST", H("Origin", "http://localhost:4040"), false},
        {"GET", H("Origin", "http://evil.example"), false},
        {"DELETE", H("Origin", "http://localhost:5000"), true},
        {"POST", H("Accept", "x"), false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request_header h[] = {
            H("Host", "localhost:4040"), rows[i].origin};
        struct request r;
        make(&r, h, 2);
        r.method = fk_slice_of(rows[i].method);
        tap_diag("row %zu", i);
        CHECK_INT(request_foreign_origin(&r), rows[i].foreign);
        fk_buf_fini(&r.reply.body);
    }
}

TEST(answers_are_compressed_for_who_wants_it)
{
    struct request_header yes[] = {H("Accept-Encoding", "br, gzip")};
    struct request r;

    make(&r, yes, 1);
    r.reply.content_type = "application/json";
    fk_buf_adds(&r.reply.body, "{}");
    reply_compress(&r);
    CHECK_INT(r.reply.num_headers, 0);
    for (int i = 0; i < 2000; i++)
        fk_buf_addc(&r.reply.body, 'x');
    reply_compress(&r);
    CHECK(r.reply.body.len < 100);
    CHECK_STR(r.reply.header[0].value, "gzip");
    fk_buf_fini(&r.reply.body);
}

TAP_MAIN
