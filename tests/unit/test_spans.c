/* Spans of a profile as bytes, and through both stores. */
#include "server/spans.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <stdio.h>

static struct fk_buf shown;

static enum fk_err show(void *arg, const struct store_span_item *item)
{
    (void)arg;
    fk_buf_printf(&shown, "%lld s%u n%u %llx/%02x=%lld\n",
        (long long)item->time_ms, item->series, item->node,
        (unsigned long long)item->span, item->trace[15],
        (long long)item->value);
    return FK_OK;
}

static const struct store_span spans[] = {
    {.span = 0xb, .trace = {[15] = 2}, .stack = 0, .value = 5},
    {.span = 0xa, .stack = 1, .value = 7},
    {.span = 0xc, .stack = 1, .value = 0}, /* left out */
    {.span = 0xb, .trace = {[15] = 2}, .stack = 1, .value = INT64_MAX},
};

static const struct store_span_item like = {.series = 3, .time_ms = 9};

TEST(bytes_there_and_back)
{
    static const uint32_t nodes[] = {4, 9, 9, 2};
    struct fk_buf b;
    fk_buf_init(&b, 1 << 16);
    fk_buf_init(&shown, 1 << 16);
    CHECK_INT(spans_encode(&b, spans, nodes, 4), FK_OK);
    CHECK_INT(spans_count(fk_buf_slice(&b)), 3);
    CHECK_INT(spans_visit(fk_buf_slice(&b), 10, &like, show, NULL), FK_OK);
    CHECK_STR(shown.ptr, "9 s3 n9 a/00=7\n"
                         "9 s3 n2 b/02=9223372036854775807\n"
                         "9 s3 n4 b/02=5\n");
    CHECK_INT(
        spans_visit(fk_buf_slice(&b), 9, &like, show, NULL), FK_ERR_CORRUPT);
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        CHECK_INT(spans_visit(fk_buf_slice(&b), 10, &like, show, NULL),
            FK_ERR_CORRUPT);
        CHECK_INT(
            spans_visit((struct fk_slice){b.ptr, i}, 10, &like, show, NULL),
            FK_ERR_CORRUPT);
        b.ptr[i] ^= 1;
    }
    fk_buf_reset(&b);
    CHECK_INT(spans_encode(&b, &spans[2], nodes, 1), FK_OK);
    CHECK_INT(b.len, 0);
    fk_buf_fini(&b);
    fk_buf_fini(&shown);
}

static void ask(struct fx *fx, const char *selector, int64_t t0, int64_t t1)
{
    struct fk_arena arena;
    struct selector s;
    struct fk_diag diag = {""};
    fk_arena_init(&arena, 1 << 16);
    fk_buf_reset(&shown);
    CHECK_INT(selector_parse(fk_slice_of(selector), &arena, &s, &diag), FK_OK);
    CHECK_INT(
        fx->ops->spans(fx->tenant, &s, t0, t1, NULL, show, NULL, &diag), FK_OK);
    fk_buf_addc(&shown, '\0');
    fk_arena_fini(&arena);
}

static void put(struct fx *fx, const char *labels, int64_t time_ms,
    const struct store_span *of, size_t n)
{
    struct fx_batch b;
    struct fx_done done = {0};
    fx_batch_init(&b);
    struct store_profile *p = fx_batch_add(&b, labels, time_ms, "a 1\nb 2");
    p->spans = of;
    p->num_spans = n;
    CHECK_INT(
        fx->ops->append(fx->tenant, &b.batch, fx_done, &done, NULL), FK_OK);
    CHECK_INT(fx_wait(&done), FK_OK);
    fx_batch_fini(&b);
}

static void through_a_store(const struct store_ops *ops)
{
    struct fx fx;
    fx_init(&fx, ops);
    fx_open(&fx);
    fk_buf_init(&shown, 1 << 16);
    put(&fx, APP_A, T0 + 1, spans, 4);
    put(&fx, APP_A, T0 + 2, NULL, 0);
    put(&fx, APP_B, T0 + 3, spans, 1);
    ask(&fx, ALL, T0, T0 + 9);
    CHECK_STR(shown.ptr, "1700000000001 s0 n3 a/00=7\n"
                         "1700000000001 s0 n2 b/02=5\n"
                         "1700000000001 s0 n3 b/02=9223372036854775807\n"
                         "1700000000003 s1 n2 b/02=5\n");
    ask(&fx, "{service_name=\"b\"}", T0, T0 + 9);
    CHECK_STR(shown.ptr, "1700000000003 s1 n2 b/02=5\n");
    ask(&fx, ALL, T0 + 2, T0 + 3);
    CHECK_STR(shown.ptr, "");
    struct store_span wrong = spans[0];
    struct fx_batch b;
    wrong.stack = 7;
    fx_batch_init(&b);
    struct store_profile *p = fx_batch_add(&b, APP_A, T0, "a 1");
    p->spans = &wrong;
    p->num_spans = 1;
    CHECK_INT(
        fx.ops->append(fx.tenant, &b.batch, fx_done, NULL, NULL), FK_ERR_ARG);
    fx_batch_fini(&b);
    fk_buf_fini(&shown);
    fx_fini(&fx);
}

TEST(through_the_store_in_memory)
{
    through_a_store(&store_memory_ops);
}

TEST(through_the_store_on_disk)
{
    through_a_store(&store_sqlite_ops);
}

TAP_MAIN
