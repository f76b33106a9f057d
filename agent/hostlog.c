#include "agent/hostlog.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    flamekit_log_fn log;
    void *arg;
    int level;
} host = {NULL, NULL, FLAMEKIT_LOG_WARN};

void fk_hostlog_set(flamekit_log_fn log, void *arg, int level)
{
    host.log = log;
    host.arg = arg;
    host.level = level;
}

static void print_line(const char *text)
{
    char line[600];
    int n = snprintf(line, sizeof(line), "flamekit: %s\n", text);
    if (n > (int)sizeof(line) - 1)
        n = (int)sizeof(line) - 1;
    /* Nobody to tell when stderr is gone. */
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        return;
}

void fk_hostlog(int level, const char *fmt, ...)
{
    if (level < host.level)
        return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (host.log != NULL)
        host.log(level, text, host.arg);
    else
        print_line(text);
}
