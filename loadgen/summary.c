#include "loadgen/summary.h"

#include "common/clock.h"

#include <stdlib.h>

static double ms(int64_t ns)
{
    return (double)ns / FK_NS_PER_MS;
}

/* ---- text -----------------------------------------------------------------
 */

static void text_head(const struct run *r, struct fk_buf *out)
{
    fk_buf_printf(out,
        "\nplan %s, seed %llu, digest %016llx, target %s, engine %s\n",
        r->plan->name, (unsigned long long)r->plan->seed,
        (unsigned long long)r->digest, r->target, r->engine);
    if (r->interrupted)
        fk_buf_adds(out, "interrupted: what follows is what was played\n");
    if (*r->stopped.text)
        fk_buf_printf(out, "stopped: %s\n", r->stopped.text);
    fk_buf_printf(out, "\n%-14s %8s %8s %6s %7s %9s %9s %9s %9s %9s\n", "",
        "sent", "ok", "late", "failed", "p50 ms", "p90 ms", "p99 ms", "max ms",
        "service99");
}

static void text_row(
    const char *name, const struct tally *t, struct fk_buf *out)
{
    const struct fk_hist *h = &t->response;
    fk_buf_printf(out,
        "%-14s %8llu %8llu %6llu %7llu %9.1f %9.1f %9.1f %9.1f %9.1f\n", name,
        (unsigned long long)t->sent, (unsigned long long)t->ok,
        (unsigned long long)t->late, (unsigned long long)t->failed,
        ms(fk_hist_quantile(h, 0.5)), ms(fk_hist_quantile(h, 0.9)),
        ms(fk_hist_quantile(h, 0.99)), ms(h->count ? h->max : 0),
        ms(fk_hist_quantile(&t->service, 0.99)));
}

static void text_failures(const struct tally *t, struct fk_buf *out)
{
    for (int i = ENGINE_OK + 1; i < ENGINE_NUM_ERRORS; i++)
        if (t->error[i])
            fk_buf_printf(out, "  %llu x %s\n", (unsigned long long)t->error[i],
                engine_error_name((enum engine_error)i));
    for (int i = 300; i < TALLY_STATUSES; i++)
        if (t->status[i])
            fk_buf_printf(out, "  %u x status %d\n", t->status[i], i);
    if (t->wrong_content)
        fk_buf_printf(out, "  %llu x unexpected content\n",
            (unsigned long long)t->wrong_content);
    if (t->aborted)
        fk_buf_printf(out,
            "%llu still under way at the end were given up (no failure)\n",
            (unsigned long long)t->aborted);
    if (t->dropped)
        fk_buf_printf(out,
            "%llu were due but found no free connection before the end; "
            "raise max_inflight or lower the rate\n",
            (unsigned long long)t->dropped);
}

static void text_connections(const struct tally *t, struct fk_buf *out)
{
    fk_buf_printf(out,
        "connections: %llu opened in %.2f ms (50 %%) and %.2f ms (99 %%), "
        "%llu requests over kept ones, %llu could not be opened\n",
        (unsigned long long)t->new_connections,
        ms(fk_hist_quantile(&t->connect, 0.5)),
        ms(fk_hist_quantile(&t->connect, 0.99)),
        (unsigned long long)tally_reuses(t),
        (unsigned long long)t->failed_connections);
}

/* Our own quality, and one sentence for the most common surprise. */
static void text_quality(
    const struct run *r, const struct tally *t, struct fk_buf *out)
{
    int64_t late99 = fk_hist_quantile(&t->lateness, 0.99);
    int64_t response = fk_hist_quantile(&t->response, 0.99);
    int64_t service = fk_hist_quantile(&t->service, 0.99);
    fk_buf_printf(out,
        "sent at most %.2f ms after they were due (99 %%), with %s priority\n"
        "sending took %.2f s of a core and waited %.2f s for one\n",
        ms(late99), priority_name(r->priority),
        (double)r->cost.cpu_ns / FK_NS_PER_S,
        (double)r->cost.wait_ns / FK_NS_PER_S);
    if (late99 > FK_NS_PER_MS && r->priority != PRIORITY_REALTIME)
        fk_buf_adds(out,
            "requests left late because this machine is busy: close other "
            "programs, or say --priority realtime, as root\n");
    if (response > 2 * service && response - service > 10 * FK_NS_PER_MS)
        fk_buf_adds(out,
            "requests waited longer for their turn than they took: the "
            "service cannot keep up with this rate\n");
    unsigned untold = 0;
    for (uint32_t i = 0; i < r->plan->num_phases; i++)
        untold += r->phases[i].untold;
    if (untold)
        fk_buf_printf(out,
            "the profiling server was away when %u of %u phases ended; the "
            "timeline does not show them as they were\n",
            untold, r->plan->num_phases);
}

static void text_rates(const struct run *r, struct fk_buf *out)
{
    struct tally *t = tally_new();
    for (uint32_t i = 0; i < r->plan->num_phases; i++) {
        const struct run_phase *p = &r->phases[i];
        if (!p->played)
            continue;
        run_sum(r, (int)i, -1, t);
        double seconds = p->seconds > 0 ? p->seconds : 1;
        fk_buf_printf(out, "phase %s: %.1f s, %.2f/s sent",
            r->plan->phases[i].name, p->seconds, (double)t->sent / seconds);
        if (p->planned > 0)
            fk_buf_printf(out, ", %.2f/s planned", p->planned / seconds);
        fk_buf_addc(out, '\n');
    }
    free(t);
}

void summary_text(const struct summary *s, struct fk_buf *out)
{
    const struct run *r = s->run;
    struct tally *t = tally_new();
    text_head(r, out);
    if (r->plan->num_phases > 1)
        for (uint32_t i = 0; i < r->plan->num_phases; i++)
            if (r->phases[i].played) {
                run_sum(r, (int)i, -1, t);
                text_row(r->plan->phases[i].name, t, out);
            }
    for (uint32_t e = 0; e < r->plan->num_endpoints; e++) {
        run_sum(r, -1, (int)e, t);
        if (t->sent)
            text_row(r->plan->endpoints[e].name, t, out);
    }
    for (uint32_t i = 0; i < r->plan->num_regions; i++) {
        run_sum_region(r, i, t);
        text_row(r->plan->regions[i].name, t, out);
    }
    run_sum(r, -1, -1, t);
    text_row("all", t, out);
    text_failures(t, out);
    fk_buf_printf(out, "\nrequests %016llx\n", (unsigned long long)t->requests);
    text_rates(r, out);
    text_connections(t, out);
    text_quality(r, t, out);
    for (int i = 0; i < s->num_rows; i++)
        if (!s->rows[i].held || i + 1 < s->num_rows)
            fk_buf_printf(out, "%s  %s: measured %s\n",
                s->rows[i].held ? "held  " : "MISSED", s->rows[i].text,
                s->rows[i].measured);
    free(t);
}
