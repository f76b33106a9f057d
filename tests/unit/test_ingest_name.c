#include "server/ingest_name.h"

#include "tests/tap.h"

/* app{a=b,c=d} with sorted names. */
static void print(const struct ingest_name *n, struct fk_buf *out)
{
    fk_buf_add_slice(out, n->app);
    fk_buf_addc(out, '{');
    for (uint32_t i = 0; i < n->labels.count; i++)
        fk_buf_printf(out, "%s" FK_SLICE_FMT "=" FK_SLICE_FMT, i ? "," : "",
            FK_SLICE_ARG(n->labels.pair[i].name),
            FK_SLICE_ARG(n->labels.pair[i].value));
    fk_buf_addc(out, '}');
}

TEST(ingest_name_follows_the_grammar)
{
    static const char *const rows[][2] = {
        {"foo", "foo{}"},
        {"foo{}", "foo{}"},
        {"foo{bar=1,baz=2}", "foo{bar=1,baz=2}"},
        {" foo { bar = 1 , baz = 2 } ", "foo{bar=1,baz=2}"},
        {"foo{baz=1,bar=2}", "foo{bar=2,baz=1}"},
        {"foo{a=1,a=2}", "foo{a=2}"},
        {"foo{a=1,}", "foo{a=1}"},
        {"foo{a=b", "foo{}"},
        {"foo{a=b,c=d", "foo{a=b}"},
        {"foo{a}", "foo{}"},
        {"foo{a=}", "foo{a=}"},
        {"foo{a=x y/z=1{}b=c", "foo{a=x y/z=1{}"},
        {"foo{a=b}c=d}", "foo{a=b}"},
        {"foo{otel.scope.name=com.example/x}",
            "foo{otel.scope.name=com.example/x}"},
        {"foo{__name__=bar}", "bar{}"},
        {"foo{__session_id__=1,__x__=2,a=b}", "foo{a=b}"},
        {"a.b-c/d_e.cpu", "a.b-c/d_e.cpu{}"},
        {"caf\xc3\xa9{stra\xc3\x9f"
         "e=1}",
            "caf\xc3\xa9{stra\xc3\x9f"
            "e=1}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ingest_name name;
        struct fk_diag diag = {{0}};
        struct fk_buf out;
        CHECK_INT(
            ingest_name_parse(fk_slice_of(rows[i][0]), &name, &diag), FK_OK);
        fk_buf_init(&out, 4096);
        print(&name, &out);
        CHECK_STR(out.ptr, rows[i][1]);
        fk_buf_fini(&out);
    }
}

TEST(ingest_name_says_what_is_wrong)
{
    static const char *const rows[][2] = {
        {"", "name: service name is required"},
        {"{a=b}", "name: service name is required"},
        {"a:b",
            "name: invalid service name: a:b: character is not allowed: ':'"},
        {"a b", "name: invalid service name"},
        {"a{b c=1}", "name: invalid label name: b c"},
        {"a{=1}", "name: a label has no name"},
        {"a{b-c=1}", "name: invalid label name: b-c"},
        {"a{__name__=}", "name: service name is required"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ingest_name name;
        struct fk_diag diag = {{0}};
        CHECK_INT(ingest_name_parse(fk_slice_of(rows[i][0]), &name, &diag),
            FK_ERR_FORMAT);
        CHECK(strncmp(diag.text, rows[i][1], strlen(rows[i][1])) == 0);
    }
}

TEST(ingest_name_has_a_limit_of_labels)
{
    struct ingest_name name;
    struct fk_buf text;

    fk_buf_init(&text, 1 << 16);
    fk_buf_adds(&text, "app{");
    for (int i = 0; i < FK_LABELS_MAX + 1; i++)
        fk_buf_printf(&text, "l%d=v,", i);
    fk_buf_adds(&text, "}");
    CHECK_INT(
        ingest_name_parse(fk_buf_slice(&text), &name, NULL), FK_ERR_LIMIT);
    fk_buf_fini(&text);
}

TEST(ingest_kind_comes_from_the_tail)
{
    static const struct {
        const char *app, *service, *metric, *type, *unit;
    } rows[] = {
        {"shop", "shop", "process_cpu", "cpu", "nanoseconds"},
        {"my.shop.cpu", "my.shop", "process_cpu", "cpu", "nanoseconds"},
        {"shop.wall", "shop", "wall", "wall", "nanoseconds"},
        {"shop.inuse_space", "shop", "memory", "inuse_space", "bytes"},
        {"shop.lock_duration", "shop", "block", "delay", "nanoseconds"},
        {"shop.exceptions", "shop", "exceptions", "samples", "count"},
    };
    const struct ingest_kind *kind;
    struct fk_slice service;
    struct fk_diag diag = {{0}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_INT(
            ingest_kind_of(fk_slice_of(rows[i].app), &kind, &service, NULL),
            FK_OK);
        CHECK(fk_slice_eqz(service, rows[i].service));
        CHECK_STR(kind->metric, rows[i].metric);
        CHECK_STR(kind->type, rows[i].type);
        CHECK_STR(kind->unit, rows[i].unit);
    }
    CHECK_INT(
        ingest_kind_of(FK_SLICE("my.app"), &kind, &service, &diag), FK_ERR_ARG);
    CHECK(strstr(diag.text, "unknown profile type: app"));
}

TAP_MAIN
