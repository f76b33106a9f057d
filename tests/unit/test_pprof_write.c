#include "common/pb.h"
#include "common/pprof.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

#define S(text) FK_SLICE(text)

static const struct fk_pprof_frame stack[] = {
    {.name = {"leaf", 4}, .file = {"a.c", 3}, .line = 7},
    {.name = {"main", 4}, .file = {"a.c", 3}, .line = 20},
};
static const struct fk_pprof_type cpu_ns = {{"cpu", 3}, {"nanoseconds", 11}};

static struct fk_pprof_writer w;
static struct fk_arena arena;
static struct fk_pprof p;

static void start(size_t limit)
{
    fk_pprof_writer_init(&w, limit);
    fk_pprof_add_type(&w, S("samples"), S("count"));
    fk_pprof_add_type(&w, S("cpu"), S("nanoseconds"));
}

static void read_back(void)
{
    struct fk_diag diag = {0};
    CHECK_INT(fk_pprof_finish(&w, 1700000000000000000, 10000000000, cpu_ns,
                  10000000, S("cpu")),
        FK_OK);
    fk_arena_init(&arena, 10 << 20);
    if (fk_pprof_read(fk_buf_slice(&w.body), NULL, &arena, &p, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
}

static void finish(void)
{
    fk_arena_fini(&arena);
    fk_pprof_writer_fini(&w);
}

/* "leaf:7 main:20" of a sample. */
static const char *frames_of(const struct fk_pprof_sample *s)
{
    static char text[4096];
    size_t n = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < s->num_locations; i++) {
        const struct fk_pprof_location *l = &p.locations[s->locations[i]];
        for (uint32_t k = 0; k < l->num_lines; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s:%lld",
                n ? " " : "",
                FK_SLICE_ARG(p.functions[l->lines[k].function].name),
                (long long)l->lines[k].line);
    }
    return text;
}

TEST(what_is_written_reads_back)
{
    const int64_t one[] = {1, 10000000}, two[] = {-2, INT64_MIN};
    const struct fk_pprof_label labels[] = {
        {S("thread"), S("worker"), 0}, {S("endpoint"), S("/api/hash"), 0}};
    start(1 << 20);
    fk_pprof_add_sample(&w, stack, 2, one, 2, labels, 2);
    fk_pprof_add_sample(&w, stack + 1, 1, two, 2, NULL, 0);
    fk_pprof_add_sample(&w, NULL, 0, one, 2, NULL, 0);
    read_back();
    CHECK_INT(w.num_samples, 3);
    CHECK_INT(p.num_samples, 3);
    CHECK_INT(p.num_functions, 2);
    CHECK_INT(p.num_locations, 2);
    CHECK_INT(p.num_types, 2);
    CHECK(fk_slice_eqz(p.types[1].type, "cpu"));
    CHECK(fk_slice_eqz(p.types[1].unit, "nanoseconds"));
    CHECK(fk_slice_eqz(p.period_type.type, "cpu"));
    CHECK(fk_slice_eqz(p.default_type, "cpu"));
    CHECK_INT(p.time_ns, 1700000000000000000);
    CHECK_INT(p.duration_ns, 10000000000);
    CHECK_INT(p.period, 10000000);
    CHECK_STR(frames_of(&p.samples[0]), "leaf:7 main:20");
    CHECK_STR(frames_of(&p.samples[1]), "main:20");
    CHECK_INT(p.samples[2].num_locations, 0);
    CHECK_INT(p.samples[0].values[1], 10000000);
    CHECK_INT(p.samples[1].values[0], -2);
    CHECK_INT(p.samples[1].values[1], INT64_MIN);
    CHECK_INT(p.samples[0].num_labels, 2);
    CHECK(fk_slice_eqz(p.samples[0].labels[1].key, "endpoint"));
    CHECK(fk_slice_eqz(p.samples[0].labels[1].str, "/api/hash"));
    CHECK(fk_slice_eqz(p.functions[0].file, "a.c"));
    finish();
}

TEST(frames_are_interned_by_all_their_fields)
{
    const int64_t values[] = {1, 1};
    struct fk_pprof_frame frames[] = {
        stack[0], stack[0], stack[0], stack[0], stack[0], stack[0]};
    frames[1].line = 8;
    frames[2].address = 0x1000;
    frames[3].file = S("b.c");
    frames[4].name = S("twig");
    start(1 << 20);
    for (int i = 0; i < 3; i++)
        fk_pprof_add_sample(&w, frames, 6, values, 2, NULL, 0);
    read_back();
    CHECK_INT(p.num_locations, 5);
    CHECK_INT(p.num_functions, 3);
    CHECK_INT(p.samples[2].locations[0], p.samples[0].locations[5]);
    finish();
}

TEST(mappings_and_frames_without_names)
{
    const int64_t values[] = {1, 1};
    const struct fk_pprof_mapping m = {0x400000, 0x500000, 0x1000,
        S("/usr/lib/libc.so.6"), S("deadbeef"), true};
    struct fk_pprof_frame frame = {.address = 0x401234};
    start(1 << 20);
    frame.mapping = fk_pprof_add_mapping(&w, &m);
    CHECK_INT(frame.mapping, 1);
    CHECK_INT(fk_pprof_add_mapping(&w, &m), 2);
    fk_pprof_add_sample(&w, &frame, 1, values, 2, NULL, 0);
    read_back();
    CHECK_INT(p.num_mappings, 2);
    CHECK_INT(p.mappings[0].start, 0x400000);
    CHECK_INT(p.mappings[0].limit, 0x500000);
    CHECK_INT(p.mappings[0].offset, 0x1000);
    CHECK(fk_slice_eqz(p.mappings[0].file, "/usr/lib/libc.so.6"));
    CHECK(fk_slice_eqz(p.mappings[0].build_id, "deadbeef"));
    CHECK(p.mappings[0].has_functions);
    CHECK_INT(p.locations[0].num_lines, 0);
    CHECK_INT(p.locations[0].address, 0x401234);
    CHECK_INT(p.locations[0].mapping, 0);
    finish();
}

TEST(thousands_of_names_stay_apart)
{
    enum { COUNT = 5000 };

    const int64_t values[] = {1, 1};
    char name[16];
    struct fk_pprof_frame frame = {.line = 1};
    start(1 << 22);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof name, "f%d", i);
            frame.name = fk_slice_of(name);
            fk_pprof_add_sample(&w, &frame, 1, values, 2, NULL, 0);
        }
    read_back();
    CHECK_INT(p.num_functions, COUNT);
    CHECK_INT(p.num_samples, 2 * COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "f%d:1", i);
        CHECK_STR(frames_of(&p.samples[i]), name);
        CHECK_STR(frames_of(&p.samples[i + COUNT]), name);
    }
    finish();
}

static enum fk_err write_small(size_t limit)
{
    const int64_t values[] = {1, 1};
    start(limit);
    fk_pprof_add_sample(&w, stack, 2, values, 2, NULL, 0);
    return fk_pprof_finish(&w, 1, 1, cpu_ns, 1, S(""));
}

TEST(the_limit_is_kept_at_every_size)
{
    CHECK_INT(write_small(1000), FK_OK);
    size_t enough = w.body.len;
    fk_pprof_writer_fini(&w);
    CHECK_INT(write_small(enough), FK_OK);
    fk_pprof_writer_fini(&w);
    for (size_t limit = 0; limit < enough; limit++) {
        CHECK_INT(write_small(limit), FK_ERR_LIMIT);
        CHECK(w.body.len <= limit);
        fk_pprof_writer_fini(&w);
    }
}

TEST(the_number_of_values_must_match)
{
    const int64_t values[] = {1, 1, 1};
    start(1000);
    fk_pprof_add_sample(&w, stack, 2, values, 3, NULL, 0);
    CHECK_INT(w.num_samples, 0);
    CHECK_INT(fk_pprof_finish(&w, 1, 1, cpu_ns, 1, S("")), FK_ERR_ARG);
    fk_pprof_writer_fini(&w);
}

TEST(inlined_frames_share_the_location_of_their_function)
{
    struct fk_pprof_frame frames[] = {
        {.name = S("inner"), .line = 3, .address = 16, .inlined = true},
        {.name = S("middle"), .line = 5, .address = 16, .inlined = true},
        {.name = S("outer"), .line = 9, .address = 16},
        {.name = S("main"), .line = 20, .address = 32},
    };
    int64_t values[] = {1, 10};
    start(1 << 20);
    fk_pprof_add_sample(&w, frames, 4, values, 2, NULL, 0);
    fk_pprof_add_sample(&w, frames, 4, values, 2, NULL, 0);
    frames[0].line = 4; /* the same place otherwise */
    fk_pprof_add_sample(&w, frames, 4, values, 2, NULL, 0);
    fk_pprof_add_sample(&w, frames, 2, values, 2, NULL, 0);
    read_back();
    CHECK_STR(frames_of(&p.samples[0]), "inner:3 middle:5 outer:9 main:20");
    CHECK_STR(frames_of(&p.samples[2]), "inner:4 middle:5 outer:9 main:20");
    CHECK_STR(frames_of(&p.samples[3]), "inner:4 middle:5");
    CHECK_INT(p.samples[0].num_locations, 2);
    CHECK_INT(p.samples[0].locations[0], p.samples[1].locations[0]);
    CHECK_INT(p.num_locations, 4);
    finish();
}

TEST(more_inlined_frames_than_a_location_takes)
{
    struct fk_pprof_frame frames[3 * FK_PPROF_INLINED];
    int64_t values[] = {1, 10};
    for (size_t i = 0; i < 3 * FK_PPROF_INLINED; i++)
        frames[i] = (struct fk_pprof_frame){
            .name = S("f"), .line = (int64_t)i + 1, .inlined = true};
    start(1 << 20);
    fk_pprof_add_sample(&w, frames, 3 * FK_PPROF_INLINED, values, 2, NULL, 0);
    read_back();
    uint32_t lines = 0;
    for (uint32_t i = 0; i < p.num_locations; i++)
        lines += p.locations[i].num_lines;
    CHECK_INT(lines, 3 * FK_PPROF_INLINED);
    finish();
}

/* A function of a strange name, a thread whose name was cut within a letter:
 * one of them would have the whole profile refused. */
TEST(text_that_is_not_utf8_is_repaired)
{
    static const int64_t values[] = {1, 10};
    const struct fk_pprof_frame odd[] = {
        {.name = S("f\xff"), .file = S("\xc3.c"), .line = 1},
        {.name = S("f\xfe"), .file = S("?.c"), .line = 1},
    };
    const struct fk_pprof_label label = {
        .key = S("thread"), .str = S("work \xc3")};
    start(1 << 20);
    fk_pprof_add_sample(&w, odd, 1, values, 2, &label, 1);
    fk_pprof_add_sample(&w, odd + 1, 1, values, 2, &label, 1);
    read_back();
    CHECK_INT(p.num_functions, 1);
    CHECK_STR(frames_of(&p.samples[0]), "f?:1");
    CHECK(fk_slice_eqz(p.samples[0].labels[0].str, "work ?"));
    finish();
}

TAP_MAIN
