#include "common/pb.h"
#include "tests/tap.h"

#define BYTES(text) ((struct fk_slice){text, sizeof(text) - 1})

TEST(varints_both_ways)
{
    static const struct {
        uint64_t value;
        const char *bytes;
        size_t n;
    } rows[] = {
        {0, "\x00", 1},
        {1, "\x01", 1},
        {127, "\x7F", 1},
        {128, "\x80\x01", 2},
        {300, "\xAC\x02", 2},
        {UINT32_MAX, "\xFF\xFF\xFF\xFF\x0F", 5},
        {UINT64_MAX, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t out[10];
        uint64_t v = 0;
        size_t n = fk_varint_write(out, rows[i].value);
        CHECK_MEM(out, n, rows[i].bytes, rows[i].n);
        const uint8_t *at = out;
        CHECK(fk_varint_read(&at, out + n, &v));
        CHECK(v == rows[i].value && at == out + n);
        at = out;
        CHECK(!fk_varint_read(&at, out + n - 1, &v));
        CHECK(at == out);
    }
}

TEST(varints_that_are_none)
{
    static const struct fk_slice rows[] = {
        {"", 0},
        {"\x80", 1},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10}, /* 65 bits */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint8_t *at = (const uint8_t *)rows[i].ptr;
        uint64_t v;
        CHECK(!fk_varint_read(&at, at + rows[i].len, &v));
    }
    const uint8_t padded[] = {0x81, 0x80, 0x00}, *at = padded;
    uint64_t v;
    CHECK(fk_varint_read(&at, padded + 3, &v)); /* legal, if wasteful */
    CHECK_INT(v, 1);
}

/* The example messages of the encoding guide: 150 and "testing". */
TEST(golden_bytes)
{
    struct fk_buf b;
    fk_buf_init(&b, 1000);
    fk_pb_add_u64(&b, 1, 150);
    fk_pb_add_string(&b, 2, "testing");
    size_t mark = fk_pb_begin(&b, 3);
    fk_pb_add_i64(&b, 1, -1);
    fk_pb_end(&b, mark);
    fk_pb_add_double(&b, 4, 1.0);
    fk_pb_add_bool(&b, 16, true);
    const struct fk_slice want = BYTES("\x08\x96\x01"
                                       "\x12\x07testing"
                                       "\x1A\x0B\x08\xFF\xFF\xFF\xFF\xFF"
                                       "\xFF\xFF\xFF\xFF\x01"
                                       "\x21\0\0\0\0\0\0\xF0\x3F"
                                       "\x80\x01\x01");
    CHECK_MEM(b.ptr, b.len, want.ptr, want.len);
    fk_buf_fini(&b);
}

TEST(nested_messages_of_every_length)
{
    static char filler[20000];
    static const size_t sizes[] = {0, 125, 126, 127, 128, 16380, 16384, 19999};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct fk_buf b;
        struct fk_pb outer, inner;
        fk_buf_init(&b, 1 << 16);
        size_t one = fk_pb_begin(&b, 1), two = fk_pb_begin(&b, 2);
        memset(filler, 'a' + (int)i, sizeof filler);
        fk_pb_add_bytes(&b, 3, (struct fk_slice){filler, sizes[i]});
        fk_pb_end(&b, two);
        fk_pb_end(&b, one);
        fk_pb_add_u64(&b, 9, 7);
        fk_pb_init(&outer, fk_buf_slice(&b));
        CHECK(fk_pb_next(&outer) && outer.field == 1);
        fk_pb_init(&inner, fk_pb_bytes(&outer));
        CHECK(fk_pb_next(&inner) && inner.field == 2);
        fk_pb_init(&inner, fk_pb_bytes(&inner));
        CHECK(fk_pb_next(&inner) && inner.field == 3);
        struct fk_slice text = fk_pb_bytes(&inner);
        CHECK_MEM(text.ptr, text.len, filler, sizes[i]);
        CHECK(!fk_pb_next(&inner) && !inner.err);
        CHECK(fk_pb_next(&outer) && fk_pb_u64(&outer) == 7);
        CHECK(!fk_pb_next(&outer) && !outer.err);
        fk_buf_fini(&b);
    }
}

TEST(a_nested_message_that_does_not_fit)
{
    struct fk_buf b;
    fk_buf_init(&b, 130);
    size_t mark = fk_pb_begin(&b, 1);
    for (int i = 0; i < 64; i++)
        fk_pb_add_u64(&b, 1, 1);
    CHECK_INT(b.err, FK_OK);
    fk_pb_end(&b, mark); /* one more length byte is one too many */
    CHECK_INT(b.err, FK_ERR_LIMIT);
    fk_buf_fini(&b);
}

TEST(every_wire_type_is_skipped)
{
    struct fk_pb pb;
    fk_pb_init(&pb, BYTES("\x08\x96\x01"
                          "\x11zzzzzzzz"
                          "\x1A\x02zz"
                          "\x25zzzz"
                          "\x28\x05"));
    for (uint32_t field = 1; field <= 4; field++) {
        CHECK(fk_pb_next(&pb));
        CHECK_INT(pb.field, field);
        fk_pb_skip(&pb);
    }
    CHECK(fk_pb_next(&pb));
    CHECK_INT(fk_pb_i64(&pb), 5);
    CHECK(!fk_pb_next(&pb));
    CHECK(!pb.err);
}

TEST(an_empty_message_has_no_fields)
{
    struct fk_pb pb;
    fk_pb_init(&pb, (struct fk_slice){NULL, 0});
    CHECK(!fk_pb_next(&pb));
    CHECK(!pb.err);
}

TEST(violations_stick)
{
    static const struct {
        struct fk_slice bytes;
        size_t offset;
    } rows[] = {
        {{"\x08\x01\x08", 3}, 3}, /* no value */
        {{"\x08\x80", 2}, 1},     /* cut varint */
        {{"\x0A\x05zz", 4}, 2},   /* too short */
        {{"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11}, 11},
        {{"\x09zzz", 4}, 1},                      /* cut fixed64 */
        {{"\x0Dzzz", 4}, 1},                      /* cut fixed32 */
        {{"\x0B", 1}, 1},                         /* group */
        {{"\x0C", 1}, 1},                         /* end of a group */
        {{"\x0E", 1}, 1},                         /* wire type 6 */
        {{"\x0F", 1}, 1},                         /* wire type 7 */
        {{"\x00", 1}, 1},                         /* field 0 */
        {{"\x80\x80\x80\x80\x80\x01\x01", 7}, 6}, /* field over 2^29 */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fk_pb pb;
        fk_pb_init(&pb, rows[i].bytes);
        while (fk_pb_next(&pb))
            fk_pb_skip(&pb);
        CHECK(pb.err);
        CHECK_INT(pb.err_offset, rows[i].offset);
        CHECK(!fk_pb_next(&pb));
        CHECK_INT(fk_pb_u64(&pb), 0);
        CHECK_INT(fk_pb_bytes(&pb).len, 0);
    }
}

TEST(the_wrong_wire_type_is_a_violation)
{
    struct fk_pb pb;
    fk_pb_init(&pb, BYTES("\x0A\x01z"));
    CHECK(fk_pb_next(&pb));
    CHECK_INT(fk_pb_u64(&pb), 0);
    CHECK(pb.err);
    fk_pb_init(&pb, BYTES("\x08\x05"));
    CHECK(fk_pb_next(&pb));
    CHECK(!fk_pb_bytes(&pb).ptr);
    CHECK(pb.err);
    fk_pb_init(&pb, BYTES("\x08\x05"));
    CHECK(fk_pb_next(&pb));
    CHECK(fk_pb_double(&pb) == 0);
    CHECK(pb.err);
}

/* Sum and number of field 1, packed or not. */
static int64_t sum(struct fk_slice message, int *count, bool *err)
{
    struct fk_pb pb;
    int64_t total = 0;
    *count = 0;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        struct fk_slice packed = {0};
        uint64_t v;
        while (fk_pb_repeated(&pb, &packed, &v)) {
            total += (int64_t)v;
            ++*count;
        }
    }
    *err = pb.err;
    return total;
}

TEST(repeated_numbers_arrive_in_both_forms)
{
    static const struct {
        struct fk_slice bytes;
        int count;
        int64_t sum;
        bool err;
    } rows[] = {
        {{"\x0A\x03\x01\x02\x03", 5}, 3, 6, false},
        {{"\x08\x01\x08\x02\x08\x03", 6}, 3, 6, false},
        {{"\x08\x01\x0A\x02\x02\x03", 6}, 3, 6, false},
        {{"\x0A\x00", 2}, 0, 0, false},
        {{"\x0A\x00\x08\x05", 4}, 1, 5, false},
        {{"\x0A\x03\x01\x02\x80", 5}, 2, 3, true},
        {{"\x0A\x03\x01\x02", 4}, 0, 0, true},
        {{"\x08\x01\x0Dzzzz", 7}, 1, 1, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int count;
        bool err;
        int64_t total = sum(rows[i].bytes, &count, &err);
        if (total != rows[i].sum || count != rows[i].count ||
            err != rows[i].err)
            tap_fail(__FILE__, __LINE__, "row %zu: %d values, sum %lld, %d", i,
                count, (long long)total, err);
    }
}

TAP_MAIN
