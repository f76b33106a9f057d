#include "loadgen/explain.h"

#include "common/clock.h"
#include "loadgen/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SAMPLES_A_SECOND = 100 };

/* CPU of one request on the reference machine, as `demoapp --calibrate`
 * prints it for the functions, and what every answer costs. */
static const struct {
    const char *name;
    double cpu_ms;
} costs[] = {
    {"primes_slow", 20.4},
    {"primes_fast", 0.7},
    {"hash", 3.4},
    {"hash_cached", 0.42},
    {"mixed", 20.4},
    {"report", 0.9},
    {"session", 0.4},
    {"slow_io", 0.4},
    {"locked", 0.4},
    {"spin", 0.4},
    {"index", 0.4},
};

/* NAN when nothing is known about it. */
static double cost_of(const char *endpoint)
{
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        if (!strcmp(costs[i].name, endpoint))
            return costs[i].cpu_ms;
    return NAN;
}

/* Of one request of the mix, on average; NAN when that is not known. */
static double mean_cost_ms(const struct plan *p, const struct plan_phase *phase)
{
    double sum = 0;
    for (uint32_t i = 0; i < phase->num_mix; i++)
        sum += cost_of(p->endpoints[phase->mix[i].endpoint].name) *
               phase->mix[i].weight;
    return phase->block ? sum / phase->block : 0;
}

static double seconds(int64_t ns)
{
    return (double)ns / FK_NS_PER_S;
}

static uint64_t count_requests(const struct plan *p, uint32_t phase)
{
    struct schedule schedule;
    struct schedule_request request;
    uint64_t n = 0;
    schedule_init(&schedule, p, phase);
    while (schedule_next(&schedule, &request))
        n++;
    schedule_fini(&schedule);
    return n;
}

static void print_load(
    const struct plan *p, uint32_t i, double duration_s, struct fk_buf *out)
{
    uint64_t requests = count_requests(p, i);
    double cpu_s = (double)requests * mean_cost_ms(p, &p->phases[i]) / 1000;
    fk_buf_printf(out, " %10" PRIu64, requests);
    if (isnan(cpu_s))
        fk_buf_printf(out, " %9s %9s", "?", "?");
    else
        fk_buf_printf(
            out, " %9.0f %9.2f", cpu_s * SAMPLES_A_SECOND, cpu_s / duration_s);
}

static void print_row(
    const struct plan *p, uint32_t i, double start_s, struct fk_buf *out)
{
    const struct plan_phase *phase = &p->phases[i];
    fk_buf_printf(out, "%-14s %8.1f %9.1f", phase->name, start_s,
        seconds(phase->duration_ns));
    if (phase->arrive.kind == ARRIVE_CLIENTS)
        fk_buf_printf(out, " %10s %9s %9s", "as fast", "as it", "answers");
    else
        print_load(p, i, seconds(phase->duration_ns), out);
    fk_buf_printf(out, "  %s\n", phase->expect ? phase->expect : "");
}

void explain_print(const struct plan *p, struct fk_buf *out)
{
    double at = 0;
    fk_buf_printf(out, "plan %s, seed %llu, digest %016llx\n\n", p->name,
        (unsigned long long)p->seed, (unsigned long long)plan_digest(p));
    fk_buf_printf(out, "%-14s %8s %9s %10s %9s %9s  %s\n", "phase", "start s",
        "seconds", "requests", "samples", "cores", "expected");
    for (uint32_t i = 0; i < p->num_phases; i++) {
        at += seconds(schedule_offset_ns(p, i) + (i ? p->gap_ns : 0));
        print_row(p, i, at, out);
        at += seconds(p->phases[i].duration_ns);
    }
    fk_buf_printf(out,
        "\n%.0f s in all, and what answers take at the end of each phase. "
        "Samples and cores are those of the reference machine, for the "
        "endpoints of the demo app; `make calibrate` compares this one.\n",
        at);
}
