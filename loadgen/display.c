#include "loadgen/display.h"

#include "common/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void write_line(const struct display *d, const struct display_facts *f,
    const struct player_live *live)
{
    const char *dim = d->colour ? "\033[2m" : "";
    const char *red = d->colour && live->failed ? "\033[31m" : "";
    const char *plain = d->colour ? "\033[0m" : "";
    const struct fk_hist *h = &d->window.response;
    double rate = f->elapsed_s > 0 ? (double)live->sent / f->elapsed_s : 0;
    fprintf(stderr,
        "%s%s %u/%u %4.0fs of %.0fs%s  %.1f/s  sent %llu  ok %llu  late %llu  "
        "%sfailed %llu%s  waiting %u  p50 %.1f ms  p99 %.1f ms",
        dim, f->phase, f->number, f->of, f->elapsed_s, f->duration_s, plain,
        rate, (unsigned long long)live->sent, (unsigned long long)live->ok,
        (unsigned long long)live->late, red, (unsigned long long)live->failed,
        plain, live->inflight, ms(fk_hist_quantile(h, 0.5)),
        ms(fk_hist_quantile(h, 0.99)));
}

void display_tick(struct display *d, const struct display_facts *facts,
    const struct player_live *live)
{
    int64_t now = fk_mono_ns();
    fk_hist_merge(&d->window.response, &live->response);
    if (d->quiet || now < d->next_ns)
        return;
    d->next_ns = now + (d->terminal ? TERMINAL_MS : LINE_MS) * FK_NS_PER_MS;
    if (d->terminal)
        fputs("\r\033[K", stderr);
    write_line(d, facts, live);
    if (!d->terminal)
        fputc('\n', stderr);
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
