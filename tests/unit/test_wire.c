#include "common/pb.h"
#include "server/querier_codec.h"
#include "tests/tap.h"

static struct fk_arena arena;

static enum fk_err from_json(
    const char *text, struct querier_request *out, struct fk_diag *diag)
{
    memset(out, 0, sizeof *out);
    fk_arena_init(&arena, 1 << 20);
    return wire_read_json(
        querier_merge_request, fk_slice_of(text), &arena, out, diag);
}

TEST(wire_reads_both_spellings_of_json)
{
    struct querier_request q;
    CHECK(from_json("{\"profile_typeID\":\"a:b:c:d:e\",\"labelSelector\":"
                    "\"{}\",\"start\":\"12\",\"end\":1e3,\"maxNodes\":\"7\","
                    "\"format\":\"PROFILE_FORMAT_TREE\",\"new\":[{}],"
                    "\"spanSelector\":[\"x\",\"y\"],\"async\":null,"
                    "\"stack_trace_selector\":{\"callSite\":[{\"name\":\"m\"}]"
                    "}}",
              &q, NULL) == FK_OK);
    CHECK(fk_slice_eqz(q.type_id, "a:b:c:d:e"));
    CHECK(fk_slice_eqz(q.selector, "{}"));
    CHECK_INT(q.start_ms, 12);
    CHECK_INT(q.end_ms, 1000);
    CHECK_INT(q.max_nodes, 7);
    CHECK_INT(q.format, QUERIER_TREE);
    CHECK_INT(q.spans.count, 2);
    CHECK(fk_slice_eqz(((struct fk_slice *)q.spans.items)[1], "y"));
    CHECK_INT(q.call_site.count, 1);
    CHECK(fk_slice_eqz(((struct fk_slice *)q.call_site.items)[0], "m"));
    fk_arena_fini(&arena);
}

TEST(wire_says_what_is_wrong_with_json)
{
    static const char *const bad[] = {"{\"start\":\"now-1h\"}",
        "{\"start\":1.5}", "{\"labelSelector\":7}", "{\"spanSelector\":\"x\"}",
        "{\"stackTraceSelector\":[]}",
        "{\"stackTraceSelector\":"
        "{\"callSite\":[7]}}",
        "{", "[]", "7", "{} x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct querier_request q;
        struct fk_diag diag = {""};
        if (!from_json(bad[i], &q, &diag) || !diag.text[0])
            tap_fail(__FILE__, __LINE__, "accepted %s", bad[i]);
        fk_arena_fini(&arena);
    }
}

/* A hand-made SelectMergeStacktracesRequest with fields of newer clients. */
static void add_request(struct fk_buf *b)
{
    fk_pb_add_string(b, 1, "a:b:c:d:e");
    fk_pb_add_string(b, 2, "{}");
    fk_pb_add_i64(b, 3, -5);
    fk_pb_add_i64(b, 4, 6);
    fk_pb_add_u64(b, 6, 2);
    size_t mark = fk_pb_begin(b, 7);
    for (int i = 0; i < 20; i++) {
        size_t item = fk_pb_begin(b, 1);
        fk_pb_add_string(b, 1, i ? "callee" : "main");
        fk_pb_end(b, item);
    }
    fk_pb_end(b, mark);
    fk_pb_add_string(b, 99, "new");
    fk_pb_add_double(b, 98, 1.5);
}

TEST(wire_reads_protobuf)
{
    struct querier_request q = {0};
    struct fk_buf b;
    fk_buf_init(&b, 4096);
    fk_arena_init(&arena, 1 << 20);
    add_request(&b);
    CHECK(wire_read_proto(querier_merge_request, fk_buf_slice(&b), &arena, &q,
              NULL) == FK_OK);
    CHECK_INT(q.start_ms, -5);
    CHECK_INT(q.format, QUERIER_TREE);
    CHECK_INT(q.call_site.count, 20);
    CHECK(fk_slice_eqz(((struct fk_slice *)q.call_site.items)[0], "main"));
    CHECK(fk_slice_eqz(((struct fk_slice *)q.call_site.items)[19], "callee"));
    fk_arena_fini(&arena);
    fk_buf_fini(&b);
}

TEST(wire_refuses_every_cut_of_a_nested_field)
{
    struct fk_buf b;
    fk_buf_init(&b, 4096);
    fk_arena_init(&arena, 1 << 20);
    add_request(&b);
    size_t refused = 0;
    for (size_t n = 0; n < b.len; n++) {
        struct querier_request q = {0};
        struct fk_diag diag = {""};
        if (wire_read_proto(querier_merge_request, (struct fk_slice){b.ptr, n},
                &arena, &q, &diag)) {
            refused++;
            CHECK(strstr(diag.text, "at byte"));
        }
    }
    CHECK(refused > b.len * 9 / 10);
    fk_arena_fini(&arena);
    fk_buf_fini(&b);
}

TEST(wire_limits_lists)
{
    struct querier_request q = {0};
    struct fk_buf b;
    fk_buf_init(&b, 1 << 20);
    fk_arena_init(&arena, 1 << 20);
    for (int i = 0; i <= WIRE_MAX_LIST; i++)
        fk_pb_add_string(&b, 11, "");
    CHECK(wire_read_proto(querier_merge_request, fk_buf_slice(&b), &arena, &q,
              NULL) == FK_ERR_LIMIT);
    fk_arena_fini(&arena);
    fk_buf_fini(&b);
}

static void check_json(const struct wire_field *message,
    const struct fk_buf *bytes, const char *want)
{
    struct fk_buf text;
    struct fk_json json;
    fk_buf_init(&text, 4096);
    fk_json_init(&json, &text);
    wire_write_json(message, fk_buf_slice(bytes), &json);
    CHECK_STR(text.ptr, want);
    fk_buf_fini(&text);
}

TEST(wire_writes_proto_json)
{
    static const int64_t values[] = {0, 7, -1};
    struct fk_buf b;
    fk_buf_init(&b, 4096);
    check_json(querier_merge_response, &b, "{}");
    size_t mark = fk_pb_begin(&b, 1);
    fk_pb_add_string(&b, 1, "total");
    size_t level = fk_pb_begin(&b, 2);
    wire_add_packed(&b, 1, values, 3);
    fk_pb_end(&b, level);
    fk_pb_add_string(&b, 1, "main"); /* apart from its sibling */
    wire_add_i64(&b, 3, 7);
    wire_add_i64(&b, 4, 0);
    fk_pb_end(&b, mark);
    check_json(querier_merge_response, &b,
        "{\"flamegraph\":{\"names\":[\"total\",\"main\"],\"levels\":"
        "[{\"values\":[\"0\",\"7\",\"-1\"]}],\"total\":\"7\"}}");
    fk_buf_fini(&b);
}

TEST(wire_writes_base64)
{
    static const struct {
        const char *bytes, *json;
    } rows[] = {
        {"f", "{\"tree\":\"Zg==\"}"},
        {"fo", "{\"tree\":\"Zm8=\"}"},
        {"foo", "{\"tree\":\"Zm9v\"}"},
        {"\xff\xfe\xfd?", "{\"tree\":\"//79Pw==\"}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_buf b;
        fk_buf_init(&b, 4096);
        fk_pb_add_string(&b, 2, rows[i].bytes);
        check_json(querier_merge_response, &b, rows[i].json);
        fk_buf_fini(&b);
    }
}

TEST(wire_leaves_defaults_out)
{
    struct fk_buf b;
    fk_buf_init(&b, 4096);
    wire_add_i64(&b, 1, 0);
    wire_add_str(&b, 2, FK_SLICE(""));
    wire_add_double(&b, 3, 0);
    CHECK_INT(b.len, 0);
    fk_buf_fini(&b);
}

TAP_MAIN
