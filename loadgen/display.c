#include "loadgen/display.h"

#include "common/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TERMINAL_MS = 250, LINE_MS = 1000 };

void display_init(struct display *d, bool quiet)
{
    const char *no_colour = getenv("NO_COLOR");
    memset(d, 0, sizeof *d);
    d->quiet = quiet;
    d->terminal = isatty(STDERR_FILENO);
    d->colour = d->terminal && !(no_colour && *no_colour);
    fk_hist_reset(&d->window.response);
}

static double ms(int64_t ns)
{
    return (double)ns / FK_NS_PER_MS;
}

static int window_width(void)
{
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20)
        return 80;
    return w.ws_col;
}

static void write_line(const struct display *d, const struct display_facts *f,
    const struct player_live *live)
{
    char line[256];
    const struct fk_hist *h = &d->window.response;
    double rate = f->elapsed_s > 0 ? (double)live->sent / f->elapsed_s : 0;
    snprintf(line, sizeof line,
        "%s %u/%u %.0fs of %.0fs  %.1f/s  sent %llu ok %llu late %llu "
        "failed %llu waiting %u  p50 %.1f ms  p99 %.1f ms",
        f->phase, f->number, f->of, f->elapsed_s, f->duration_s, rate,
        (unsigned long long)live->sent, (unsigned long long)live->ok,
        (unsigned long long)live->late, (unsigned long long)live->failed,
        live->inflight, ms(fk_hist_quantile(h, 0.5)),
        ms(fk_hist_quantile(h, 0.99)));
    if (!d->terminal) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    /* Cut at the edge: a line that wraps cannot stay in its place. */
    bool red = d->colour && live->failed;
    fprintf(stderr, "\r\033[K%s%.*s%s", red ? "\033[31m" : "",
        window_width() - 1, line, red ? "\033[0m" : "");
}

/* `loadgen ... &`: the line belongs to whoever types there. */
static bool in_background(void)
{
    pid_t front = tcgetpgrp(STDERR_FILENO);
    return front >= 0 && front != getpgrp();
}

void display_tick(struct display *d, const struct display_facts *facts,
    const struct player_live *live)
{
    int64_t now = fk_mono_ns();
    fk_hist_merge(&d->window.response, &live->response);
    if (d->quiet || now < d->next_ns || (d->terminal && in_background()))
        return;
    d->next_ns = now + (d->terminal ? TERMINAL_MS : LINE_MS) * FK_NS_PER_MS;
    write_line(d, facts, live);
    d->line_open = d->terminal;
    fk_hist_reset(&d->window.response);
}

void display_break(struct display *d)
{
    if (d->line_open)
        fputc('\n', stderr);
    d->line_open = false;
}

void display_note(struct display *d, const char *fmt, ...)
{
    if (d->quiet)
        return;
    display_break(d);
    va_list ap;
    va_start(ap, fmt);
    fputs("loadgen: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}
