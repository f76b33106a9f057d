#include "common/buf.h"
#include "tests/tap.h"

#include <stdlib.h>

TEST(a_new_buffer_is_an_empty_text)
{
    struct fk_buf b;
    fk_buf_init(&b, 100);
    CHECK_STR(b.ptr, "");
    CHECK_INT(b.len, 0);
    fk_buf_fini(&b);
    CHECK_STR(b.ptr, "");
}

TEST(additions_follow_each_other)
{
    struct fk_buf b;
    fk_buf_init(&b, 1000);
    fk_buf_adds(&b, "one ");
    fk_buf_addc(&b, '2');
    fk_buf_add(&b, " three", 6);
    fk_buf_add_slice(&b, (struct fk_slice){NULL, 0});
    fk_buf_printf(&b, " %d-%s", 4, "five");
    fk_buf_printf(&b, "%s", "");
    CHECK_INT(b.err, FK_OK);
    CHECK_STR(b.ptr, "one 2 three 4-five");
    CHECK_INT(b.len, strlen(b.ptr));
    fk_buf_fini(&b);
}

TEST(many_bytes_survive_growth)
{
    struct fk_buf b;
    fk_buf_init(&b, 1 << 20);
    for (int i = 0; i < 100000; i++)
        fk_buf_addc(&b, (char)('a' + i % 26));
    CHECK_INT(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        CHECK(b.ptr[i] == (char)('a' + i % 26));
    CHECK_INT(b.ptr[b.len], 0);
    fk_buf_fini(&b);
}

TEST(the_limit_is_exact_and_sticky)
{
    struct fk_buf b;
    fk_buf_init(&b, 5);
    fk_buf_adds(&b, "12345");
    CHECK_INT(b.err, FK_OK);
    CHECK(b.cap <= b.limit);
    fk_buf_addc(&b, '6');
    CHECK_INT(b.err, FK_ERR_LIMIT);
    CHECK_STR(b.ptr, "12345");
    fk_buf_reset(&b);
    CHECK_INT(b.err, FK_OK);
    CHECK_STR(b.ptr, "");
    fk_buf_adds(&b, "123456");
    CHECK_INT(b.err, FK_ERR_LIMIT);
    fk_buf_adds(&b, "1"); /* would fit, but comes after a failure */
    CHECK_INT(b.len, 0);
    fk_buf_fini(&b);
}

TEST(printf_over_the_limit_adds_nothing)
{
    struct fk_buf b;
    fk_buf_init(&b, 8);
    fk_buf_printf(&b, "%s", "1234");
    fk_buf_printf(&b, "%s", "56789");
    CHECK_INT(b.err, FK_ERR_LIMIT);
    CHECK_STR(b.ptr, "1234");
    fk_buf_fini(&b);
}

TEST(memory_that_does_not_exist_is_an_error)
{
    struct fk_buf b;
    fk_buf_init(&b, SIZE_MAX);
    fk_buf_adds(&b, "kept");
    CHECK(!fk_buf_reserve(&b, SIZE_MAX / 2));
    CHECK_INT(b.err, FK_ERR_NOMEM);
    CHECK_STR(b.ptr, "kept");
    fk_buf_reset(&b);
    CHECK(!fk_buf_reserve(&b, SIZE_MAX));
    CHECK_INT(b.err, FK_ERR_NOMEM);
    fk_buf_fini(&b);
}

TEST(reserved_room_is_filled_by_the_caller)
{
    struct fk_buf b;
    fk_buf_init(&b, 300);
    fk_buf_adds(&b, "ab");
    char *room = fk_buf_reserve(&b, 3);
    CHECK(room == b.ptr + 2);
    memcpy(room, "cde", 3);
    b.len += 3;
    CHECK_STR(b.ptr, "abcde");
    CHECK(!fk_buf_reserve(&b, 296));
    CHECK_INT(b.err, FK_ERR_LIMIT);
    fk_buf_fini(&b);
}

TEST(a_zeroed_buffer_takes_nothing)
{
    struct fk_buf b = {0};
    fk_buf_addc(&b, 'x');
    CHECK_INT(b.err, FK_ERR_LIMIT);
    fk_buf_fini(&b);
}

TEST(take_gives_the_bytes_away)
{
    struct fk_buf b;
    size_t len = 99;
    fk_buf_init(&b, 100);
    char *bytes = fk_buf_take(&b, &len);
    CHECK_STR(bytes, "");
    CHECK_INT(len, 0);
    free(bytes);
    fk_buf_adds(&b, "gift");
    bytes = fk_buf_take(&b, &len);
    CHECK_STR(bytes, "gift");
    CHECK_INT(len, 4);
    CHECK_INT(b.len, 0);
    CHECK_INT(b.limit, 100);
    free(bytes);
    fk_buf_adds(&b, "usable");
    CHECK_STR(b.ptr, "usable");
    fk_buf_fini(&b);
}

TAP_MAIN
