#include "loadgen/display.h"

#include "common/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TERMINAL_MS = 250, LINE_MS = 1000, LINE = 256, BAR = 24, LINES = 4 };

static const char recent_name[] = "last 5 s";

#define RED    "\033[31m"
#define YELLOW "\033[33m"

void display_init(struct display *d, bool quiet)
{
    const char *no_colour = getenv("NO_COLOR");
    memset(d, 0, sizeof *d);
    d->quiet = quiet;
    d->terminal = isatty(STDERR_FILENO);
    d->colour = d->terminal && !(no_colour && *no_colour);
}

/* ---- the last seconds -----------------------------------------------------
 */

static void new_phase(struct display *d, uint32_t number)
{
    d->number = number;
    d->sent = 0;
    d->seconds = 0;
    memset(d->recent, 0, sizeof d->recent);
    fk_hist_reset(&d->all);
}

static void take(struct display *d, const struct display_facts *f,
    const struct player_live *live)
{
    if (f->number != d->number)
        new_phase(d, f->number);
    for (; d->seconds < (int64_t)f->elapsed_s; d->seconds++)
        memset(&d->recent[(d->seconds + 1) % DISPLAY_RECENT_S], 0,
            sizeof *d->recent);
    struct display_second *now = &d->recent[d->seconds % DISPLAY_RECENT_S];
    now->sent += live->sent - d->sent;
    d->sent = live->sent;
    fk_hist_merge(&now->response, &live->response);
    fk_hist_merge(&d->all, &live->response);
}

static void sum_recent(const struct display *d, struct display_second *sum)
{
    memset(sum, 0, sizeof *sum);
    for (int i = 0; i < DISPLAY_RECENT_S; i++) {
        sum->sent += d->recent[i].sent;
        fk_hist_merge(&sum->response, &d->recent[i].response);
    }
}

/* The second at hand is one of them, and not over. */
static double recent_rate(
    const struct display_facts *f, const struct display_second *recent)
{
    double before = f->elapsed_s - floor(f->elapsed_s);
    double seconds = before + DISPLAY_RECENT_S - 1;
    if (seconds > f->elapsed_s)
        seconds = f->elapsed_s;
    return seconds > 0 ? (double)recent->sent / seconds : 0;
}

/* ---- lines ----------------------------------------------------------------
 */

static void write_progress(
    const struct display_facts *f, char text[static LINE])
{
    char bar[BAR + 1];
    double share = f->duration_s > 0 ? f->elapsed_s / f->duration_s : 1;
    int done = (int)(share * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)(done < BAR ? done : BAR));
    bar[BAR] = '\0';
    snprintf(text, LINE, "%s %u/%u  [%s]  %.0f s of %.0f s", f->phase,
        f->number, f->of, bar, floor(f->elapsed_s), f->duration_s);
}

static void write_counts(const struct display_facts *f,
    const struct player_live *live, double rate, char text[static LINE])
{
    char target[32] = "";
    if (f->target_rate > 0)
        snprintf(target, sizeof target, " of %.1f/s", f->target_rate);
    snprintf(text, LINE,
        "  %.1f/s%s  sent %" PRIu64 "  ok %" PRIu64 "  late %" PRIu64
        "  failed %" PRIu64 "  waiting %u",
        rate, target, live->sent, live->ok, live->late, live->failed,
        live->inflight);
}

static void write_times(
    const char *of, const struct fk_hist *h, char text[static LINE])
{
    static const struct {
        const char *name;
        double q;
    } rows[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}};

    int len = snprintf(text, LINE, "  %-8s%s", of,
        h->count ? "" : "  nothing is answered yet");
    for (size_t i = 0; h->count && i < sizeof rows / sizeof *rows; i++) {
        double v = (double)fk_hist_quantile(h, rows[i].q) / FK_NS_PER_MS;
        int decimals = v < 10 ? 2 : v < 100 ? 1 : 0;
        len += snprintf(text + len, (size_t)(LINE - len), "  %s %*.*f ms",
            rows[i].name, decimals ? 5 : 0, decimals, v);
    }
}

static int window_width(void)
{
    struct winsize w;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20)
        return 80;
    return w.ws_col;
}

/* Cut at the edge: a line that wraps cannot stay in its place. */
static void put(const char *colour, const char *text)
{
    fprintf(stderr, "\r\033[K%s%.*s%s\n", colour, window_width() - 1, text,
        *colour ? "\033[0m" : "");
}

static void draw_lines(struct display *d, const struct display_facts *f,
    const struct player_live *live, const struct display_second *recent)
{
    char text[LINE];
    const char *colour = live->failed ? RED : live->late ? YELLOW : "";
    if (d->drawn)
        fprintf(stderr, "\033[%dA", LINES);
    write_progress(f, text);
    put("", text);
    write_counts(f, live, recent_rate(f, recent), text);
    put(d->colour ? colour : "", text);
    write_times(recent_name, &recent->response, text);
    put("", text);
    write_times("phase", &d->all, text);
    put("", text);
    d->drawn = true;
}

static void draw(struct display *d, const struct display_facts *f,
    const struct player_live *live)
{
    char counts[LINE], times[LINE];
    struct display_second *recent = calloc(1, sizeof *recent);
    if (!recent)
        return;
    sum_recent(d, recent);
    if (d->terminal) {
        draw_lines(d, f, live, recent);
    } else {
        write_counts(f, live, recent_rate(f, recent), counts);
        write_times(recent_name, &recent->response, times);
        fprintf(stderr, "%s %u/%u %.0fs of %.0fs%s%s\n", f->phase, f->number,
            f->of, floor(f->elapsed_s), f->duration_s, counts, times);
    }
    free(recent);
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
    take(d, facts, live);
    if (d->quiet || now < d->next_ns || !live->sent ||
        (d->terminal && in_background()))
        return;
    d->next_ns = now + (d->terminal ? TERMINAL_MS : LINE_MS) * FK_NS_PER_MS;
    draw(d, facts, live);
}

void display_break(struct display *d)
{
    d->drawn = false;
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
