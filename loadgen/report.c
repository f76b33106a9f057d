#include "loadgen/report.h"

#include "common/check.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

struct report *report_new(void)
{
    struct report *r = calloc(1, sizeof *r);
    FK_ASSERT(r);
    r->runs = 1;
    set(r->all.name, sizeof r->all.name, "all");
    r->all.tally = tally_new();
    return r;
}

static void rows_fini(struct report_rows *rows)
{
    for (uint32_t i = 0; i < rows->num; i++)
        free(rows->row[i].tally);
}

void report_free(struct report *r)
{
    if (!r)
        return;
    rows_fini(&r->phases);
    rows_fini(&r->endpoints);
    rows_fini(&r->regions);
    free(r->all.tally);
    free(r);
}

struct report_row *report_row(struct report_rows *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->num; i++)
        if (strcmp(rows->row[i].name, name) == 0)
            return &rows->row[i];
    if (rows->num == REPORT_MAX_ROWS)
        return NULL;
    struct report_row *row = &rows->row[rows->num++];
    set(row->name, sizeof row->name, name);
    row->tally = tally_new();
    return row;
}

double report_rate(const struct report_row *phase)
{
    return phase->seconds > 0 ? (double)phase->tally->sent / phase->seconds : 0;
}

/* ---- of a run -------------------------------------------------------------
 */

static void take_phases(struct report *r, const struct run *run)
{
    for (uint32_t i = 0; i < run->plan->num_phases; i++) {
        const struct run_phase *p = &run->phases[i];
        if (!p->played)
            continue;
        struct report_row *row =
            report_row(&r->phases, run->plan->phases[i].name);
        run_sum(run, (int)i, -1, row->tally);
        row->from_ms = p->from_ms;
        row->sent_until_ms = p->from_ms + (int64_t)(p->seconds * 1000);
        row->until_ms = p->until_ms;
        row->seconds = p->seconds;
        row->planned = p->planned;
        r->untold += p->untold;
    }
}

static void take_endpoints(struct report *r, const struct run *run)
{
    struct tally *t = tally_new();
    for (uint32_t i = 0; i < run->plan->num_endpoints; i++) {
        run_sum(run, -1, (int)i, t);
        if (t->sent)
            *report_row(&r->endpoints, run->plan->endpoints[i].name)->tally =
                *t;
    }
    free(t);
}

static void take_thresholds(
    struct report *r, const struct threshold_row *rows, int num_rows)
{
    for (int i = 0; i < num_rows; i++) {
        struct report_threshold *t = &r->thresholds[r->num_thresholds++];
        set(t->text, sizeof t->text, rows[i].text);
        set(t->measured, sizeof t->measured, rows[i].measured);
        t->held = rows[i].held;
    }
}

struct report *report_of_run(
    const struct run *run, const struct threshold_row *rows, int num_rows)
{
    struct report *r = report_new();
    set(r->id, sizeof r->id, run->id);
    set(r->plan, sizeof r->plan, run->plan->name);
    set(r->target, sizeof r->target, run->target);
    set(r->engine, sizeof r->engine, run->engine);
    set(r->priority, sizeof r->priority, priority_name(run->priority));
    set(r->stopped, sizeof r->stopped, run->stopped.text);
    r->seed = run->plan->seed;
    r->digest = run->digest;
    r->posts_failed = run->posts_failed;
    r->interrupted = run->interrupted;
    r->sender_cpu_s = (double)run->cost.cpu_ns / FK_NS_PER_S;
    r->sender_wait_s = (double)run->cost.wait_ns / FK_NS_PER_S;
    r->resolve_ms = (double)run->resolve_ns / FK_NS_PER_MS;
    run_sum(run, -1, -1, r->all.tally);
    take_phases(r, run);
    take_endpoints(r, run);
    for (uint32_t i = 0; i < run->plan->num_regions; i++)
        run_sum_region(
            run, i, report_row(&r->regions, run->plan->regions[i].name)->tally);
    take_thresholds(r, rows, num_rows);
    return r;
}
