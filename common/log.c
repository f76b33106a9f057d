#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048, QUOTE_BYTES = 512, QUOTES = 4 };

static _Atomic int lowest = FK_LOG_INFO;

static const char *const level_names[] = {
    [FK_LOG_DEBUG] = "debug",
    [FK_LOG_INFO] = "info",
    [FK_LOG_WARN] = "warn",
    [FK_LOG_ERROR] = "error",
};

void fk_log_set_level(enum fk_log_level level)
{
    atomic_store(&lowest, (int)level);
}

static size_t stamp(char *out, size_t size)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
    return n + (size_t)snprintf(
                   out + n, size - n, ".%03ldZ", now.tv_nsec / 1000000);
}

/* A signal may cut a write; a reader that went away ends it. */
static void write_all(const char *text, size_t n)
{
    while (n) {
        ssize_t wrote = write(STDERR_FILENO, text, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        text += wrote;
        n -= (size_t)wrote;
    }
}

static size_t clamp(int n, size_t most)
{
    return n < 0 ? 0 : (size_t)n < most ? (size_t)n : most;
}

void fk_log(enum fk_log_level level, const char *event, const char *fmt, ...)
{
    char line[LINE_BYTES];
    int saved_errno = errno;
    if ((int)level < atomic_load(&lowest))
        return;
    size_t most = sizeof line - 2; /* the newline always fits */
    size_t n = stamp(line, sizeof line);
    n += clamp(snprintf(line + n, most - n, " %s %s%s", level_names[level],
                   event, *fmt ? " " : ""),
        most - n - 1);
    va_list ap;
    va_start(ap, fmt);
    n += clamp(vsnprintf(line + n, most - n, fmt, ap), most - n - 1);
    va_end(ap);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
            line[i] = ' ';
    line[n++] = '\n';
    write_all(line, n);
    errno = saved_errno;
}

static bool is_plain(unsigned char c)
{
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7F;
}

/* One character, escaped; how many bytes it took. */
static int put(char *out, size_t size, unsigned char c)
{
    if (c == '"' || c == '\\')
        return snprintf(out, size, "\\%c", c);
    if (c == '\n')
        return snprintf(out, size, "\\n");
    if (c < ' ' || c == 0x7F)
        return snprintf(out, size, "\\x%02x", c);
    return snprintf(out, size, "%c", c);
}

const char *fk_log_quote(const char *text)
{
    static _Thread_local char quotes[QUOTES][QUOTE_BYTES];
    static _Thread_local unsigned latest;
    const char *c = text;
    while (is_plain((unsigned char)*c))
        c++;
    if (!*c && c > text && c - text < QUOTE_BYTES)
        return text;
    char *out = quotes[latest++ % QUOTES];
    size_t n = 0, most = QUOTE_BYTES - sizeof "\\xff...\"";
    out[n++] = '"';
    for (c = text; *c && n < most; c++)
        n += (size_t)put(out + n, QUOTE_BYTES - n, (unsigned char)*c);
    snprintf(out + n, QUOTE_BYTES - n, "%s\"", *c ? "..." : "");
    return out;
}
