#include "server/folded.h"

#include "common/buf.h"
#include "tests/tap.h"

#include <stdlib.h>

/* Writes what it sees as "a;b=2 ". */
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

TEST(folded_reads_what_profilers_write)
{
    static const struct {
        stacks_read_fn read;
        const char *text, *want;
    } rows[] = {
        {folded_read_groups, "a;b 2\na;c 3\n", "a;b=2 a;c=3 "},
        {folded_read_groups, "a;b 2", "a;b=2 "},
        {folded_read_groups, "a;b 2\r\n", "a;b=2 "},
        {folded_read_groups, "void f(int, char);g h 7\n",
            "void f(int, char);g h=7 "},
        {folded_read_groups, "\n\nnocount\na 1\n", "a=1 "},
        {folded_read_groups, "a;b 0\n", ""},
        {folded_read_groups, ";a;;b; 1\n", "a;b=1 "},
        {folded_read_groups, "; 1\n", ""},
        {folded_read_groups, "a 9223372036854775807\n",
            "a=9223372036854775807 "},
        {folded_read_groups, "", ""},
        {folded_read_lines, "a;b\na;b\n", "a;b=1 a;b=1 "},
        {folded_read_lines, "a 3\n", "a 3=1 "},
        {folded_read_lines, "\n", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        CHECK_INT(
            rows[i].read(fk_slice_of(rows[i].text), show, &out, &diag), FK_OK);
        CHECK_STR(out.ptr ? out.ptr : "", rows[i].want);
        fk_buf_fini(&out);
    }
}

TEST(folded_names_the_line_it_cannot_read)
{
    static const struct {
        const char *text, *where;
    } rows[] = {
        {"a 1\nb x\n", "line 2"},
        {"a -1\n", "line 1"},
        {"a 1.5\n", "line 1"},
        {"a 9223372036854775808\n", "line 1"},
        {"a 1\n\n\xff 1\n", "line 3"},
        {"a \n", "line 1"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        CHECK_INT(
            folded_read_groups(fk_slice_of(rows[i].text), show, &out, &diag),
            FK_ERR_FORMAT);
        CHECK(strncmp(diag.text, rows[i].where, strlen(rows[i].where)) == 0);
        fk_buf_fini(&out);
    }
}

static enum fk_err count_frames(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    (void)frames, (void)count;
    *(size_t *)arg = n;
    return FK_OK;
}

TEST(folded_has_limits)
{
    size_t seen = 0, len = 2 * (STACKS_MAX_DEPTH + 10);
    char *text = malloc(FOLDED_MAX_LINE + 8);
    struct fk_diag diag = {{0}};

    for (size_t i = 0; i < len; i += 2)
        memcpy(text + i, "f;", 2);
    CHECK_INT(folded_read_lines(
                  (struct fk_slice){text, len}, count_frames, &seen, &diag),
        FK_OK);
    CHECK_INT(seen, STACKS_MAX_DEPTH);
    memset(text, 'f', FOLDED_MAX_LINE + 1);
    CHECK_INT(folded_read_lines((struct fk_slice){text, FOLDED_MAX_LINE + 1},
                  count_frames, &seen, &diag),
        FK_ERR_LIMIT);
    free(text);
}

static enum fk_err refuse(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    (void)frames, (void)n, (void)count;
    ++*(int *)arg;
    return FK_ERR_CANCELLED;
}

TEST(folded_stops_when_told)
{
    int calls = 0;

    CHECK_INT(folded_read_groups(FK_SLICE("a 1\nb 1\n"), refuse, &calls, NULL),
        FK_ERR_CANCELLED);
    CHECK_INT(calls, 1);
}

TAP_MAIN
