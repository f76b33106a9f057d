/* The summary as one page that needs nothing else: tables, and bars for the
 * latencies. */
#include "loadgen/summary.h"

#include "common/clock.h"

#include <stdlib.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
    "<title>Load run</title>\n<style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem;color:#222;background:#fff}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:right;padding:.2rem .6rem;border-bottom:1px solid #ccc}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    "meter{width:8rem}\n.missed{font-weight:bold}\n"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}\n"
    "</style>\n";

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

static double ms(int64_t ns)
{
    return (double)ns / FK_NS_PER_MS;
}

static void row(struct fk_buf *out, const char *name, const struct tally *t,
    double longest_ms)
{
    const struct fk_hist *h = &t->response;
    double p99 = ms(fk_hist_quantile(h, 0.99));
    fk_buf_adds(out, "<tr><td>");
    escaped(out, name);
    fk_buf_printf(out,
        "<td>%llu<td>%llu<td>%llu<td>%llu<td>%.1f<td>%.1f<td>%.1f<td>%.1f"
        "<td><meter min=\"0\" max=\"%.1f\" value=\"%.1f\"></meter>\n",
        (unsigned long long)t->sent, (unsigned long long)t->ok,
        (unsigned long long)t->late, (unsigned long long)t->failed,
        ms(fk_hist_quantile(h, 0.5)), ms(fk_hist_quantile(h, 0.9)), p99,
        ms(h->count ? h->max : 0), longest_ms > 0 ? longest_ms : 1, p99);
}

static void heading(struct fk_buf *out, const char *what)
{
    fk_buf_printf(out,
        "<h2>%s</h2>\n<table><tr><th><th>sent<th>ok<th>late<th>failed<th>p50 "
        "ms<th>p90 ms<th>p99 ms<th>max ms<th>p99\n",
        what);
}

static void rows_of_endpoints(
    const struct run *r, struct tally *t, double longest, struct fk_buf *out)
{
    heading(out, "Endpoints");
    for (uint32_t e = 0; e < r->plan->num_endpoints; e++) {
        run_sum(r, -1, (int)e, t);
        if (t->sent)
            row(out, r->plan->endpoints[e].name, t, longest);
    }
    for (uint32_t i = 0; i < r->plan->num_regions; i++) {
        run_sum_region(r, i, t);
        row(out, r->plan->regions[i].name, t, longest);
    }
    run_sum(r, -1, -1, t);
    row(out, "all", t, longest);
    fk_buf_adds(out, "</table>\n");
}

static void rows_of_phases(
    const struct run *r, struct tally *t, double longest, struct fk_buf *out)
{
    heading(out, "Phases");
    for (uint32_t i = 0; i < r->plan->num_phases; i++) {
        if (!r->phases[i].played)
            continue;
        run_sum(r, (int)i, -1, t);
        row(out, r->plan->phases[i].name, t, longest);
    }
    fk_buf_adds(out, "</table>\n");
}

void summary_html(const struct summary *s, struct fk_buf *out)
{
    const struct run *r = s->run;
    struct tally *t = tally_new();
    run_sum(r, -1, -1, t);
    double longest = ms(t->response.count ? t->response.max : 0);
    fk_buf_adds(out, head);
    fk_buf_adds(out, "<h1>Plan ");
    escaped(out, r->plan->name);
    fk_buf_printf(out, "</h1>\n<p>seed %llu, digest %016llx, against ",
        (unsigned long long)r->plan->seed, (unsigned long long)r->digest);
    escaped(out, r->target);
    fk_buf_adds(out, r->interrupted ? "; interrupted\n" : "\n");
    if (*r->stopped.text) {
        fk_buf_adds(out, "<p class=\"missed\">");
        escaped(out, r->stopped.text);
    }
    rows_of_phases(r, t, longest, out);
    rows_of_endpoints(r, t, longest, out);
    fk_buf_adds(out, "<h2>Thresholds</h2>\n<ul>\n");
    for (int i = 0; i < s->num_rows; i++) {
        fk_buf_adds(out,
            s->rows[i].held ? "<li>held: " : "<li class=\"missed\">missed: ");
        escaped(out, s->rows[i].text);
        fk_buf_printf(out, " (measured %s)\n", s->rows[i].measured);
    }
    fk_buf_adds(
        out, "</ul>\n<p>Latency is from the moment a request was due.\n");
    free(t);
}
