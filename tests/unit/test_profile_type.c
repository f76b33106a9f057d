#include "server/profile_type.h"
#include "tests/tap.h"

TEST(profile_type_has_five_parts_of_which_two_may_be_empty)
{
    struct profile_type t;
    CHECK(profile_type_parse(FK_SLICE("process_cpu:cpu:nanoseconds:wall:count"),
              &t, NULL) == FK_OK);
    CHECK(fk_slice_eqz(t.name, "process_cpu"));
    CHECK(fk_slice_eqz(t.sample_type, "cpu"));
    CHECK(fk_slice_eqz(t.sample_unit, "nanoseconds"));
    CHECK(fk_slice_eqz(t.period_type, "wall"));
    CHECK(fk_slice_eqz(t.period_unit, "count"));
    CHECK(profile_type_parse(
              FK_SLICE("memory:inuse_space:bytes::"), &t, NULL) == FK_OK);
    CHECK(fk_slice_eqz(t.id, "memory:inuse_space:bytes::"));
    CHECK_INT(t.period_unit.len, 0);
}

TEST(profile_type_id_is_without_delta)
{
    struct profile_type t;
    CHECK(profile_type_parse(FK_SLICE("a:b:c:d:e:delta"), &t, NULL) == FK_OK);
    CHECK(fk_slice_eqz(t.id, "a:b:c:d:e"));
}

TEST(profile_type_refuses_other_counts_and_says_which)
{
    static const struct {
        const char *text, *got;
    } rows[] = {
        {"", "got(1): \"\""},
        {"bad", "got(1): \"bad\""},
        {"a:b:c:d", "got(4): \"a:b:c:d\""},
        {"a:b:c:d:e:sum", "got(6): \"a:b:c:d:e:sum\""},
        {"::::::", "got(7): \"::::::\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile_type t;
        struct fk_diag diag = {""};
        CHECK(profile_type_parse(fk_slice_of(rows[i].text), &t, &diag) ==
              FK_ERR_FORMAT);
        if (!strstr(diag.text, rows[i].got))
            tap_fail(__FILE__, __LINE__, "%s", diag.text);
    }
}

TEST(profile_type_units_of_render)
{
    static const struct {
        const char *id, *units;
        int64_t rate;
    } rows[] = {
        {"process_cpu:cpu:nanoseconds:cpu:nanoseconds", "samples", 1000000000},
        {"memory:inuse_objects:count:space:bytes", "objects", 100},
        {"goroutine:goroutine:count:goroutine:count", "objects", 100},
        {"memory:inuse_space:bytes:space:bytes", "bytes", 100},
        {"mutex:delay:nanoseconds:contentions:count", "nanoseconds", 100},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile_type t;
        CHECK(profile_type_parse(fk_slice_of(rows[i].id), &t, NULL) == FK_OK);
        struct profile_type_units u = profile_type_units(&t);
        CHECK(fk_slice_eqz(u.units, rows[i].units));
        CHECK_INT(u.sample_rate, rows[i].rate);
    }
}

TAP_MAIN
