#include "common/url.h"
#include "tests/tap.h"

#include <stdio.h>

TEST(base_addresses)
{
    static const struct {
        const char *text, *want; /* scheme host port path, or NULL */
    } rows[] = {
        {"http://127.0.0.1:4040", "http 127.0.0.1 4040 "},
        {"http://localhost", "http localhost 80 "},
        {"https://example.org/", "https example.org 443 "},
        {"HTTPS://Example.org:8443/a/b//", "https Example.org 8443 /a/b"},
        {"http://[::1]:5000/x", "http ::1 5000 /x"},
        {"http://[fe80::1%25eth0]", "http fe80::1%25eth0 80 "},
        {"http://h/a%20b", "http h 80 /a%20b"},
        {"", NULL},
        {"localhost:4040", NULL},
        {"ftp://h", NULL},
        {"http://", NULL},
        {"http:///path", NULL},
        {"http://:80", NULL},
        {"http://h:", NULL},
        {"http://h:0", NULL},
        {"http://h:65536", NULL},
        {"http://h:8a", NULL},
        {"http://h:80:80", NULL},
        {"http://[::1", NULL},
        {"http://[::1]80", NULL},
        {"http://::1", NULL},
        {"http://user@h/", NULL},
        {"http://user:pw@h/", NULL},
        {"http://h/?q=1", NULL},
        {"http://h/#top", NULL},
        {"http://h?q", NULL},
        {"http://h/a b", NULL},
        {"http://h/a\r\nX: y", NULL},
        {"http://h\\x/", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_url u = {0};
        struct fk_diag d = {0};
        char got[128];
        enum fk_err err = fk_url_parse(fk_slice_of(rows[i].text), &u, &d);
        snprintf(got, sizeof got, "%s %.*s %u %.*s", u.https ? "https" : "http",
            FK_SLICE_ARG(u.host), u.port, FK_SLICE_ARG(u.path));
        if (rows[i].want) {
            CHECK_INT(err, FK_OK);
            CHECK_STR(got, rows[i].want);
        } else if (err != FK_ERR_FORMAT || !d.text[0] || u.host.len) {
            tap_fail(__FILE__, __LINE__, "'%s' was accepted", rows[i].text);
        }
    }
}

TEST(decoding)
{
    static const struct {
        struct fk_slice in, want;
    } rows[] = {
        {{"a%20b+c", 7}, {"a b c", 5}},
        {{"%41%6a%6A", 9}, {"Ajj", 3}},
        {{"%00", 3}, {"\0", 1}},
        {{"%", 1}, {"%", 1}},
        {{"%4", 2}, {"%4", 2}},
        {{"%zz%4g", 6}, {"%zz%4g", 6}},
        {{"%%41", 4}, {"%A", 2}},
        {{"", 0}, {"", 0}},
        {{NULL, 0}, {"", 0}},
    };
    struct fk_arena a;
    fk_arena_init(&a, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_slice got = fk_url_decode(&a, rows[i].in);
        CHECK(got.ptr);
        CHECK_MEM(got.ptr, got.len, rows[i].want.ptr, rows[i].want.len);
    }
    fk_arena_fini(&a);
}

TEST(decoding_without_memory)
{
    struct fk_arena a;
    fk_arena_init(&a, 16);
    CHECK(!fk_url_decode(&a, FK_SLICE("sixteen bytes + 1")).ptr);
    fk_arena_fini(&a);
}

TEST(what_is_encoded_decodes_to_itself)
{
    char all[256];
    struct fk_buf out;
    struct fk_arena a;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    fk_buf_init(&out, 4096);
    fk_arena_init(&a, 4096);
    fk_url_encode(&out, (struct fk_slice){all, sizeof all});
    for (size_t i = 0; i < out.len; i++)
        CHECK(out.ptr[i] > ' ' && out.ptr[i] < 0x7F &&
              !strchr("&=+#?/", out.ptr[i]));
    struct fk_slice back = fk_url_decode(&a, fk_buf_slice(&out));
    CHECK_MEM(back.ptr, back.len, all, sizeof all);
    fk_buf_reset(&out);
    fk_url_encode(&out, FK_SLICE("a b/~-._\xC3\xA4"));
    CHECK_STR(out.ptr, "a%20b%2F~-._%C3%A4");
    fk_buf_fini(&out);
    fk_arena_fini(&a);
}

TEST(query_strings)
{
    struct fk_arena a;
    struct fk_query q;
    fk_arena_init(&a, 4096);
    CHECK_INT(fk_query_parse(
                  FK_SLICE("name=a%7Bb%7D&&from=1&flag&name=second&x=a=b&=v"),
                  &a, &q, NULL),
        FK_OK);
    CHECK_INT(q.count, 6);
    CHECK(fk_slice_eqz(fk_query_get(&q, "name"), "a{b}"));
    CHECK(fk_slice_eqz(fk_query_get(&q, "from"), "1"));
    CHECK(fk_slice_eqz(fk_query_get(&q, "x"), "a=b"));
    CHECK(fk_query_get(&q, "flag").ptr && !fk_query_get(&q, "flag").len);
    CHECK(!fk_query_get(&q, "absent").ptr);
    CHECK(fk_slice_eqz(fk_query_get(&q, ""), "v"));
    CHECK_INT(fk_query_parse(FK_SLICE(""), &a, &q, NULL), FK_OK);
    CHECK_INT(q.count, 0);
    CHECK_INT(fk_query_parse((struct fk_slice){NULL, 0}, &a, &q, NULL), FK_OK);
    CHECK_INT(q.count, 0);
    fk_arena_fini(&a);
}

TEST(query_limits)
{
    char text[2 * (FK_QUERY_MAX_PARAMS + 1)];
    struct fk_arena a;
    struct fk_query q = {.count = 77};
    struct fk_diag d = {0};
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '&' : 'x';
    fk_arena_init(&a, 1 << 16);
    CHECK_INT(
        fk_query_parse((struct fk_slice){text, sizeof text - 2}, &a, &q, &d),
        FK_OK);
    CHECK_INT(q.count, FK_QUERY_MAX_PARAMS);
    q.count = 77;
    CHECK_INT(fk_query_parse((struct fk_slice){text, sizeof text}, &a, &q, &d),
        FK_ERR_LIMIT);
    CHECK(strstr(d.text, "256"));
    CHECK_INT(q.count, 77);
    fk_arena_fini(&a);
    fk_arena_init(&a, 100);
    CHECK_INT(fk_query_parse((struct fk_slice){text, 400}, &a, &q, NULL),
        FK_ERR_LIMIT);
    CHECK_INT(q.count, 77);
    fk_arena_fini(&a);
}

TAP_MAIN
