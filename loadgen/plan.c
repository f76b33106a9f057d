#include "loadgen/plan.h"

#include "common/clock.h"
#include "common/hash.h"

#include <stdlib.h>

void plan_free(struct plan *p)
{
    if (!p)
        return;
    fk_arena_fini(&p->arena);
    free(p);
}

uint32_t plan_find_endpoint(const struct plan *p, struct fk_slice name)
{
    uint32_t i = 0;
    while (i < p->num_endpoints && !fk_slice_eqz(name, p->endpoints[i].name))
        i++;
    return i;
}

uint32_t plan_find_region(const struct plan *p, struct fk_slice name)
{
    uint32_t i = 0;
    while (i < p->num_regions && !fk_slice_eqz(name, p->regions[i].name))
        i++;
    return i;
}

static void scale_phase(struct plan_phase *p, double factor)
{
    int64_t *times[] = {&p->duration_ns, &p->offset_min_ns, &p->offset_max_ns};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        *times[i] = (int64_t)((double)*times[i] * factor);
    if (p->duration_ns < FK_NS_PER_MS)
        p->duration_ns = FK_NS_PER_MS;
}

void plan_stretch(struct plan *p, int64_t total_ns)
{
    int64_t now = 0;
    for (uint32_t i = 0; i < p->num_phases; i++)
        now += p->phases[i].duration_ns;
    double factor = (double)total_ns / (double)now;
    p->gap_ns = (int64_t)((double)p->gap_ns * factor);
    for (uint32_t i = 0; i < p->num_phases; i++)
        scale_phase(&p->phases[i], factor);
}

void plan_speed_up(struct plan *p, double factor)
{
    p->gap_ns = (int64_t)((double)p->gap_ns / factor);
    for (uint32_t i = 0; i < p->num_phases; i++) {
        struct plan_arrive *a = &p->phases[i].arrive;
        scale_phase(&p->phases[i], 1 / factor);
        a->rate *= factor;
        a->rate_end *= factor;
        a->think_ns = (int64_t)((double)a->think_ns / factor);
    }
}

static double seconds(int64_t ns)
{
    return (double)ns / FK_NS_PER_S;
}

static void print_arrive(const struct plan_arrive *a, struct fk_buf *out)
{
    switch (a->kind) {
    case ARRIVE_NONE:
        break;
    case ARRIVE_CONSTANT:
        fk_buf_printf(out, "constant %g/s", a->rate);
        break;
    case ARRIVE_POISSON:
        fk_buf_printf(out, "poisson %g/s", a->rate);
        break;
    case ARRIVE_RAMP:
        fk_buf_printf(out, "ramp %g/s..%g/s", a->rate, a->rate_end);
        break;
    case ARRIVE_CLIENTS:
        fk_buf_printf(
            out, "clients %u think %gs", a->clients, seconds(a->think_ns));
        break;
    }
}

static void print_keys(const struct plan_keys *k, struct fk_buf *out)
{
    switch (k->kind) {
    case KEYS_UNIFORM:
        fk_buf_printf(out, "%u uniform", k->count);
        break;
    case KEYS_ZIPF:
        fk_buf_printf(out, "%u zipf %g", k->count, k->exponent);
        break;
    case KEYS_UNIQUE:
        fk_buf_adds(out, "unique");
        break;
    }
}

static void print_optional(
    struct fk_buf *out, const char *key, const char *text)
{
    if (text)
        fk_buf_printf(out, "  %s = \"%s\"\n", key, text);
}

static void print_phase(
    const struct plan *p, const struct plan_phase *phase, struct fk_buf *out)
{
    fk_buf_printf(out, "phase %s\n  duration = %gs\n", phase->name,
        seconds(phase->duration_ns));
    if (phase->offset_max_ns)
        fk_buf_printf(out, "  offset = uniform %gs..%gs\n",
            seconds(phase->offset_min_ns), seconds(phase->offset_max_ns));
    fk_buf_adds(out, "  arrive = ");
    print_arrive(&phase->arrive, out);
    fk_buf_adds(out, "\n  mix =");
    for (uint32_t i = 0; i < phase->num_mix; i++) {
        const struct plan_mix *m = &phase->mix[i];
        fk_buf_printf(
            out, "%s %s", i ? "," : "", p->endpoints[m->endpoint].name);
        if (p->num_regions)
            fk_buf_printf(out, "@%s", p->regions[m->region].name);
        fk_buf_printf(out, " %u", m->weight);
    }
    fk_buf_printf(out, " (of %u)\n  keys = ", phase->block);
    print_keys(&phase->keys, out);
    fk_buf_addc(out, '\n');
    if (phase->timeout_ns)
        fk_buf_printf(out, "  timeout = %gs\n", seconds(phase->timeout_ns));
    if (!phase->record)
        fk_buf_adds(out, "  record = no\n");
    if (phase->ask)
        fk_buf_adds(out, "  stop_on = ask\n");
    print_optional(out, "header", phase->header);
    print_optional(out, "label", phase->label);
    print_optional(out, "before", phase->before);
    print_optional(out, "expect", phase->expect);
}

static void print_template(const struct template *t, struct fk_buf *out)
{
    for (uint32_t i = 0; i < t->num_parts; i++) {
        const struct template_part *part = &t->parts[i];
        switch (part->kind) {
        case PART_TEXT:
            fk_buf_add_slice(out, part->text);
            break;
        case PART_KEY:
            fk_buf_adds(out, "{{key}}");
            break;
        case PART_SEQ:
            fk_buf_adds(out, "{{seq}}");
            break;
        case PART_RAND:
            fk_buf_printf(out, "{{rand %lld %lld}}", (long long)part->low,
                (long long)part->high);
            break;
        case PART_CHOICE:
            fk_buf_adds(out, "{{choice");
            for (uint32_t w = 0; w < part->num_words; w++)
                fk_buf_printf(
                    out, " " FK_SLICE_FMT, FK_SLICE_ARG(part->words[w]));
            fk_buf_adds(out, "}}");
            break;
        case PART_UUID:
            fk_buf_adds(out, "{{uuid}}");
            break;
        }
    }
}

static void print_endpoint(const struct plan_endpoint *e, struct fk_buf *out)
{
    fk_buf_printf(out, "endpoint %s = %s ", e->name, e->post ? "POST" : "GET");
    print_template(&e->path, out);
    if (e->body.num_parts) {
        fk_buf_adds(out, ", body ");
        print_template(&e->body, out);
    }
    if (e->expect_status)
        fk_buf_printf(out, ", status %d", e->expect_status);
    if (e->expect_content)
        fk_buf_printf(out, ", body contains \"%s\"", e->expect_content);
    if (e->expect_bytes)
        fk_buf_printf(out, ", body <= %lldB", (long long)e->expect_bytes);
    fk_buf_addc(out, '\n');
}

void plan_print(const struct plan *p, struct fk_buf *out)
{
    static const char *const markers[] = {[MARKERS_ON] = "on",
        [MARKERS_HIDDEN] = "hidden",
        [MARKERS_OFF] = "off"};
    fk_buf_printf(out, "plan %s, version %lld, seed %llu, instance %s\n",
        p->name, (long long)p->version, (unsigned long long)p->seed,
        p->instance);
    fk_buf_printf(out, "markers %s, snap %gs, drain %gs, gap %gs\n",
        markers[p->markers], seconds(p->snap_ns), seconds(p->drain_ns),
        seconds(p->gap_ns));
    fk_buf_printf(out,
        "timeout %gs, max_inflight %lld, abort_if late > %g%% or "
        "errors > %g%%\n",
        seconds(p->timeout_ns), (long long)p->max_inflight, p->abort_late * 100,
        p->abort_errors * 100);
    if (p->per_connection)
        fk_buf_printf(out, "requests_per_connection %lld\n",
            (long long)p->per_connection);
    for (uint32_t i = 0; i < p->num_endpoints; i++)
        print_endpoint(&p->endpoints[i], out);
    for (uint32_t i = 0; i < p->num_regions; i++)
        fk_buf_printf(
            out, "region %s = %s\n", p->regions[i].name, p->regions[i].target);
    for (uint32_t i = 0; i < p->num_phases; i++)
        print_phase(p, &p->phases[i], out);
    for (uint32_t i = 0; i < p->num_thresholds; i++)
        fk_buf_printf(out, "threshold %s\n", p->thresholds[i].text);
}

uint64_t plan_digest(const struct plan *p)
{
    struct fk_buf out;
    fk_buf_init(&out, 2 * PLAN_MAX_TEXT);
    plan_print(p, &out);
    uint64_t digest = fk_hash_bytes(0, out.ptr, out.len);
    fk_buf_fini(&out);
    return digest;
}
