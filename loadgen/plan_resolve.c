#include "loadgen/plan_resolve.h"

#include "common/check.h"
#include "common/gcd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the demo app answers, so that plans about it need no endpoints. */
static const struct {
    const char *name, *path;
} demo_endpoints[] = {
    {"index", "/"},
    {"primes_slow", "/api/primes_slow"},
    {"primes_fast", "/api/primes_fast"},
    {"hash", "/api/hash/{{key}}"},
    {"hash_cached", "/api/hash_cached/{{key}}"},
    {"slow_io", "/api/slow_io"},
    {"mixed", "/api/mixed"},
    {"report", "/api/report"},
    {"session", "/api/session"},
    {"locked", "/api/locked"},
    {"spin", "/api/spin"},
    {"healthz", "/healthz"},
};

static bool need_endpoint(
    struct draft *d, struct value *v, struct fk_slice name, uint32_t *out)
{
    struct plan *p = d->plan;
    *out = plan_find_endpoint(p, name);
    if (*out < p->num_endpoints)
        return true;
    size_t i = 0, n = sizeof demo_endpoints / sizeof *demo_endpoints;
    while (i < n && !fk_slice_eqz(name, demo_endpoints[i].name))
        i++;
    if (i == n || p->num_endpoints == PLAN_MAX_ENDPOINTS)
        return value_fail(v,
            "there is no endpoint \"" FK_SLICE_FMT
            "\"; add a section [endpoint " FK_SLICE_FMT "]",
            FK_SLICE_ARG(name), FK_SLICE_ARG(name));
    struct plan_endpoint *e = &p->endpoints[p->num_endpoints++];
    size_t at;
    e->name = demo_endpoints[i].name;
    enum fk_err err = template_parse(
        fk_slice_of(demo_endpoints[i].path), &p->arena, &e->path, &at, NULL);
    return !err || value_fail(v, "the plan is too large");
}

static void add_to_mix(struct value *v, struct plan_phase *phase,
    uint32_t endpoint, uint32_t weight)
{
    for (uint32_t i = 0; i < phase->num_mix; i++)
        if (phase->mix[i].endpoint == endpoint) {
            value_fail(v, "this endpoint is there twice");
            return;
        }
    if (phase->num_mix == PLAN_MAX_MIX) {
        value_fail(v, "more than %d endpoints in a mix", PLAN_MAX_MIX);
        return;
    }
    phase->mix[phase->num_mix++] = (struct plan_mix){endpoint, 0, weight};
}

static void read_mix_text(
    struct draft *d, struct plan_phase *phase, struct value *v)
{
    do {
        struct fk_slice name = value_token(v);
        struct value here = *v; /* keeps the place of the name */
        int64_t weight = 0;
        uint32_t endpoint = 0;
        if (need_endpoint(d, &here, name, &endpoint) &&
            value_integer(v, 1, PLAN_MAX_WEIGHTS, &weight))
            add_to_mix(&here, phase, endpoint, (uint32_t)weight);
        v->bad |= here.bad;
    } while (value_take(v, ","));
    value_end(v);
}

static bool names_phase(struct value v, const char *phase)
{
    if (!v.text.ptr)
        return true; /* no list: every phase */
    do
        if (value_take(&v, phase))
            return true;
        else
            value_token(&v);
    while (value_take(&v, ","));
    return false;
}

/* Without a mix: the endpoints with a weight that name this phase. */
static void default_mix(struct draft *d, struct plan_phase *phase)
{
    struct value v = {.line = phase->line, .column = 1, .errors = &d->errors};
    struct plan *p = d->plan;
    for (uint32_t i = 0; i < p->num_endpoints; i++)
        if (p->endpoints[i].weight &&
            names_phase(d->only_phases[i], phase->name))
            add_to_mix(&v, phase, i, p->endpoints[i].weight);
    if (phase->num_mix == 0)
        value_fail(&v,
            "phase %s needs a line \"mix = ...\", or endpoints "
            "with a weight",
            phase->name);
}

/* Divides by what all weights have in common; returns their sum. */
static uint32_t reduce(struct plan_mix *mix, uint32_t n)
{
    uint32_t divisor = 0, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        divisor = (uint32_t)fk_gcd(mix[i].weight, divisor);
    for (uint32_t i = 0; i < n; i++)
        sum += mix[i].weight /= divisor;
    return sum;
}

/* Every endpoint in every region: both proportions are exact in a block. */
static void multiply_mix(struct value *v, struct plan_phase *phase,
    const struct plan_mix *regions, uint32_t num_regions)
{
    struct plan_mix all[PLAN_MAX_MIX];
    uint32_t n = 0;
    if (phase->num_mix * num_regions > PLAN_MAX_MIX) {
        value_fail(v, "endpoints times regions are more than %d", PLAN_MAX_MIX);
        return;
    }
    for (uint32_t i = 0; i < phase->num_mix; i++)
        for (uint32_t r = 0; r < num_regions; r++)
            all[n++] = (struct plan_mix){phase->mix[i].endpoint,
                regions[r].region, phase->mix[i].weight * regions[r].weight};
    memcpy(phase->mix, all, n * sizeof *all);
    phase->num_mix = n;
}

/* region = us-east 33, eu-north 67 */
static void read_regions_text(
    struct draft *d, struct plan_phase *phase, struct value *v)
{
    struct plan_mix regions[PLAN_MAX_REGIONS];
    uint32_t n = 0;
    do {
        struct fk_slice name = value_token(v);
        uint32_t region = plan_find_region(d->plan, name);
        int64_t weight = 0;
        bool known = region < d->plan->num_regions, twice = false;
        for (uint32_t i = 0; i < n; i++)
            twice |= regions[i].region == region;
        if (!known)
            value_fail(
                v, "there is no [region " FK_SLICE_FMT "]", FK_SLICE_ARG(name));
        else if (twice)
            value_fail(v, "this region is there twice");
        else if (value_integer(v, 1, PLAN_MAX_WEIGHTS, &weight))
            regions[n++] = (struct plan_mix){0, region, (uint32_t)weight};
    } while (!v->bad && value_take(v, ","));
    if (!value_end(v) || !phase->num_mix)
        return;
    reduce(regions, n);
    reduce(phase->mix, phase->num_mix);
    multiply_mix(v, phase, regions, n);
}

/* Weights become counts in a block of about 100 requests, in which the
 * proportions are exact. */
static void fix_block(struct draft *d, struct plan_phase *phase)
{
    uint32_t sum = reduce(phase->mix, phase->num_mix);
    uint32_t times = sum && sum <= 100 ? 100 / sum : 1;
    for (uint32_t i = 0; i < phase->num_mix; i++)
        phase->mix[i].weight *= times;
    phase->block = sum * times;
    if (phase->block > PLAN_MAX_WEIGHTS)
        value_report(&d->errors, phase->line, 1,
            "the weights of phase %s add up to more than %d; use percentages",
            phase->name, PLAN_MAX_WEIGHTS);
}

static bool is_scope(const struct plan *p, const char *scope)
{
    for (uint32_t i = 0; i < p->num_phases; i++)
        if (strcmp(p->phases[i].name, scope) == 0)
            return true;
    return plan_find_endpoint(p, fk_slice_of(scope)) < p->num_endpoints;
}

/* The second time is a phase of its own, NAME-2: its own requests, its own
 * offset, its own marker. */
static void add_copies(
    struct draft *d, const struct plan_phase *phase, struct plan *into)
{
    for (uint32_t n = 1; n <= phase->repeat; n++) {
        if (into->num_phases == PLAN_MAX_PHASES) {
            value_report(&d->errors, phase->line, 1,
                "with its repeats the plan has more than %d phases",
                PLAN_MAX_PHASES);
            return;
        }
        struct plan_phase *copy = &into->phases[into->num_phases++];
        char name[96];
        *copy = *phase;
        copy->repeat = 1;
        if (n == 1)
            continue;
        snprintf(name, sizeof name, "%.63s-%u", phase->name, n);
        copy->name = field_text(d, fk_slice_of(name));
        for (uint32_t i = 0; i < d->plan->num_phases; i++)
            if (!strcmp(d->plan->phases[i].name, name))
                value_report(&d->errors, phase->line, 1,
                    "the repeats of %s need the name %s, which another phase "
                    "has",
                    phase->name, name);
    }
}

static void unroll_repeats(struct draft *d)
{
    struct plan *unrolled = calloc(1, sizeof *unrolled);
    FK_ASSERT(unrolled);
    for (uint32_t i = 0; i < d->plan->num_phases; i++)
        add_copies(d, &d->plan->phases[i], unrolled);
    memcpy(d->plan->phases, unrolled->phases, sizeof unrolled->phases);
    d->plan->num_phases = unrolled->num_phases;
    free(unrolled);
}

static void check_only_phases(struct draft *d, struct value *v)
{
    if (!v->text.ptr)
        return;
    do {
        struct fk_slice name = value_token(v);
        bool known = false;
        for (uint32_t i = 0; i < d->plan->num_phases; i++)
            known |= fk_slice_eqz(name, d->plan->phases[i].name);
        if (!known)
            value_fail(v, "there is no phase \"" FK_SLICE_FMT "\"",
                FK_SLICE_ARG(name));
    } while (value_take(v, ","));
    value_end(v);
}

void plan_resolve(struct draft *d, unsigned last_line)
{
    struct plan *p = d->plan;
    if (p->num_phases == 0)
        value_report(&d->errors, last_line ? last_line : 1, 1,
            "a plan needs at least one section [phase NAME]");
    uint32_t own_endpoints = p->num_endpoints;
    for (uint32_t i = 0; i < p->num_phases; i++) {
        if (d->mix[i].text.ptr)
            read_mix_text(d, &p->phases[i], &d->mix[i]);
        else
            default_mix(d, &p->phases[i]);
        if (d->regions[i].text.ptr)
            read_regions_text(d, &p->phases[i], &d->regions[i]);
        else if (p->num_regions)
            value_report(&d->errors, p->phases[i].line, 1,
                "phase %s needs a line \"region = NAME WEIGHT, ...\", as the "
                "plan has regions",
                p->phases[i].name);
        fix_block(d, &p->phases[i]);
    }
    for (uint32_t i = 0; i < own_endpoints; i++)
        check_only_phases(d, &d->only_phases[i]);
    unroll_repeats(d);
    for (uint32_t i = 0; i < p->num_thresholds; i++)
        if (p->thresholds[i].scope && !is_scope(p, p->thresholds[i].scope))
            value_report(&d->errors, p->thresholds[i].line, 1,
                "\"%s\" is neither a phase nor an endpoint of this plan",
                p->thresholds[i].scope);
    if (p->arena.failed)
        value_report(&d->errors, 1, 1, "the plan is too large");
}
