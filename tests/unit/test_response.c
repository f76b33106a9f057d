#include "loadgen/response.h"

#include "tests/tap.h"

#include <stdlib.h>

#define OK "HTTP/1.1 200 OK\r\n"

/* What comes in, and what it means. `left` is what belongs to no answer. */
static const struct {
    const char *in;
    enum response_state state;
    int status;
    bool keep_alive;
    const char *body;
    size_t left;
} rows[] = {
    {OK "Content-Length: 3\r\n\r\nabc", RESPONSE_DONE, 200, true, "abc", 0},
    {OK "content-length:3\r\n\r\nabc", RESPONSE_DONE, 200, true, "abc", 0},
    {OK "Content-Length: 0\r\n\r\n", RESPONSE_DONE, 200, true, "", 0},
    {OK "Content-Length: 3\r\n\r\nab", RESPONSE_SIZED, 200, true, "ab", 0},
    {OK "Content-Length: 3\r\n\r\nabcd", RESPONSE_DONE, 200, true, "abc", 1},
    {OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", RESPONSE_DONE, 200,
        true, "abc", 0},
    {"HTTP/1.1 200\nContent-Length: 1\n\na", RESPONSE_DONE, 200, true, "a", 0},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", RESPONSE_DONE, 200, false,
        "a", 0},
    {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na",
        RESPONSE_DONE, 200, true, "a", 0},
    {OK "Connection: x, Close\r\nContent-Length: 1\r\n\r\na", RESPONSE_DONE,
        200, false, "a", 0},
    {OK "\r\nabc", RESPONSE_UNTIL_CLOSE, 200, false, "abc", 0},
    {"HTTP/1.1 204 None\r\n\r\n", RESPONSE_DONE, 204, true, "", 0},
    {"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", RESPONSE_DONE, 304, true,
        "", 0},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na",
        RESPONSE_DONE, 200, true, "a", 0},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
        RESPONSE_DONE, 200, true, "abc", 0},
    {OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n000\r\nT: 1\r\n"
        "\r\n",
        RESPONSE_DONE, 200, true, "0123456789", 0},
    {OK "Transfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n"
        "1\r\na\r\n0\r\n\r\n",
        RESPONSE_DONE, 200, false, "a", 0},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\na", RESPONSE_CHUNK, 200, true,
        "a", 0},
    {OK "X: 1\r\n", RESPONSE_HEADER, 200, true, "", 0},
    {"HTTP/1.1 2", RESPONSE_STATUS, 0, false, "", 0},
};

static const char *const bad[] = {
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2 200\r\n",
    "HTTP/1.1 20\r\n",
    "HTTP/1.1 2000 x\r\n",
    "HTTP/1.1 099 x\r\n",
    "HTTP/1.1 2x0 x\r\n",
    "HTTP/1.1 101 Switching\r\n",
    "\r\n",
    OK "no colon\r\n",
    OK ": nameless\r\n",
    OK "Content-Length : 3\r\n",
    OK "Content-Length: 3\r\n folded\r\n",
    OK "Content-Length: -1\r\n",
    OK "Content-Length: 3, 3\r\n",
    OK "Content-Length: 18446744073709551616\r\n",
    OK "Content-Length: 3\r\nContent-Length: 4\r\n",
    OK "Transfer-Encoding: gzip\r\n",
    OK "Transfer-Encoding: gzip, chunked\r\n",
    OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    OK "Transfer-Encoding: chunked\r\n\r\n\r\n",
    OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    OK "Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
    OK "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
    OK "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
};

/* In pieces of so many bytes; the rest of the input, or 0. */
static size_t feed(
    struct response *r, struct fk_buf *kept, const char *text, size_t piece)
{
    struct fk_slice all = fk_slice_of(text);
    while (all.len) {
        struct fk_slice in = fk_slice_sub(all, 0, piece);
        size_t given = in.len;
        response_feed(r, &in, kept);
        all = fk_slice_sub(all, given - in.len, all.len);
        if (in.len)
            break;
    }
    return all.len;
}

TEST(response_is_the_same_in_any_pieces)
{
    static const size_t pieces[] = {1, 2, 3, 7, 1000};
    struct response r;
    struct fk_buf kept;
    response_init(&r);
    fk_buf_init(&kept, 100);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("row %zu", i);
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            response_reset(&r);
            fk_buf_reset(&kept);
            size_t left = feed(&r, &kept, rows[i].in, pieces[p]);
            CHECK_INT(r.state, rows[i].state);
            CHECK_INT(r.status, rows[i].status);
            CHECK_INT(r.keep_alive, rows[i].keep_alive);
            CHECK_STR(kept.ptr, rows[i].body);
            CHECK_INT(r.bytes, strlen(rows[i].body));
            CHECK_INT(left, rows[i].left);
        }
    }
    response_fini(&r);
    fk_buf_fini(&kept);
}

TEST(response_that_is_no_http_is_bad)
{
    struct response r;
    struct fk_buf kept;
    response_init(&r);
    fk_buf_init(&kept, 100);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tap_diag("row %zu", i);
        response_reset(&r);
        feed(&r, &kept, bad[i], 1000);
        CHECK_INT(r.state, RESPONSE_BAD);
        response_reset(&r);
        feed(&r, &kept, bad[i], 1);
        CHECK_INT(r.state, RESPONSE_BAD);
    }
    response_fini(&r);
    fk_buf_fini(&kept);
}

TEST(response_ends_with_its_connection_only_when_it_may)
{
    static const struct {
        const char *in;
        enum response_state state;
    } ends[] = {
        {OK "\r\nabc", RESPONSE_DONE},
        {OK "\r\n", RESPONSE_DONE},
        {"", RESPONSE_BAD},
        {"HTTP/1.1", RESPONSE_BAD},
        {OK "X: y\r\n", RESPONSE_BAD},
        {OK "Content-Length: 3\r\n\r\nab", RESPONSE_BAD},
        {OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", RESPONSE_BAD},
    };
    struct response r;
    struct fk_buf kept;
    response_init(&r);
    fk_buf_init(&kept, 100);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        response_reset(&r);
        feed(&r, &kept, ends[i].in, 1000);
        CHECK_INT(response_close(&r), ends[i].state);
        CHECK_INT(r.started, *ends[i].in != '\0');
    }
    response_fini(&r);
    fk_buf_fini(&kept);
}

/* Heads, 1xx answers and trailers without end are cut off; bodies are not
 * kept beyond the limit, but counted. */
TEST(response_has_limits)
{
    static const char *const endless[][2] = {
        {OK, "X: 0123456789012345678901234567890123456789\r\n"},
        {OK "X: ", "0123456789"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n"},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", "T: 0123456789\r\n"},
    };
    struct response r;
    struct fk_buf kept;
    response_init(&r);
    fk_buf_init(&kept, 100);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        size_t sent = 0;
        response_reset(&r);
        feed(&r, &kept, endless[i][0], 1000);
        while (r.state != RESPONSE_BAD && sent < 2 * RESPONSE_MAX_HEAD) {
            feed(&r, &kept, endless[i][1], 1000);
            sent += strlen(endless[i][1]);
        }
        CHECK_INT(r.state, RESPONSE_BAD);
        CHECK(r.line.len <= RESPONSE_MAX_HEAD);
    }
    response_reset(&r);
    feed(&r, &kept, OK "Transfer-Encoding: chunked\r\n\r\n", 1000);
    for (int i = 0; i < 20000; i++)
        feed(&r, &kept, "5\r\nabcde\r\n", 1000);
    CHECK_INT(r.state, RESPONSE_CHUNK_SIZE);
    CHECK_INT(r.bytes, 100000);
    CHECK_INT(kept.len, 100);
    response_fini(&r);
    fk_buf_fini(&kept);
}

TAP_MAIN
