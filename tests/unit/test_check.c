#include "common/check.h"
#include "tests/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs FK_ASSERT(holds) in a child; what it said comes back in `said`. */
static int status_of(bool holds, char *said, size_t size)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (!pid) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        FK_ASSERT(holds);
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], said, size - 1);
    said[n > 0 ? n : 0] = '\0';
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

TEST(assert_says_where_and_aborts)
{
    char said[256];
    int status = status_of(false, said, sizeof said);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
    CHECK(strstr(said, "test_check.c:"));
    CHECK(strstr(said, "holds"));
}

TEST(assert_that_holds_is_silent)
{
    char said[256];
    CHECK_INT(status_of(true, said, sizeof said), 0);
    CHECK_STR(said, "");
}

TAP_MAIN
