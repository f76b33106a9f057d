#include "loadgen/summary.h"

#include "common/clock.h"

#include <inttypes.h>

enum { NAME_WIDTH = 14, MS_WIDTH = 9 };

static void head(const struct report *r, struct fk_buf *out)
{
    fk_buf_printf(out, "\nplan %s", r->plan);
    if (r->runs > 1)
        fk_buf_printf(out, ", %" PRIu64 " runs", r->runs);
    if (r->digest)
        fk_buf_printf(
            out, ", seed %" PRIu64 ", digest %016" PRIx64, r->seed, r->digest);
    fk_buf_printf(out, ", target %s, engine %s\n", r->target, r->engine);
}

static void time_of(const struct fk_hist *h, double q, struct fk_buf *out)
{
    if (h->count)
        summary_ms(out, MS_WIDTH, fk_hist_quantile(h, q));
    else
        fk_buf_printf(out, "%*s", MS_WIDTH, "-");
}

static void line(const struct report_row *row, struct fk_buf *out)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999, 1};
    const struct tally *t = row->tally;
    fk_buf_printf(out, "%-*s %8" PRIu64 " %8" PRIu64 " %6" PRIu64 " %7" PRIu64,
        NAME_WIDTH, row->name, t->sent, t->ok, t->late, t->failed);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        time_of(&t->response, quantiles[i], out);
    fk_buf_adds(out, "  ");
    time_of(&t->service, 0.5, out);
    time_of(&t->service, 0.99, out);
    fk_buf_addc(out, '\n');
}

static void lines(const struct report_rows *rows, struct fk_buf *out)
{
    for (uint32_t i = 0; i < rows->num; i++)
        line(&rows->row[i], out);
}

static void table(const struct report *r, struct fk_buf *out)
{
    fk_buf_printf(out, "\n%-*s %8s %8s %6s %7s  %-*s  %s\n", NAME_WIDTH,
        "times in ms", "", "", "", "", 6 * MS_WIDTH - 1,
        "from when it was due, what a user waits",
        "service, from when it was sent");
    fk_buf_printf(out, "%-*s %8s %8s %6s %7s %8s %8s %8s %8s %8s %8s  ",
        NAME_WIDTH, "", "sent", "ok", "late", "failed", "p50", "p90", "p95",
        "p99", "p99.9", "max");
    fk_buf_printf(out, "%*s%*s\n", MS_WIDTH, "p50", MS_WIDTH, "p99");
    if (r->phases.num > 1)
        lines(&r->phases, out);
    lines(&r->endpoints, out);
    lines(&r->regions, out);
    line(&r->all, out);
}

static void rates(const struct report_rows *phases, struct fk_buf *out)
{
    for (uint32_t i = 0; i < phases->num; i++) {
        const struct report_row *p = &phases->row[i];
        fk_buf_printf(out, "phase %s: %.1f s, %.2f/s sent", p->name, p->seconds,
            report_rate(p));
        if (p->planned > 0 && p->seconds > 0)
            fk_buf_printf(out, ", %.2f/s planned", p->planned / p->seconds);
        fk_buf_addc(out, '\n');
    }
}

static void opening(
    struct fk_buf *out, const char *what, const struct fk_hist *h)
{
    if (!h->count)
        return;
    fk_buf_printf(out, "; %s ", what);
    summary_ms(out, 0, fk_hist_quantile(h, 0.5));
    fk_buf_adds(out, " ms (50 %), ");
    summary_ms(out, 0, fk_hist_quantile(h, 0.99));
    fk_buf_adds(out, " ms (99 %)");
}

static void connections(const struct report *r, struct fk_buf *out)
{
    const struct tally *t = r->all.tally;
    fk_buf_printf(out,
        "connections: %" PRIu64 " opened, %" PRIu64 " requests over kept ones, "
        "%" PRIu64 " could not be opened\n",
        t->new_connections, tally_reuses(t), t->failed_connections);
    if (!t->connect.count)
        return;
    fk_buf_printf(out, "of a new one: name found in %.2f ms", r->resolve_ms);
    opening(out, "connected in", &t->connect);
    opening(out, "TLS", &t->tls);
    opening(out, "first byte after", &t->first_byte);
    fk_buf_addc(out, '\n');
}

static void say(void *arg, const char *sentence)
{
    fk_buf_printf(arg, "%s\n", sentence);
}

static void say_indented(void *arg, const char *sentence)
{
    fk_buf_printf(arg, "  %s\n", sentence);
}

/* The one that every plan has is worth a line only when it is missed. */
static void thresholds(const struct report *r, struct fk_buf *out)
{
    for (uint32_t i = 0; i < r->num_thresholds; i++) {
        const struct report_threshold *t = &r->thresholds[i];
        if (!t->held || i + 1 < r->num_thresholds)
            fk_buf_printf(out, "%s  %s: measured %s\n",
                t->held ? "held  " : "MISSED", t->text, t->measured);
    }
}

void summary_text(const struct report *r, struct fk_buf *out)
{
    head(r, out);
    table(r, out);
    summary_failures(r->all.tally, say_indented, out);
    fk_buf_printf(out, "\nrequests %016" PRIx64 "\n", r->all.tally->requests);
    rates(&r->phases, out);
    connections(r, out);
    summary_notes(r, say, out);
    thresholds(r, out);
}
