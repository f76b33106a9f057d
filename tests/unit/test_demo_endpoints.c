#include "demoapp/endpoints.h"

#include "demoapp/app.h"
#include "demoapp/digest.h"
#include "tests/tap.h"

#include <stdio.h>

static struct app app = {.service = "test.app", .server = "", .run = "r-1"};

static void find(struct call *c, enum call_method method, const char *path)
{
    call_init(c, &app, method);
    if (!endpoints_find(c, fk_slice_of(path)))
        CHECK(c->status >= 400 && c->body.len > 0);
}

TEST(endpoints_answer_with_the_right_status)
{
    static const struct {
        enum call_method method;
        const char *path;
        int status;
        const char *route, *text;
    } rows[] = {
        {CALL_GET, "/", 200, "/", ""},
        {CALL_HEAD, "/", 200, "/", ""},
        {CALL_GET, "/healthz", 200, "/healthz", ""},
        {CALL_GET, "/healthz/", 404, NULL, ""},
        {CALL_GET, "/api/primes_slow", 200, "/api/primes_slow", ""},
        {CALL_GET, "/api/primes_slower", 404, NULL, ""},
        {CALL_GET, "/api/primes_slow/9", 404, NULL, ""},
        {CALL_POST, "/api/primes_slow", 405, "/api/primes_slow", ""},
        {CALL_OTHER, "/", 405, "/", ""},
        {CALL_GET, "/api/hash", 400, "/api/hash", ""},
        {CALL_GET, "/api/hash/", 400, "/api/hash", ""},
        {CALL_GET, "/api/hash/abc", 200, "/api/hash", "abc"},
        {CALL_GET, "/api/hash/a/b", 200, "/api/hash", "a/b"},
        {CALL_GET, "/api/hash/a+b%20c", 200, "/api/hash", "a+b c"},
        {CALL_GET, "/api/hash/%c3%A9", 200, "/api/hash", "\xc3\xa9"},
        {CALL_GET, "/api/hash/100%", 200, "/api/hash", "100%"},
        {CALL_GET, "/api/hash/%zz", 200, "/api/hash", "%zz"},
        {CALL_GET, "/api/hash/%ff", 400, "/api/hash", "\xff"},
        {CALL_GET, "/api/hash_cached/abc", 200, "/api/hash_cached", "abc"},
        {CALL_GET, "/api/hash_cache/abc", 404, NULL, ""},
        {CALL_GET, "/api/kit/hello_profiler", 405, "/api/kit/hello_profiler",
            ""},
        {CALL_POST, "/api/kit/hello_profiler", 200, "/api/kit/hello_profiler",
            ""},
        {CALL_GET, "", 404, NULL, ""},
        {CALL_GET, "*", 404, NULL, ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call c;
        tap_diag("%s", rows[i].path);
        find(&c, rows[i].method, rows[i].path);
        CHECK_INT(c.status, rows[i].status);
        if (rows[i].route)
            CHECK_STR(c.endpoint->path, rows[i].route);
        else
            CHECK(!c.endpoint);
        CHECK_MEM(c.text, c.text_len, rows[i].text, strlen(rows[i].text));
        call_fini(&c);
    }
}

TEST(endpoints_take_numbers_and_refuse_what_is_none)
{
    static const struct {
        const char *path, *name, *value;
        int status;
        int64_t number;
    } rows[] = {
        {"/api/primes_slow", "n", "2", 200, 2},
        {"/api/primes_slow", "n", "1000", 200, 1000},
        {"/api/primes_slow", "n", "300000", 200, 300000},
        {"/api/primes_slow", "n", "abc", 400, 0},
        {"/api/primes_slow", "n", "", 400, 0},
        {"/api/primes_slow", "n", "1", 400, 0},
        {"/api/primes_slow", "n", "-5", 400, 0},
        {"/api/primes_slow", "n", "300001", 400, 0},
        {"/api/primes_slow", "n", "1e3", 400, 0},
        {"/api/primes_slow", "n", "10 ", 400, 0},
        {"/api/primes_slow", "n", "99999999999999999999", 400, 0},
        {"/api/primes_slow", "m", "abc", 200, 300000},
        {"/api/primes_fast", "n", "10", 200, 10},
        {"/api/primes_fast", "n", "ten", 400, 0},
        {"/api/slow_io", "ms", "0", 200, 0},
        {"/api/slow_io", "ms", "10000", 200, 10000},
        {"/api/slow_io", "ms", "10001", 400, 0},
        {"/api/slow_io", "ms", "0.5", 400, 0},
        {"/api/slow_io", "n", "abc", 200, 200},
        {"/api/hash/x", "n", "abc", 200, 0},
    };
    struct call c;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("%s?%s=%s", rows[i].path, rows[i].name, rows[i].value);
        find(&c, CALL_GET, rows[i].path);
        bool taken = endpoints_take(
            &c, fk_slice_of(rows[i].name), fk_slice_of(rows[i].value));
        CHECK_INT(taken, rows[i].status == 200);
        CHECK_INT(c.status, rows[i].status);
        if (taken) {
            CHECK_INT(c.number, rows[i].number);
        } else {
            char named[32];
            snprintf(named, sizeof named, "parameter %s ", rows[i].name);
            CHECK(strstr(c.body.ptr, named));
        }
        call_fini(&c);
    }
    find(&c, CALL_GET, "/api/primes_slow");
    CHECK(endpoints_take(&c, FK_SLICE("n"), FK_SLICE("5")));
    CHECK(!endpoints_take(&c, FK_SLICE("n"), FK_SLICE("5")));
    CHECK_INT(c.status, 400);
    call_fini(&c);
}

/* Every endpoint with a number is in a sentence of its own mistake. */
TEST(endpoints_numbers_name_themselves)
{
    for (const struct endpoint_number *n = endpoints_numbers; n->path; n++) {
        struct call c;
        find(&c, CALL_GET, n->path);
        CHECK_INT(c.number, n->usual);
        CHECK(!endpoints_take(&c, fk_slice_of(n->name), FK_SLICE("abc")));
        CHECK_INT(c.status, 400);
        CHECK(strstr(c.body.ptr, n->path));
        call_fini(&c);
    }
}

TEST(endpoints_refuse_a_long_text)
{
    char path[CALL_TEXT_MAX + 32];
    int start = snprintf(path, sizeof path, "/api/hash/");
    memset(path + start, 'a', CALL_TEXT_MAX);
    path[start + CALL_TEXT_MAX] = '\0';
    struct call c;
    find(&c, CALL_GET, path);
    CHECK_INT(c.status, 200);
    CHECK_INT(c.text_len, CALL_TEXT_MAX);
    call_fini(&c);

    path[start + CALL_TEXT_MAX] = 'a';
    path[start + CALL_TEXT_MAX + 1] = '\0';
    find(&c, CALL_GET, path);
    CHECK_INT(c.status, 414);
    call_fini(&c);
}

TEST(endpoints_keep_a_zero_byte)
{
    struct call c;
    find(&c, CALL_GET, "/api/hash/a%00b");
    CHECK_INT(c.status, 200);
    CHECK_MEM(c.text, c.text_len, "a\0b", 3);
    call_fini(&c);
}

TEST(endpoints_run_counts_and_answers_json)
{
    struct call c;
    app.cache = cache_new(4, compute_hash);
    find(&c, CALL_GET, "/api/hash_cached/x");
    endpoints_run(&c);
    CHECK_INT(c.status, 200);
    CHECK_STR(c.header_value, "miss");
    CHECK(c.body.ptr[0] == '{' && c.body.ptr[c.body.len - 1] == '}');
    CHECK_INT(app.requests[c.endpoint - endpoints_table], 1);
    call_fini(&c);

    find(&c, CALL_GET, "/api/hash_cached/x");
    endpoints_run(&c);
    CHECK_STR(c.header_value, "hit");
    CHECK_INT(app.requests[c.endpoint - endpoints_table], 2);
    call_fini(&c);
    cache_free(app.cache);
}

TAP_MAIN
