#include "common/gzip.h"
#include "common/pb.h"
#include "common/pprof.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

#define BYTES(text) ((struct fk_slice){text, sizeof(text) - 1})

static struct fk_arena arena;
static struct fk_pprof p;
static struct fk_diag diag;

static enum fk_err read_with(
    struct fk_slice body, const struct fk_pprof_limits *limits)
{
    fk_arena_fini(&arena);
    fk_arena_init(&arena, 10 << 20);
    memset(&p, 0, sizeof p);
    diag.text[0] = '\0';
    return fk_pprof_read(body, limits, &arena, &p, &diag);
}

/*
 * Pieces of a small profile, bytes by hand. Strings: 0 "", 1 "cpu",
 * 2 "nanoseconds", 3 "leaf", 4 "main", 5 "a.c", 6 "x-y".
 */
#define STRINGS                                                                \
    "\x32\x00\x32\x03"                                                         \
    "cpu\x32\x0Bnanoseconds\x32\x04leaf\x32\x04main\x32\x03"                   \
    "a.c\x32\x03x-y"
#define TYPE      "\x0A\x04\x08\x01\x10\x02"
#define FUNCTION1 "\x2A\x08\x08\x01\x10\x03\x18\x03\x20\x05"
#define FUNCTION2 "\x2A\x06\x08\x02\x10\x04\x20\x05"
#define MAPPING1                                                               \
    "\x1A\x07\x08\x01\x10\x80\x20\x28"                                         \
    "\x05"
/* location 1: leaf:7 inlined into main; location 2: main:30 */
#define LOCATION1 "\x22\x0C\x08\x01\x22\x04\x08\x01\x10\x07\x22\x02\x08\x02"
#define LOCATION2 "\x22\x0A\x08\x02\x10\x01\x22\x04\x08\x02\x10\x1E"
#define SAMPLE    "\x12\x07\x0A\x02\x01\x02\x12\x01\x05"
#define REST      FUNCTION1 FUNCTION2 MAPPING1 LOCATION1 LOCATION2

static void check_small(void)
{
    CHECK_INT(p.num_samples, 1);
    CHECK_INT(p.samples[0].num_locations, 2);
    CHECK_INT(p.samples[0].values[0], 5);
    const struct fk_pprof_location *leaf =
        &p.locations[p.samples[0].locations[0]];
    const struct fk_pprof_location *root =
        &p.locations[p.samples[0].locations[1]];
    CHECK_INT(leaf->num_lines, 2);
    CHECK(fk_slice_eqz(p.functions[leaf->lines[0].function].name, "leaf"));
    CHECK_INT(leaf->lines[0].line, 7);
    CHECK(fk_slice_eqz(p.functions[leaf->lines[1].function].name, "main"));
    CHECK_INT(leaf->mapping, FK_PPROF_NONE);
    CHECK_INT(root->lines[0].line, 30);
    CHECK_INT(root->mapping, 0);
    CHECK_INT(p.mappings[0].start, 4096);
    CHECK(fk_slice_eqz(p.types[0].type, "cpu"));
    CHECK(fk_slice_eqz(p.types[0].unit, "nanoseconds"));
}

TEST(fields_come_in_any_order)
{
    CHECK_INT(read_with(BYTES(TYPE SAMPLE REST STRINGS), NULL), FK_OK);
    check_small();
    CHECK_INT(read_with(BYTES(STRINGS REST SAMPLE TYPE), NULL), FK_OK);
    check_small();
    CHECK_INT(read_with(BYTES(LOCATION2 LOCATION1 STRINGS FUNCTION2 FUNCTION1
                                SAMPLE MAPPING1 TYPE),
                  NULL),
        FK_OK);
    CHECK_INT(p.samples[0].locations[0], 1);
    check_small();
}

TEST(repeated_fields_come_packed_or_not)
{
    CHECK_INT(
        read_with(
            BYTES(TYPE REST STRINGS "\x12\x06\x08\x01\x10\x05\x08\x02"), NULL),
        FK_OK);
    check_small();
}

TEST(unknown_fields_are_skipped)
{
    CHECK_INT(read_with(BYTES(TYPE REST STRINGS SAMPLE
                            "\x6A\x01\x01\x78\x05\xFA\x01\x03xyz\xA5\x06zzzz"),
                  NULL),
        FK_OK);
    check_small();
}

TEST(ids_need_not_be_dense)
{
    /* function 2^40 and location 2^63 + 1 */
    CHECK_INT(
        read_with(BYTES(TYPE STRINGS
                      "\x2A\x09\x08\x80\x80\x80\x80\x80\x20\x10\x03"
                      "\x22\x14\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x01"
                      "\x22\x07\x08\x80\x80\x80\x80\x80\x20"
                      "\x12\x0F\x0A\x0A\x81\x80\x80\x80\x80\x80\x80\x80\x80"
                      "\x01\x12\x01\x05"),
            NULL),
        FK_OK);
    CHECK_INT(p.samples[0].locations[0], 0);
    CHECK(fk_slice_eqz(
        p.functions[p.locations[0].lines[0].function].name, "leaf"));
}

TEST(the_head)
{
    CHECK_INT(read_with(BYTES(TYPE STRINGS "\x48\x07\x50\x08\x5A\x04\x08\x01"
                                           "\x10\x02\x60\x64\x70\x01"),
                  NULL),
        FK_OK);
    CHECK_INT(p.time_ns, 7);
    CHECK_INT(p.duration_ns, 8);
    CHECK_INT(p.period, 100);
    CHECK(fk_slice_eqz(p.period_type.type, "cpu"));
    CHECK(fk_slice_eqz(p.period_type.unit, "nanoseconds"));
    CHECK(fk_slice_eqz(p.default_type, "cpu"));
}

TEST(labels_of_samples)
{
    /* key 1 str 2; key 4 num -1 */
    CHECK_INT(read_with(BYTES(TYPE STRINGS "\x12\x18\x12\x01\x05"
                                           "\x1A\x04\x08\x01\x10\x02"
                                           "\x1A\x0D\x08\x04\x18\xFF\xFF\xFF"
                                           "\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
                  NULL),
        FK_OK);
    CHECK_INT(p.samples[0].num_labels, 2);
    CHECK(fk_slice_eqz(p.samples[0].labels[0].key, "cpu"));
    CHECK(fk_slice_eqz(p.samples[0].labels[0].str, "nanoseconds"));
    CHECK_INT(p.samples[0].labels[1].str.len, 0);
    CHECK_INT(p.samples[0].labels[1].num, -1);
}

TEST(old_dotnet_profiles_have_no_numbers)
{
    const struct fk_pprof_limits dotnet = {.old_dotnet = true};
    struct fk_slice body = BYTES("\x0A\x02\x08\x06" STRINGS /* type with - */
                                 "\x2A\x02\x10\x01\x2A\x02\x10\x02"
                                 "\x22\x04\x08\x01\x22\x00"
                                 "\x22\x04\x08\x02\x22\x00"
                                 "\x12\x07\x0A\x02\x01\x02\x12\x01\x01");

    CHECK_INT(read_with(body, NULL), FK_ERR_FORMAT);
    CHECK_INT(read_with(body, &dotnet), FK_OK);
    CHECK_INT(p.num_locations, 2);
    CHECK_INT(p.locations[0].lines[0].function, 0);
    CHECK_INT(p.locations[1].lines[0].function, 1);
}

TEST(refusals_in_pyroscopes_words)
{
    static const struct {
        struct fk_slice body;
        const char *said;
    } rows[] = {
        {BYTES(""), "empty profile"},
        {BYTES(STRINGS), "empty profile"},
        {BYTES(TYPE), "string 0 should be empty string"},
        {BYTES(TYPE "\x32\x03zzz"), "string 0 should be empty string"},
        {BYTES(TYPE STRINGS "\x12\x00"), "sample value length mismatch"},
        {BYTES(TYPE STRINGS "\x12\x04\x12\x02\x01\x01"),
            "sample value length mismatch"},
        {BYTES(STRINGS "\x0A\x02\x08\x63"),
            "sample type type string index out of range"},
        {BYTES(STRINGS "\x0A\x04\x08\x01\x10\x63"),
            "sample type unit string index out of range"},
        {BYTES(STRINGS "\x0A\x02\x08\x06"), "sample type contains -"},
        {BYTES(TYPE STRINGS "\x2A\x02\x10\x03"), "function id is 0"},
        {BYTES(TYPE STRINGS "\x2A\x04\x08\x01\x10\x63"),
            "function name string index out of range"},
        {BYTES(TYPE STRINGS "\x2A\x04\x08\x01\x18\x63"),
            "function system name string index out of range"},
        {BYTES(TYPE STRINGS "\x2A\x04\x08\x01\x20\x63"),
            "function file name string index out of range"},
        {BYTES(TYPE STRINGS FUNCTION1 FUNCTION1),
            "function id 1 is used twice"},
        {BYTES(TYPE STRINGS "\x1A\x04\x08\x01\x28\x63"),
            "mapping file name string index out of range"},
        {BYTES(TYPE STRINGS "\x1A\x04\x08\x01\x30\x63"),
            "mapping build id string index out of range"},
        {BYTES(TYPE STRINGS MAPPING1 MAPPING1), "mapping id 1 is used twice"},
        {BYTES(TYPE STRINGS "\x22\x02\x18\x01"), "location id is 0"},
        {BYTES(TYPE STRINGS "\x22\x02\x08\x01\x22\x02\x08\x01"),
            "location id 1 is used twice"},
        {BYTES(TYPE STRINGS "\x22\x06\x08\x01\x22\x02\x08\x09"),
            "function id 9 is referred to but not in the profile"},
        {BYTES(TYPE STRINGS "\x22\x04\x08\x01\x10\x09"),
            "mapping id 9 is referred to but not in the profile"},
        {BYTES(TYPE STRINGS SAMPLE),
            "location id 1 is referred to but not in the profile"},
        {BYTES(TYPE STRINGS "\x12\x07\x12\x01\x05\x1A\x02\x08\x63"),
            "sample label string index out of range"},
        {BYTES(TYPE STRINGS "\x12\x07\x12\x01\x05\x1A\x02\x10\x63"),
            "sample label string index out of range"},
        {BYTES(TYPE STRINGS "\x32\x03"
                            "a\xC3("),
            "invalid utf8 string hex: 61c328"},
        {BYTES(TYPE STRINGS "\x70\x63"),
            "default sample type string index out of range"},
        {BYTES(TYPE STRINGS "\x12\x05zz"),
            "the profile is not valid protobuf at byte 50"},
        {BYTES(TYPE STRINGS "\x0B"),
            "the profile is not valid protobuf at byte 49"},
        {BYTES(TYPE STRINGS "\x12\x04\x12\x02\x80\x01\x12\x05\x0A\x03\x01"),
            "the profile is not valid protobuf at byte 56"},
        {BYTES(TYPE STRINGS "\x12\x04\x12\x01\x01\x08"),
            "the profile is not valid protobuf at byte 54"},
        {BYTES(TYPE STRINGS "\x10\x01"),
            "the profile is not valid protobuf at byte 49"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum fk_err err = read_with(rows[i].body, NULL);
        if (err != FK_ERR_FORMAT || p.num_types)
            tap_fail(
                __FILE__, __LINE__, "row %zu was read: %s", i, rows[i].said);
        CHECK_STR(diag.text, rows[i].said);
    }
}

TEST(counts_over_a_limit)
{
    const struct fk_pprof_limits one = {
        .max_samples = 1, .max_sample_labels = 1};
    const struct fk_slice two_samples = BYTES(TYPE STRINGS REST SAMPLE SAMPLE);
    const struct fk_slice two_labels =
        BYTES(TYPE STRINGS "\x12\x07\x12\x01\x05\x1A\x00\x1A\x00");
    CHECK_INT(read_with(two_samples, NULL), FK_OK);
    CHECK_INT(read_with(two_samples, &one), FK_ERR_LIMIT);
    CHECK_STR(diag.text,
        "the profile exceeds the samples count limit "
        "(max_profile_stacktrace_samples, actual: 2, limit: 1)");
    CHECK_INT(read_with(two_labels, NULL), FK_OK);
    CHECK_INT(read_with(two_labels, &one), FK_ERR_LIMIT);
    CHECK_STR(diag.text,
        "the profile exceeds the sample labels limit "
        "(max_profile_stacktrace_sample_labels, actual: 2, limit: 1)");
}

TEST(deep_stacks_keep_their_root)
{
    const struct fk_pprof_limits limits = {.max_depth = 1};
    CHECK_INT(read_with(BYTES(TYPE STRINGS REST SAMPLE), &limits), FK_OK);
    CHECK_INT(p.samples[0].num_locations, 1);
    CHECK_INT(p.samples[0].locations[0], 1);
}

TEST(long_symbols_keep_their_tail)
{
    const struct fk_pprof_limits limits = {.max_symbol_bytes = 3};
    CHECK_INT(read_with(BYTES(TYPE STRINGS REST SAMPLE), &limits), FK_OK);
    CHECK(fk_slice_eqz(p.functions[0].name, "eaf"));
    CHECK(fk_slice_eqz(p.types[0].unit, "nds"));
}

TEST(the_arena_bounds_the_memory)
{
    CHECK_INT(read_with(BYTES(TYPE STRINGS REST SAMPLE), NULL), FK_OK);
    size_t enough = arena.used;
    fk_arena_fini(&arena);
    for (size_t limit = 0; limit < enough; limit += 16) {
        fk_arena_init(&arena, limit);
        p.num_types = 77;
        diag.text[0] = '\0';
        CHECK_INT(fk_pprof_read(
                      BYTES(TYPE STRINGS REST SAMPLE), NULL, &arena, &p, &diag),
            FK_ERR_LIMIT);
        CHECK_INT(p.num_types, 77);
        CHECK(strstr(diag.text, "smaller profiles"));
        fk_arena_fini(&arena);
    }
}

/* Every prefix and every flipped bit of a good profile: an error or a
 * profile that can be walked, never a crash. */
static void walk(void)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < p.num_samples; i++)
        for (uint32_t k = 0; k < p.samples[i].num_locations; k++) {
            CHECK(p.samples[i].locations[k] < p.num_locations);
            const struct fk_pprof_location *l =
                &p.locations[p.samples[i].locations[k]];
            CHECK(l->mapping == FK_PPROF_NONE || l->mapping < p.num_mappings);
            for (uint32_t j = 0; j < l->num_lines; j++) {
                CHECK(l->lines[j].function < p.num_functions);
                sum += p.functions[l->lines[j].function].name.len;
            }
        }
    CHECK(sum < SIZE_MAX);
}

TEST(damage_is_an_error_or_harmless)
{
    char bytes[] = TYPE STRINGS REST SAMPLE;
    const size_t n = sizeof bytes - 1;
    for (size_t len = 0; len < n; len++)
        if (!read_with((struct fk_slice){bytes, len}, NULL))
            walk();
    for (size_t bit = 0; bit < 8 * n; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        if (!read_with((struct fk_slice){bytes, n}, NULL))
            walk();
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
}

/* Sample profiles of real clients, when they lie beside the checkout. The
 * facts were taken from them with other tools. */
static const struct sample_file {
    const char *name;
    uint32_t types, samples, functions;
    int64_t total[4];
    const char *period_type;
} sample_files[] = {
    {"cpu.pb.gz", 2, 7, 28, {47, 470000000}, "cpu/nanoseconds"},
    {"heap_delta", 4, 38, 252, {208258, 17778269, 101874, 9992695},
        "space/bytes"},
    {"profile_nodejs", 1, 27, 78, {39670000}, "wall/microseconds"},
    {"profile_python", 1, 438, 199, {234084}, "/milliseconds"},
    {"profile_rust", 1, 30, 137, {11960000000}, "cpu/nanoseconds"},
    {"pyspy-1.pb.gz", 1, 16, 7, {781}, "/milliseconds"},
    {"req_2.pprof", 1, 6, 31, {10}, "goroutine/count"},
};

static bool load(const char *name, struct fk_buf *out)
{
    static char raw[1 << 20];
    char path[128];
    snprintf(path, sizeof path, "../shared/fixtures/pprof/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    struct fk_slice body = {raw, fread(raw, 1, sizeof raw, f)};
    fclose(f);
    fk_buf_init(out, 1 << 24);
    if (!fk_gzip_is(body))
        fk_buf_add_slice(out, body);
    else
        CHECK_INT(fk_gzip_read(body, out, NULL), FK_OK);
    return true;
}

static void check_file(const struct sample_file *file)
{
    char period_type[64];
    snprintf(period_type, sizeof period_type, "%.*s/%.*s",
        FK_SLICE_ARG(p.period_type.type), FK_SLICE_ARG(p.period_type.unit));
    CHECK_STR(period_type, file->period_type);
    CHECK_INT(p.num_types, file->types);
    CHECK_INT(p.num_samples, file->samples);
    CHECK_INT(p.num_functions, file->functions);
    for (uint32_t t = 0; t < p.num_types; t++) {
        int64_t total = 0;
        for (uint32_t i = 0; i < p.num_samples; i++)
            total += p.samples[i].values[t];
        CHECK_INT(total, file->total[t]);
    }
    walk();
}

TEST(profiles_of_real_clients)
{
    struct fk_buf body;
    for (size_t i = 0; i < sizeof sample_files / sizeof *sample_files; i++) {
        if (!load(sample_files[i].name, &body))
            tap_skip("../shared/fixtures/pprof is not here");
        CHECK_INT(read_with(fk_buf_slice(&body), NULL), FK_OK);
        check_file(&sample_files[i]);
        fk_buf_fini(&body);
    }
    CHECK(load("invalid_utf8.pb.gz", &body));
    CHECK_INT(read_with(fk_buf_slice(&body), NULL), FK_ERR_FORMAT);
    CHECK(!strncmp(diag.text, "invalid utf8 string hex: 0001", 29));
    fk_buf_fini(&body);
}

TAP_MAIN
