/* Profiles that become one, and one that becomes text. */
#include "common/pprof_merge.h"

#include <stdio.h>

#include "common/pprof_file.h"
#include "tests/tap.h"

struct made {
    struct fk_pprof_writer writer;
    struct fk_arena arena;
    struct fk_pprof profile;
};

struct row {
    const char *leaf, *root, *label;
    int64_t values[2];
};

static struct made make(
    const char *type, const char *other, const struct row *rows, size_t n)
{
    struct made m;
    struct fk_pprof_mapping map = {
        .start = 0x1000, .limit = 0x9000, .file = FK_SLICE("/lib/some.so")};
    fk_pprof_writer_init(&m.writer, 1 << 20);
    fk_pprof_add_type(&m.writer, fk_slice_of(type), FK_SLICE("count"));
    fk_pprof_add_type(&m.writer, fk_slice_of(other), FK_SLICE("bytes"));
    uint32_t mapping = fk_pprof_add_mapping(&m.writer, &map);
    for (size_t i = 0; i < n; i++) {
        const struct fk_pprof_frame frames[] = {
            {.name = fk_slice_of(rows[i].leaf ? rows[i].leaf : ""),
                .address = 0x1234,
                .mapping = mapping},
            {.name = fk_slice_of(rows[i].root), .address = 0x2345}};
        const struct fk_pprof_label label = {
            FK_SLICE("endpoint"), fk_slice_of(rows[i].label), 0};
        fk_pprof_add_sample(&m.writer, frames, 2, rows[i].values, 2, &label, 1);
    }
    CHECK_INT(fk_pprof_finish(&m.writer, 1000, 500,
                  (struct fk_pprof_type){FK_SLICE("space"), FK_SLICE("bytes")},
                  1, fk_slice_of(type)),
        FK_OK);
    struct fk_diag diag = {""};
    fk_arena_init(&m.arena, 1 << 20);
    CHECK_INT(fk_pprof_read(fk_buf_slice(&m.writer.body), NULL, &m.arena,
                  &m.profile, &diag),
        FK_OK);
    return m;
}

static void drop(struct made *m)
{
    fk_arena_fini(&m->arena);
    fk_pprof_writer_fini(&m->writer);
}

static void merged_is(struct fk_pprof_merge *merge, const char *want)
{
    struct fk_buf body, text;
    fk_buf_init(&body, 1 << 20);
    fk_buf_init(&text, 1 << 20);
    CHECK_INT(fk_pprof_merge_write(merge, &body), FK_OK);
    CHECK_INT(fk_pprof_convert("x.folded", fk_buf_slice(&body), &text), FK_OK);
    fk_buf_addc(&text, '\0');
    CHECK_STR(text.ptr, want);
    fk_buf_fini(&body);
    fk_buf_fini(&text);
}

TEST(equal_stacks_are_added)
{
    const struct row rows[] = {{"f", "main", "/a", {3, 30}},
        {"g", "main", "/a", {1, 10}}, {"f", "main", "/b", {5, 50}}};
    struct made m = make("allocs", "space", rows, 3);
    struct fk_pprof_merge merge;
    fk_pprof_merge_init(&merge, 1 << 20);
    for (int i = 0; i < 3; i++)
        CHECK_INT(
            fk_pprof_merge_add(&merge, &m.profile, FK_MERGE_LATER), FK_OK);
    CHECK_INT(merge.num_samples, 3);
    CHECK_INT(merge.num_mappings, 1);
    CHECK_INT(merge.samples[0].values[1], 90);
    merged_is(&merge, "main;f 24\nmain;g 3\n");
    fk_pprof_merge_fini(&merge);
    drop(&m);
}

TEST(what_is_in_use_is_a_state)
{
    const struct row first[] = {
        {"f", "main", "", {3, 30}}, {"g", "main", "", {4, 40}}};
    const struct row later[] = {{"f", "main", "", {1, 10}}};
    struct made a = make("inuse_objects", "space", first, 2);
    struct made b = make("inuse_objects", "space", later, 1);
    struct fk_pprof_merge merge;
    fk_pprof_merge_init(&merge, 1 << 20);
    CHECK_INT(fk_pprof_merge_add(&merge, &a.profile, FK_MERGE_LATER), FK_OK);
    CHECK_INT(fk_pprof_merge_add(&merge, &b.profile, FK_MERGE_LATER), FK_OK);
    CHECK_INT(merge.samples[0].values[0], 1);
    CHECK_INT(merge.samples[0].values[1], 40);
    CHECK_INT(merge.samples[1].values[0], 0);
    /* That of two processes adds up. */
    CHECK_INT(fk_pprof_merge_add(&merge, &b.profile, FK_MERGE_BESIDE), FK_OK);
    CHECK_INT(merge.samples[0].values[0], 2);
    fk_pprof_merge_fini(&merge);
    drop(&a);
    drop(&b);
}

TEST(types_of_one_profile_are_zero_in_the_other)
{
    const struct row rows[] = {{"f", "main", "", {3, 30}}};
    struct made a = make("samples", "space", rows, 1);
    struct made b = make("waits", "space", rows, 1);
    struct fk_pprof_merge merge;
    fk_pprof_merge_init(&merge, 1 << 20);
    CHECK_INT(fk_pprof_merge_add(&merge, &a.profile, FK_MERGE_LATER), FK_OK);
    CHECK_INT(fk_pprof_merge_add(&merge, &b.profile, FK_MERGE_LATER), FK_OK);
    CHECK_INT(merge.num_types, 3);
    CHECK_INT(merge.samples[0].values[0], 3);
    CHECK_INT(merge.samples[0].values[1], 60);
    CHECK_INT(merge.samples[0].values[2], 3);
    fk_pprof_merge_fini(&merge);
    drop(&a);
    drop(&b);
}

TEST(the_limit_is_kept)
{
    const struct row rows[] = {{"f", "main", "", {3, 30}}};
    struct made m = make("samples", "space", rows, 1);
    struct fk_pprof_merge merge;
    fk_pprof_merge_init(&merge, 64);
    CHECK_INT(
        fk_pprof_merge_add(&merge, &m.profile, FK_MERGE_LATER), FK_ERR_LIMIT);
    fk_pprof_merge_fini(&merge);
    drop(&m);
}

TEST(folded_text_keeps_its_separators)
{
    const struct row rows[] = {
        {"a;b\nc", "main", "", {1, 0}}, {NULL, "main", "", {2, 0}}};
    struct made m = make("samples", "space", rows, 2);
    struct fk_buf text;
    fk_buf_init(&text, 1 << 20);
    CHECK_INT(fk_pprof_fold(&m.profile, 0, &text), FK_OK);
    fk_buf_addc(&text, '\0');
    CHECK_STR(text.ptr, "main;a:b c 1\nmain;some.so+0x234 2\n");
    CHECK_INT(fk_pprof_fold(&m.profile, 2, &text), FK_ERR_ARG);
    fk_buf_fini(&text);
    drop(&m);
}

TAP_MAIN
