/* The fork-per-test TAP runner of tap.h. */
#include "tests/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_SKIP = 77, DEFAULT_TIMEOUT_S = 60 };

static struct tap_test *first, **tail = &first;

void tap_register(struct tap_test *test)
{
    *tail = test;
    tail = &test->next;
}

void tap_diag(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("# ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    fflush(stdout);
}

/* A test that failed owes nobody a leak report: _exit. */
void tap_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("# %s:%d: ", file, line);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    fflush(stdout);
    _exit(EXIT_FAIL);
}

void tap_skip(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("# skip: ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    fflush(stdout);
    _exit(EXIT_SKIP);
}

void tap_check_str(const char *file, int line, const char *expr,
    const char *got, const char *want)
{
    if (got && want && !strcmp(got, want))
        return;
    tap_fail(file, line, "%s:\n#   got  \"%s\"\n#   want \"%s\"", expr,
        got ? got : "(null)", want ? want : "(null)");
}

void tap_check_mem(const char *file, int line, const char *expr,
    const void *got, size_t got_len, const void *want, size_t want_len)
{
    const unsigned char *a = got, *b = want;
    size_t i = 0, n = got_len < want_len ? got_len : want_len;
    while (i < n && a[i] == b[i])
        i++;
    if (i == got_len && i == want_len)
        return;
    tap_fail(file, line, "%s: %zu bytes, want %zu, first difference at %zu",
        expr, got_len, want_len, i);
}

static int timeout_of(const struct tap_test *t)
{
    const char *env = getenv("FK_TEST_TIMEOUT");
    int wanted = t->timeout_s ? t->timeout_s : DEFAULT_TIMEOUT_S;
    int forced = env ? (int)strtol(env, NULL, 10) : 0;
    return forced > wanted ? forced : wanted;
}

/* The child leads its own process group: whatever it started dies with it. */
static int run_one(const struct tap_test *t)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        return EXIT_FAIL;
    if (!pid) {
        setpgid(0, 0);
        t->fn();
        fflush(stdout);
        exit(EXIT_PASS);
    }
    setpgid(pid, pid);
    struct timespec pause = {0, 2000000};
    for (long waited_ms = 0;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            break;
        if (waited_ms > timeout_of(t) * 1000L) {
            tap_diag("hung for %d s, killed", timeout_of(t));
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return EXIT_FAIL;
        }
        nanosleep(&pause, NULL);
        waited_ms += 2;
    }
    kill(-pid, SIGKILL);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    tap_diag("killed by signal %d (%s)", WTERMSIG(status),
        strsignal(WTERMSIG(status)));
    return EXIT_FAIL;
}

int tap_main(int argc, char **argv)
{
    const char *pattern = argc > 1 ? argv[1] : "";
    int n = 0, failed = 0;
    for (struct tap_test *t = first; t; t = t->next) {
        if (!strstr(t->name, pattern))
            continue;
        int code = run_one(t);
        bool ok = code == EXIT_PASS || code == EXIT_SKIP;
        failed += !ok;
        printf("%sok %d - %s%s\n", ok ? "" : "not ", ++n, t->name,
            code == EXIT_SKIP ? " # SKIP see above" : "");
        if (!ok)
            tap_diag("%s:%d", t->file, t->line);
    }
    printf("1..%d\n", n);
    return failed ? EXIT_FAIL : EXIT_PASS;
}
