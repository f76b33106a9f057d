#include "server/request_json.h"

#include "tests/tap.h"

#include <math.h>

TEST(request_json_finds_both_spellings)
{
    struct request_json j;

    CHECK_INT(request_json_open(&j,
                  FK_SLICE("{\"label_selector\":\"a\",\"profileTypeID\":\"b\","
                           "\"maxNodes\":\"9\",\"null\":null}")),
        FK_OK);
    CHECK(fk_slice_eqz(request_json_str(&j, j.root, "label_selector"), "a"));
    CHECK(fk_slice_eqz(request_json_str(&j, j.root, "profile_typeID"), "b"));
    CHECK_INT(request_json_i64(&j, j.root, "max_nodes"), 9);
    CHECK(!request_json_has(&j, j.root, "null"));
    CHECK(!request_json_has(&j, j.root, "absent"));
    CHECK_INT(request_json_i64(&j, j.root, "absent"), 0);
    CHECK_INT(j.err, FK_OK);
    request_json_close(&j);
}

TEST(request_json_reads_integers)
{
    static const struct {
        const char *text;
        enum fk_err err;
        int64_t want;
    } rows[] = {
        {"1", FK_OK, 1},
        {"\"1700000000000\"", FK_OK, 1700000000000},
        {"1e3", FK_OK, 1000},
        {"-2.0", FK_OK, -2},
        {"9007199254740993", FK_OK, 9007199254740993},
        {"\"-9223372036854775808\"", FK_OK, INT64_MIN},
        {"1.5", FK_ERR_FORMAT, 0},
        {"1e30", FK_ERR_FORMAT, 0},
        {"\"now-1h\"", FK_ERR_FORMAT, 0},
        {"\"\"", FK_ERR_FORMAT, 0},
        {"true", FK_ERR_FORMAT, 0},
        {"[1]", FK_ERR_FORMAT, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request_json j;
        struct fk_buf body;
        fk_buf_init(&body, 256);
        fk_buf_printf(&body, "{\"start\":%s}", rows[i].text);
        CHECK_INT(request_json_open(&j, fk_buf_slice(&body)), FK_OK);
        CHECK_INT(request_json_i64(&j, j.root, "start"), rows[i].want);
        CHECK_INT(j.err, rows[i].err);
        CHECK(j.err == FK_OK || strstr(j.diag.text, "\"start\""));
        request_json_close(&j);
        fk_buf_fini(&body);
    }
}

TEST(request_json_reads_doubles_words_and_flags)
{
    static const struct request_json_word words[] = {
        {"SUM", 1}, {"AVERAGE", 2}, {NULL, 0}};
    struct request_json j;

    CHECK_INT(request_json_open(&j,
                  FK_SLICE("{\"a\":1,\"b\":\"2.5\",\"c\":\"NaN\",\"d\":true,"
                           "\"e\":\"AVERAGE\",\"f\":2,\"g\":\"NEW\","
                           "\"h\":-1}")),
        FK_OK);
    CHECK(request_json_double(&j, j.root, "a") == 1);
    CHECK(request_json_double(&j, j.root, "b") == 2.5);
    CHECK(isnan(request_json_double(&j, j.root, "c")));
    CHECK(request_json_bool(&j, j.root, "d"));
    CHECK_INT(request_json_enum(&j, j.root, "e", words), 2);
    CHECK_INT(request_json_enum(&j, j.root, "f", words), 2);
    CHECK_INT(request_json_enum(&j, j.root, "g", words), 0);
    CHECK_INT(request_json_enum(&j, j.root, "h", words), 0);
    CHECK_INT(j.err, FK_OK);
    request_json_bool(&j, j.root, "a");
    CHECK_INT(j.err, FK_ERR_FORMAT);
    request_json_close(&j);
}

TEST(request_json_reads_base64)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"YQ==", "a"},
        {"YQ", "a"},
        {"YWI=", "ab"},
        {"YWJj", "abc"},
        {"+/+/", "\xfb\xff\xbf"},
        {"-_-_", "\xfb\xff\xbf"},
        {"Y", NULL},
        {"Y!==", NULL},
        {"YWJjZ", NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request_json j;
        struct fk_arena arena;
        struct fk_buf body;
        fk_arena_init(&arena, 4096);
        fk_buf_init(&body, 256);
        fk_buf_printf(&body, "{\"rawProfile\":\"%s\"}", rows[i].text);
        CHECK_INT(request_json_open(&j, fk_buf_slice(&body)), FK_OK);
        struct fk_slice got =
            request_json_bytes(&j, j.root, "raw_profile", &arena);
        CHECK_INT(j.err == FK_OK, rows[i].want != NULL);
        if (rows[i].want)
            CHECK(fk_slice_eqz(got, rows[i].want));
        request_json_close(&j);
        fk_buf_fini(&body);
        fk_arena_fini(&arena);
    }
}

TEST(request_json_walks_lists_and_objects)
{
    struct request_json j;

    CHECK_INT(request_json_open(&j, FK_SLICE("{\"matchers\":[\"{}\",\"x\"],"
                                             "\"series\":[{\"n\":1},{\"n\":2}],"
                                             "\"selector\":{\"n\":3}}")),
        FK_OK);
    CHECK_INT(request_json_count(&j, j.root, "matchers"), 2);
    CHECK(fk_slice_eqz(request_json_str_at(&j, j.root, "matchers", 1), "x"));
    CHECK_INT(request_json_count(&j, j.root, "series"), 2);
    CHECK_INT(request_json_i64(
                  &j, request_json_object_at(&j, j.root, "series", 1), "n"),
        2);
    CHECK_INT(
        request_json_i64(&j, request_json_object(&j, j.root, "selector"), "n"),
        3);
    CHECK(request_json_object(&j, j.root, "absent") == NULL);
    CHECK_INT(request_json_i64(&j, NULL, "n"), 0);
    CHECK_INT(j.err, FK_OK);
    CHECK(request_json_object_at(&j, j.root, "matchers", 0) == NULL);
    CHECK_INT(j.err, FK_ERR_FORMAT);
    CHECK_INT(request_json_count(&j, j.root, "series"), 0);
    request_json_close(&j);
}

TEST(request_json_refuses_what_is_no_object)
{
    static const char *const rows[] = {"", "[]", "1", "{", "{} x", "{\"a\":}",
        "{\"a\":\"\xff\"}", "null", "{\"a\":1e999}"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request_json j;
        CHECK_INT(request_json_open(&j, fk_slice_of(rows[i])), FK_ERR_FORMAT);
        CHECK(j.diag.text[0] != '\0');
        CHECK(!request_json_has(&j, j.root, "a"));
        request_json_close(&j);
    }
}

TEST(request_json_has_a_limit_of_depth)
{
    struct request_json j;
    struct fk_buf body;

    fk_buf_init(&body, 1 << 20);
    fk_buf_adds(
        &body, "{\"a\":\"[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}");
    CHECK_INT(request_json_open(&j, fk_buf_slice(&body)), FK_OK);
    request_json_close(&j);
    fk_buf_reset(&body);
    fk_buf_adds(&body, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        fk_buf_addc(&body, '[');
    CHECK_INT(request_json_open(&j, fk_buf_slice(&body)), FK_ERR_LIMIT);
    request_json_close(&j);
    fk_buf_fini(&body);
}

TEST(request_json_dumps_values)
{
    struct request_json j;
    struct fk_buf out;

    fk_buf_init(&out, 4096);
    CHECK_INT(
        request_json_open(&j, FK_SLICE("{\"data\": { \"a\" : [1, \"x\"] } }")),
        FK_OK);
    request_json_dump(&j, j.root, "data", &out);
    CHECK_STR(out.ptr, "{\"a\":[1,\"x\"]}");
    request_json_close(&j);
    fk_buf_fini(&out);
}

TAP_MAIN
