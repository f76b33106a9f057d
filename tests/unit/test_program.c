#include "server/program.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <unistd.h>

static enum fk_err run(const char *script, int64_t timeout_ns, size_t limit,
    struct fk_buf *out, int *status, struct fk_diag *diag)
{
    const char *argv[] = {
        "/bin/sh", "-c", script, "name", "$(touch x) 'y'", NULL};

    *status = -1;
    fk_buf_init(out, limit);
    return program_run(argv, timeout_ns, out, status, diag);
}

TEST(program_gives_output_and_status)
{
    static const struct {
        const char *script, *out;
        int status;
    } rows[] = {
        {"printf abc", "abc", 0}, {"exit 3", "", 3},
        {"printf a; sleep 0.05; printf b; exit 1", "ab", 1},
        {"cat", "", 0},                                 /* stdin is empty */
        {"printf %s \"$1\"", "$(touch x) 'y'", 0},      /* no shell's words */
        {"exec 2>&-; exec 9<&3 && printf open", "", 2}, /* nothing inherited */
    };

    int beside = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

    CHECK(beside >= 3);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        int status;
        CHECK_INT(run(rows[i].script, 30 * FK_NS_PER_S, 64 << 10, &out, &status,
                      &diag),
            FK_OK);
        CHECK_INT(status, rows[i].status);
        CHECK_INT(out.len, strlen(rows[i].out));
        CHECK(memcmp(out.ptr ? out.ptr : "", rows[i].out, out.len) == 0);
        fk_buf_fini(&out);
    }
    close(beside);
}

TEST(program_is_ended_when_it_takes_too_long)
{
    struct fk_buf out;
    struct fk_diag diag = {{0}};
    int status;
    int64_t from_ns = fk_mono_ns();

    CHECK_INT(
        run("exec sleep 60", FK_NS_PER_S / 20, 64 << 10, &out, &status, &diag),
        FK_ERR_CANCELLED);
    CHECK(fk_mono_ns() - from_ns < 30 * FK_NS_PER_S);
    CHECK_STR(diag.text, "/bin/sh took too long and was ended");
    CHECK_INT(status, -1);
    fk_buf_fini(&out);
}

TEST(program_is_ended_when_it_says_too_much)
{
    struct fk_buf out;
    struct fk_diag diag = {{0}};
    int status;

    CHECK_INT(run("exec yes", 60 * FK_NS_PER_S, 64 << 10, &out, &status, &diag),
        FK_ERR_LIMIT);
    CHECK_STR(diag.text, "/bin/sh printed too much");
    fk_buf_fini(&out);
}

TEST(program_that_is_not_there_is_named)
{
    const char *argv[] = {"/nowhere/flamekit", NULL};
    struct fk_buf out;
    struct fk_diag diag = {{0}};
    int status = -1;

    fk_buf_init(&out, 64 << 10);
    CHECK_INT(program_run(argv, FK_NS_PER_S, &out, &status, &diag), FK_ERR_IO);
    CHECK_STR(
        diag.text, "cannot start /nowhere/flamekit: No such file or directory");
    fk_buf_fini(&out);
}

TEST(program_that_a_signal_ends_did_not_end_well)
{
    struct fk_buf out;
    struct fk_diag diag = {{0}};
    int status;

    CHECK_INT(
        run("kill -9 $$", 30 * FK_NS_PER_S, 64 << 10, &out, &status, &diag),
        FK_ERR_IO);
    CHECK_STR(diag.text, "/bin/sh did not end well");
    fk_buf_fini(&out);
}

TAP_MAIN
