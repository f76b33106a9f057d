#include "common/log.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int reading_end;

static void catch_stderr(void)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    reading_end = ends[0];
}

/* What was logged, with the 24 characters of the time taken off. */
static const char *logged(void)
{
    static char text[4096];
    close(STDERR_FILENO);
    ssize_t n = read(reading_end, text, sizeof text - 1);
    CHECK(n >= 0);
    text[n] = '\0';
    return n > 24 ? text + 24 : text;
}

TEST(a_line_is_time_level_event_pairs)
{
    catch_stderr();
    errno = ENOENT;
    fk_log(FK_LOG_WARN, "slow_write", "ms=%d name=%s", 12, "journal");
    CHECK_INT(errno, ENOENT);
    CHECK_STR(logged(), " warn slow_write ms=12 name=journal\n");
}

TEST(an_event_needs_no_pairs)
{
    catch_stderr();
    fk_log(FK_LOG_ERROR, "gone", "%s", "");
    CHECK_STR(logged(), " error gone \n");
}

TEST(the_level_filters)
{
    catch_stderr();
    fk_log(FK_LOG_DEBUG, "hidden", "a=%d", 1);
    fk_log_set_level(FK_LOG_DEBUG);
    fk_log(FK_LOG_DEBUG, "shown", "a=%d", 2);
    fk_log_set_level(FK_LOG_ERROR);
    fk_log(FK_LOG_WARN, "hidden", "a=%d", 3);
    CHECK_STR(logged(), " debug shown a=2\n");
}

TEST(one_call_is_one_line_whatever_the_text)
{
    char big[4000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    catch_stderr();
    fk_log(FK_LOG_INFO, "odd", "text=a\nb\r%s", big);
    const char *line = logged();
    CHECK(strchr(line, '\n') == line + strlen(line) - 1);
    CHECK(!strchr(line, '\r'));
    CHECK(strlen(line) < 2048);
}

TEST(quoting)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"plain/path:80", "plain/path:80"},
        {"\xC3\xA4", "\xC3\xA4"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""},
        {"line\nbreak\x01", "\"line\\nbreak\\x01\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(fk_log_quote(rows[i].in), rows[i].want);
}

TEST(long_values_are_cut)
{
    char big[4000];
    memset(big, '\x01', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    const char *quoted = fk_log_quote(big);
    CHECK(strlen(quoted) < 512);
    CHECK_STR(quoted + strlen(quoted) - 4, "...\"");
    memset(big, 'p', sizeof big - 1); /* plain, but too long for a line */
    CHECK(strlen(fk_log_quote(big)) < 512);
}

TEST(the_latest_four_quotes_stay)
{
    const char *a = fk_log_quote("a 1"), *b = fk_log_quote("b 2");
    const char *c = fk_log_quote("c 3"), *d = fk_log_quote("d 4");
    CHECK_STR(a, "\"a 1\"");
    CHECK_STR(b, "\"b 2\"");
    CHECK_STR(c, "\"c 3\"");
    CHECK_STR(d, "\"d 4\"");
}

TAP_MAIN
