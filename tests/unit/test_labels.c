#include "common/labels.h"
#include "tests/tap.h"

#include <stdio.h>

#define S(text) FK_SLICE(text)

static void check_print(const struct fk_labels *l, const char *want)
{
    struct fk_buf out;
    fk_buf_init(&out, 4096);
    fk_labels_print(l, &out);
    CHECK_STR(out.ptr, want);
    fk_buf_fini(&out);
}

static struct fk_labels three(void)
{
    struct fk_labels l = {.count = 0};
    CHECK_INT(fk_labels_set(&l, S("service_name"), S("web")), FK_OK);
    CHECK_INT(fk_labels_set(&l, S("env"), S("workshop")), FK_OK);
    CHECK_INT(fk_labels_set(&l, S("version"), S("1.0")), FK_OK);
    return l;
}

TEST(pairs_are_sorted_by_name)
{
    struct fk_labels l = three();
    check_print(
        &l, "{env=\"workshop\", service_name=\"web\", version=\"1.0\"}");
}

TEST(setting_again_replaces)
{
    struct fk_labels l = three();
    CHECK_INT(fk_labels_set(&l, S("env"), S("prod")), FK_OK);
    CHECK_INT(l.count, 3);
    CHECK(fk_slice_eqz(fk_labels_get(&l, S("env")), "prod"));
}

TEST(a_missing_label_is_empty)
{
    struct fk_labels l = three();
    CHECK_INT(fk_labels_get(&l, S("nope")).len, 0);
    CHECK(!fk_labels_has(&l, S("nope")));
    CHECK(fk_labels_has(&l, S("env")));
    CHECK(!fk_labels_has(&l, S("en")));
}

TEST(deleting)
{
    struct fk_labels l = three();
    fk_labels_del(&l, S("service_name"));
    fk_labels_del(&l, S("never there"));
    check_print(&l, "{env=\"workshop\", version=\"1.0\"}");
    fk_labels_del(&l, S("version"));
    fk_labels_del(&l, S("env"));
    check_print(&l, "{}");
}

TEST(the_set_has_a_limit)
{
    static char names[FK_LABELS_MAX + 1][16];
    struct fk_labels l = {.count = 0};
    for (int i = 0; i <= FK_LABELS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        CHECK_INT(fk_labels_set(&l, fk_slice_of(names[i]), S("v")),
            i < FK_LABELS_MAX ? FK_OK : FK_ERR_LIMIT);
    }
    CHECK_INT(fk_labels_set(&l, S("n5"), S("w")), FK_OK);
    for (uint32_t i = 1; i < l.count; i++)
        CHECK(fk_slice_cmp(l.pair[i - 1].name, l.pair[i].name) < 0);
}

TEST(equality_and_hash_ignore_the_order_of_setting)
{
    struct fk_labels a = three(), b = {.count = 0};
    CHECK_INT(fk_labels_set(&b, S("version"), S("1.0")), FK_OK);
    CHECK_INT(fk_labels_set(&b, S("env"), S("workshop")), FK_OK);
    CHECK(!fk_labels_eq(&a, &b));
    CHECK_INT(fk_labels_set(&b, S("service_name"), S("web")), FK_OK);
    CHECK(fk_labels_eq(&a, &b));
    CHECK(fk_labels_hash(&a) == fk_labels_hash(&b));
    CHECK_INT(fk_labels_set(&b, S("env"), S("prod")), FK_OK);
    CHECK(!fk_labels_eq(&a, &b));
    CHECK(fk_labels_hash(&a) != fk_labels_hash(&b));
}

/* {ab="c"} and {a="bc"} are different sets. */
TEST(the_hash_knows_where_a_name_ends)
{
    struct fk_labels a = {.count = 0}, b = {.count = 0};
    CHECK_INT(fk_labels_set(&a, S("ab"), S("c")), FK_OK);
    CHECK_INT(fk_labels_set(&b, S("a"), S("bc")), FK_OK);
    CHECK(fk_labels_hash(&a) != fk_labels_hash(&b));
}

TEST(values_are_escaped_in_text)
{
    struct fk_labels l = {.count = 0};
    CHECK_INT(fk_labels_set(&l, S("q"), S("a\"b\\\n\x01")), FK_OK);
    check_print(&l, "{q=\"a\\\"b\\\\\\n\\x01\"}");
}

TEST(a_copy_outlives_its_source)
{
    char name[] = "env", value[] = "prod";
    struct fk_labels l = {.count = 0}, copy = {.count = 0};
    struct fk_arena a;
    CHECK_INT(fk_labels_set(&l, fk_slice_of(name), fk_slice_of(value)), FK_OK);
    fk_arena_init(&a, 1024);
    CHECK_INT(fk_labels_dup(&l, &a, &copy), FK_OK);
    memset(name, 'x', 3);
    memset(value, 'x', 4);
    check_print(&copy, "{env=\"prod\"}");
    fk_arena_fini(&a);
}

TEST(a_copy_that_does_not_fit_changes_nothing)
{
    struct fk_labels l = three(), copy = {.count = 0};
    struct fk_arena a;
    fk_arena_init(&a, 40);
    CHECK_INT(fk_labels_dup(&l, &a, &copy), FK_ERR_LIMIT);
    CHECK_INT(copy.count, 0);
    fk_arena_fini(&a);
}

TAP_MAIN
