#include "server/speedscope.h"

#include "tests/tap.h"

#include <stdio.h>

#define SCHEMA                                                                 \
    "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
#define FRAMES                                                                 \
    "\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\",\"line\":3}]},"
#define FILE_OF(profile) SCHEMA FRAMES "\"profiles\":[" profile "]}"

static enum fk_err show(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    struct fk_buf *out = arg;

    for (size_t i = 0; i < n; i++)
        fk_buf_printf(
            out, "%s" FK_SLICE_FMT, i ? ";" : "", FK_SLICE_ARG(frames[i]));
    fk_buf_printf(out, "=%lld ", (long long)count);
    return FK_OK;
}

/* All profiles of a file, or its error. */
static enum fk_err read_file(
    const char *text, struct fk_buf *out, struct fk_diag *diag)
{
    struct speedscope s;
    struct fk_arena arena;

    fk_arena_init(&arena, 1 << 20);
    enum fk_err err = speedscope_open(&s, fk_slice_of(text), &arena, diag);
    for (size_t i = 0; !err && i < s.num_profiles; i++) {
        struct speedscope_profile p;
        err = speedscope_profile(&s, i, &p, diag);
        if (err)
            break;
        fk_buf_printf(out, FK_SLICE_FMT "[%s] ", FK_SLICE_ARG(p.name),
            speedscope_unit_name(p.unit));
        err = speedscope_stacks(&s, i, 10, show, out, diag);
    }
    speedscope_close(&s);
    fk_arena_fini(&arena);
    return err;
}

TEST(both_kinds_of_profiles_give_their_stacks)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {FILE_OF("{\"type\":\"sampled\",\"name\":\"s\",\"unit\":\"seconds\","
                 "\"samples\":[[0,1],[0],[]],\"weights\":[1,0.25,7]}"),
            "s[seconds] a;b=10 a=3 "},
        {FILE_OF("{\"type\":\"evented\",\"name\":\"e\",\"unit\":\"none\","
                 "\"events\":[{\"type\":\"O\",\"frame\":0,\"at\":5},"
                 "{\"type\":\"O\",\"frame\":1,\"at\":6},"
                 "{\"type\":\"C\",\"frame\":1,\"at\":8},"
                 "{\"type\":\"C\",\"frame\":0,\"at\":8}]}"),
            "e[none] a=10 a;b=20 "},
        {FILE_OF("{\"type\":\"evented\",\"name\":\"open\",\"unit\":\"bytes\","
                 "\"endValue\":9,"
                 "\"events\":[{\"type\":\"O\",\"frame\":0,\"at\":5}]}"),
            "open[bytes] a=40 "},
        {FILE_OF(""), ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        enum fk_err err = read_file(rows[i].text, &out, &diag);
        CHECK_STR(diag.text, "");
        CHECK_INT(err, FK_OK);
        CHECK_STR(out.ptr ? out.ptr : "", rows[i].want);
        fk_buf_fini(&out);
    }
}

#define SAMPLED(rest)                                                          \
    FILE_OF("{\"type\":\"sampled\",\"name\":\"s\",\"unit\":\"none\"," rest "}")
#define EVENTED(events)                                                        \
    FILE_OF("{\"type\":\"evented\",\"name\":\"s\",\"unit\":\"none\","          \
            "\"events\":[" events "]}")

TEST(what_is_wrong_is_named_by_its_place)
{
    static const struct {
        const char *text, *where;
    } rows[] = {
        {"{", "the body is not JSON: line 1"},
        {"{}", "$schema must be"},
        {SCHEMA "\"profiles\":3}", "profiles must be a list"},
        {SCHEMA "\"profiles\":[]}", "shared.frames must be a list"},
        {SCHEMA "\"profiles\":[],\"shared\":{\"frames\":[{}]}}",
            "shared.frames[0].name"},
        {FILE_OF("{}"), "profiles[0].type"},
        {FILE_OF("{\"type\":\"sampled\",\"unit\":\"hours\"}"),
            "profiles[0].unit"},
        {SAMPLED("\"samples\":[[0]],\"weights\":[]"), "profiles[0].samples"},
        {SAMPLED("\"samples\":[[0,2]],\"weights\":[1]"),
            "profiles[0].samples[0][1]"},
        {SAMPLED("\"samples\":[[0]],\"weights\":[{}]"),
            "profiles[0].weights[0]"},
        {SAMPLED("\"samples\":[[0]],\"weights\":[-1]"),
            "profiles[0].weights[0]"},
        {SAMPLED("\"samples\":[[0]],\"weights\":[1e300]"),
            "profiles[0].weights[0]"},
        {EVENTED("{\"type\":\"X\",\"frame\":0,\"at\":0}"),
            "profiles[0].events[0] must have the type"},
        {EVENTED("{\"type\":\"O\",\"frame\":9,\"at\":0}"),
            "profiles[0].events[0] must have the number"},
        {EVENTED("{\"type\":\"O\",\"frame\":0}"),
            "profiles[0].events[0] must have a number"},
        {EVENTED("{\"type\":\"C\",\"frame\":0,\"at\":0}"),
            "profiles[0].events[0] closes a frame"},
        {EVENTED("{\"type\":\"O\",\"frame\":0,\"at\":1},"
                 "{\"type\":\"C\",\"frame\":0,\"at\":0}"),
            "profiles[0].events[1] is earlier"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        CHECK(read_file(rows[i].text, &out, &diag) != FK_OK);
        diag.text[strlen(rows[i].where)] = '\0';
        CHECK_STR(diag.text, rows[i].where);
        fk_buf_fini(&out);
    }
}

TAP_MAIN
