#include "common/gzip.h"
#include "common/hash.h"
#include "tests/tap.h"

#include <stdio.h>

enum { BIG = 300000 };

static char plain[BIG];
static struct fk_buf packed, out;
static struct fk_diag diag;

/* Half noise, half repetition: several blocks and several output steps. */
static void prepare(size_t limit)
{
    for (size_t i = 0; i < BIG; i++)
        plain[i] = (char)(i % 2 ? fk_hash_mix(i) : i / 1000);
    fk_buf_init(&packed, 1 << 20);
    fk_buf_init(&out, limit);
    CHECK_INT(fk_gzip_write((struct fk_slice){plain, BIG}, 1, &packed), FK_OK);
}

static void finish(void)
{
    fk_buf_fini(&packed);
    fk_buf_fini(&out);
}

TEST(every_level_reads_back)
{
    static const size_t sizes[] = {0, 1, 100, 65536, BIG};
    prepare(1 << 20);
    for (int level = 1; level <= 9; level += 4)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct fk_slice body = {plain, sizes[i]};
            fk_buf_reset(&packed);
            fk_buf_reset(&out);
            CHECK_INT(fk_gzip_write(body, level, &packed), FK_OK);
            CHECK(fk_gzip_is(fk_buf_slice(&packed)));
            CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, NULL), FK_OK);
            CHECK_MEM(out.ptr, out.len, body.ptr, body.len);
        }
    finish();
}

TEST(a_level_that_does_not_exist)
{
    prepare(100);
    fk_buf_reset(&packed);
    CHECK_INT(fk_gzip_write(FK_SLICE("x"), 10, &packed), FK_ERR_ARG);
    finish();
}

/* Made with gzip -n from "hello\n". */
TEST(bytes_of_gzip_itself)
{
    static const char hello[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
        "\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00";
    fk_buf_init(&out, 100);
    CHECK_INT(
        fk_gzip_read((struct fk_slice){hello, sizeof hello - 1}, &out, NULL),
        FK_OK);
    CHECK_STR(out.ptr, "hello\n");
    fk_buf_fini(&out);
}

TEST(members_follow_each_other)
{
    fk_buf_init(&packed, 1000);
    fk_buf_init(&out, 1000);
    CHECK_INT(fk_gzip_write(FK_SLICE("one,"), 6, &packed), FK_OK);
    CHECK_INT(fk_gzip_write(FK_SLICE(""), 6, &packed), FK_OK);
    CHECK_INT(fk_gzip_write(FK_SLICE("two"), 6, &packed), FK_OK);
    CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, NULL), FK_OK);
    CHECK_STR(out.ptr, "one,two");
    fk_buf_addc(&packed, 'x');
    CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, &diag), FK_ERR_FORMAT);
    CHECK(diag.text[0]);
    finish();
}

TEST(the_limit_of_the_output_is_exact)
{
    prepare(BIG);
    CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, &diag), FK_OK);
    CHECK_MEM(out.ptr, out.len, plain, BIG);
    fk_buf_fini(&out);
    fk_buf_init(&out, BIG - 1);
    CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, &diag), FK_ERR_LIMIT);
    CHECK(strstr(diag.text, "299999"));
    CHECK(out.cap <= BIG - 1);
    finish();
}

TEST(a_bomb_costs_no_more_than_the_limit)
{
    static char zeros[1 << 20];
    fk_buf_init(&packed, 1 << 20);
    fk_buf_init(&out, 10000);
    for (int i = 0; i < 50; i++)
        CHECK_INT(
            fk_gzip_write((struct fk_slice){zeros, sizeof zeros}, 9, &packed),
            FK_OK);
    CHECK_INT(fk_gzip_read(fk_buf_slice(&packed), &out, &diag), FK_ERR_LIMIT);
    CHECK(out.cap <= 10000);
    finish();
}

TEST(a_stream_cut_anywhere_is_refused)
{
    fk_buf_init(&packed, 1000);
    fk_buf_init(&out, 1000);
    CHECK_INT(
        fk_gzip_write(FK_SLICE("some text, some text"), 6, &packed), FK_OK);
    for (size_t n = 0; n < packed.len; n++) {
        struct fk_slice cut = {packed.ptr, n};
        fk_buf_reset(&out);
        if (fk_gzip_read(cut, &out, NULL) != FK_ERR_FORMAT)
            tap_fail(__FILE__, __LINE__, "%zu bytes were accepted", n);
    }
    finish();
}

/* Flags and the time stamp of the header may differ; nothing else may. */
TEST(a_damaged_stream_never_reads_as_something_else)
{
    const struct fk_slice text = FK_SLICE("some text, some text");
    fk_buf_init(&packed, 1000);
    fk_buf_init(&out, 1000);
    CHECK_INT(fk_gzip_write(text, 6, &packed), FK_OK);
    for (size_t i = 0; i < packed.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            packed.ptr[i] = (char)(packed.ptr[i] ^ (1 << bit));
            fk_buf_reset(&out);
            if (!fk_gzip_read(fk_buf_slice(&packed), &out, NULL))
                CHECK_MEM(out.ptr, out.len, text.ptr, text.len);
            packed.ptr[i] = (char)(packed.ptr[i] ^ (1 << bit));
        }
    finish();
}

TEST(writing_past_the_limit)
{
    prepare(1000);
    CHECK_INT(
        fk_gzip_write((struct fk_slice){plain, BIG}, 9, &out), FK_ERR_LIMIT);
    CHECK_INT(out.err, FK_ERR_LIMIT);
    finish();
}

TEST(not_gzip_at_all)
{
    fk_buf_init(&out, 100);
    CHECK(!fk_gzip_is((struct fk_slice){NULL, 0}));
    CHECK(!fk_gzip_is(FK_SLICE("\x1f")));
    CHECK_INT(fk_gzip_read(FK_SLICE("plain"), &out, &diag), FK_ERR_FORMAT);
    CHECK_STR(diag.text, "the body does not start like gzip");
    fk_buf_fini(&out);
}

TAP_MAIN
