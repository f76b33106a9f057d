/* The summary as one page that needs nothing else. */
#include "loadgen/summary.h"

#include "common/clock.h"
#include "loadgen/summary_chart.h"

#include <inttypes.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Load run</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6575;--line:#d5dae2;"
    "--page:#fff;--due:#c2410c;--sent:#1d4ed8;--bad:#b42318}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e7ee;--soft:#9aa5b5;"
    "--line:#39414d;--page:#14181f;--due:#fb923c;--sent:#7aa2f7;"
    "--bad:#f97066}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;"
    "padding:0 1rem;color:var(--ink);background:var(--page)}\n"
    "h1{margin-bottom:.2rem}h2{margin:2rem 0 .4rem}\n"
    ".soft,caption,text{color:var(--soft);fill:var(--soft)}\n"
    "div{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{text-align:right;padding:.25rem .6rem;white-space:nowrap;"
    "border-bottom:1px solid var(--line)}th{font-weight:600}\n"
    "th:first-child,td:first-child{text-align:left}"
    "tr.all td{font-weight:600}\n"
    ".due{color:var(--due);stroke:var(--due)}"
    ".sent{color:var(--sent);stroke:var(--sent)}.bad{color:var(--bad);"
    "font-weight:600}\n"
    "svg{display:block;margin-top:1rem;width:100%;max-width:46rem;font-size:"
    "12px}polyline{fill:none;"
    "stroke-width:2}.grid{stroke:var(--line);fill:none}\n"
    "</style>\n";

static const char explanation[] =
    "<p>The <span class=\"due\">time from when a request was due</span> is "
    "what "
    "a user waits. The <span class=\"sent\">service time</span> begins when "
    "the "
    "request was sent, so it does not see that others had to wait meanwhile: a "
    "service that stalls for a second delays all that came due in it. Where "
    "the upper line leaves the lower one, requests waited for their turn. "
    "<em>Late</em> are those that left more than 10 ms after they were due."
    "\n";

/* Names come from a plan: a stranger's text. */
static void escaped(struct fk_buf *out, const char *text)
{
    static const struct {
        char c;
        const char *as;
    } rows[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}};

    for (; *text; text++) {
        const char *as = NULL;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (rows[i].c == *text)
                as = rows[i].as;
        if (as)
            fk_buf_adds(out, as);
        else
            fk_buf_addc(out, *text);
    }
}

static void cell_count(struct fk_buf *out, uint64_t n, bool bad)
{
    fk_buf_printf(out, "<td%s>%" PRIu64, bad && n ? " class=\"bad\"" : "", n);
}

/* A time, or nothing where there was none. */
static void cell_ms(struct fk_buf *out, const struct fk_hist *h, double q)
{
    fk_buf_adds(out, "<td>");
    if (h->count)
        summary_ms(out, 0, fk_hist_quantile(h, q));
}

static void open_row(
    struct fk_buf *out, const struct report_row *row, const char *class)
{
    fk_buf_printf(out, "<tr%s><td>", class);
    escaped(out, row->name);
}

typedef void row_fn(
    struct fk_buf *out, const struct report_row *row, const char *class);

static void time_row(
    struct fk_buf *out, const struct report_row *row, const char *class)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999, 1};
    const struct tally *t = row->tally;
    open_row(out, row, class);
    cell_count(out, t->sent, false);
    cell_count(out, t->ok, false);
    cell_count(out, t->late, true);
    cell_count(out, t->failed, true);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        cell_ms(out, &t->response, quantiles[i]);
    cell_ms(out, &t->service, 0.5);
    cell_ms(out, &t->service, 0.99);
    fk_buf_addc(out, '\n');
}

static void connection_row(
    struct fk_buf *out, const struct report_row *row, const char *class)
{
    const struct tally *t = row->tally;
    const struct fk_hist *steps[] = {&t->connect, &t->tls, &t->first_byte};
    open_row(out, row, class);
    cell_count(out, t->new_connections, false);
    cell_count(out, tally_reuses(t), false);
    cell_count(out, t->failed_connections, true);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        cell_ms(out, steps[i], 0.5);
        cell_ms(out, steps[i], 0.99);
    }
    fk_buf_addc(out, '\n');
}

static void phase_row(
    struct fk_buf *out, const struct report_row *row, const char *class)
{
    const struct tally *t = row->tally;
    open_row(out, row, class);
    fk_buf_printf(out, "<td>%.1f<td>%.2f", row->seconds, report_rate(row));
    if (row->planned > 0 && row->seconds > 0)
        fk_buf_printf(out, "<td>%.2f", row->planned / row->seconds);
    else
        fk_buf_adds(out, "<td>as answered");
    cell_ms(out, &t->lateness, 0.5);
    cell_ms(out, &t->lateness, 0.99);
    cell_count(out, t->aborted, true);
    cell_count(out, t->dropped, true);
    fk_buf_addc(out, '\n');
}

static void rows(
    struct fk_buf *out, const struct report_rows *rows, row_fn *write)
{
    for (uint32_t i = 0; i < rows->num; i++)
        write(out, &rows->row[i], "");
}

static void times(const struct report *r, struct fk_buf *out)
{
    fk_buf_adds(out,
        "<h2>Times</h2>\n<div><table>"
        "<tr><th><th><th><th><th><th colspan=\"6\" class=\"due\">ms from when "
        "it was due<th colspan=\"2\" class=\"sent\">ms of service\n"
        "<tr><th><th>sent<th>ok<th>late<th>failed<th>p50<th>p90<th>p95<th>p99"
        "<th>p99.9<th>max<th>p50<th>p99\n");
    if (r->phases.num > 1)
        rows(out, &r->phases, time_row);
    rows(out, &r->endpoints, time_row);
    rows(out, &r->regions, time_row);
    time_row(out, &r->all, " class=\"all\"");
    fk_buf_adds(out, "</table></div>\n");
    summary_chart(r->all.tally, out);
    fk_buf_adds(out, explanation);
}

static void sending(const struct report *r, struct fk_buf *out)
{
    fk_buf_adds(out,
        "<h2>Sending</h2>\n<div><table><tr><th>phase<th>seconds<th>sent "
        "per s<th>planned per s<th>ms after due, p50<th>p99<th>given up<th>"
        "not sent\n");
    rows(out, &r->phases, phase_row);
    fk_buf_adds(out, "</table></div>\n");
}

static void connections(const struct report *r, struct fk_buf *out)
{
    fk_buf_adds(out,
        "<h2>Connections</h2>\n<div><table>"
        "<tr><th><th><th><th><th colspan=\"2\">ms to connect"
        "<th colspan=\"2\">ms of TLS<th colspan=\"2\">ms to first byte\n"
        "<tr><th><th>opened<th>requests over kept ones<th>failed"
        "<th>p50<th>p99<th>p50<th>p99<th>p50<th>p99\n");
    rows(out, &r->endpoints, connection_row);
    rows(out, &r->regions, connection_row);
    connection_row(out, &r->all, " class=\"all\"");
    fk_buf_printf(out,
        "</table></div>\n<p class=\"soft\">The three times are of requests "
        "that opened a connection. The target's name was found once, in %.2f "
        "ms.\n",
        r->resolve_ms);
}

static void thresholds(const struct report *r, struct fk_buf *out)
{
    fk_buf_adds(out, "<h2>Thresholds</h2>\n<ul>\n");
    for (uint32_t i = 0; i < r->num_thresholds; i++) {
        const struct report_threshold *t = &r->thresholds[i];
        fk_buf_adds(out, t->held ? "<li>held: " : "<li class=\"bad\">missed: ");
        escaped(out, t->text);
        fk_buf_adds(out, " (measured ");
        escaped(out, t->measured);
        fk_buf_adds(out, ")\n");
    }
    fk_buf_adds(out, "</ul>\n");
}

static void say(void *arg, const char *sentence)
{
    struct fk_buf *out = arg;
    fk_buf_adds(out, "<li>");
    escaped(out, sentence);
    fk_buf_addc(out, '\n');
}

static void failures(const struct tally *t, struct fk_buf *out)
{
    if (!t->failed)
        return;
    fk_buf_adds(out, "<h2>Failures</h2>\n<ul>\n");
    summary_failures(t, say, out);
    fk_buf_adds(out, "</ul>\n");
}

void summary_html(const struct report *r, struct fk_buf *out)
{
    fk_buf_adds(out, head);
    fk_buf_adds(out, "<h1>Plan ");
    escaped(out, r->plan);
    fk_buf_adds(out, "</h1>\n<p class=\"soft\">");
    if (r->runs > 1)
        fk_buf_printf(out, "%" PRIu64 " runs, ", r->runs);
    fk_buf_adds(out, "against ");
    escaped(out, r->target);
    fk_buf_adds(out, " by engine ");
    escaped(out, r->engine);
    if (r->digest)
        fk_buf_printf(
            out, ", seed %" PRIu64 ", digest %016" PRIx64, r->seed, r->digest);
    fk_buf_adds(out, "\n<ul>\n");
    summary_notes(r, say, out);
    fk_buf_adds(out, "</ul>\n");
    times(r, out);
    sending(r, out);
    connections(r, out);
    failures(r->all.tally, out);
    thresholds(r, out);
}
