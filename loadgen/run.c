#include "loadgen/run.h"

#include "common/clock.h"
#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_init(struct run *r, const struct plan *plan, const char *kit_run,
    const char *target)
{
    memset(r, 0, sizeof *r);
    r->plan = plan;
    r->kit_run = kit_run;
    r->target = target;
    r->digest = plan_digest(plan);
    r->from_ms = fk_wall_ns() / FK_NS_PER_MS;
    snprintf(r->id, sizeof r->id, "%.40s/%.63s/%lld",
        *kit_run ? kit_run : "loadgen", plan->name, (long long)r->from_ms);
}

void run_fini(struct run *r)
{
    for (uint32_t i = 0; i < PLAN_MAX_PHASES; i++) {
        slots_fini(&r->phases[i].slots);
        for (uint32_t m = 0; m < PLAN_MAX_MIX; m++)
            free(r->phases[i].tally[m]);
    }
}

static bool selected(const struct run *r, uint32_t i, int phase)
{
    if (!r->phases[i].played)
        return false;
    return phase < 0 ? r->plan->phases[i].record : (int)i == phase;
}

void run_sum(const struct run *r, int phase, int endpoint, struct tally *out)
{
    tally_reset(out);
    for (uint32_t i = 0; i < r->plan->num_phases; i++) {
        if (!selected(r, i, phase))
            continue;
        const struct plan_phase *p = &r->plan->phases[i];
        for (uint32_t m = 0; m < p->num_mix; m++)
            if (endpoint < 0 || (int)p->mix[m].endpoint == endpoint)
                tally_merge(out, r->phases[i].tally[m]);
    }
}

void run_sum_region(const struct run *r, uint32_t region, struct tally *out)
{
    tally_reset(out);
    for (uint32_t i = 0; i < r->plan->num_phases; i++) {
        const struct plan_phase *p = &r->plan->phases[i];
        for (uint32_t m = 0; selected(r, i, -1) && m < p->num_mix; m++)
            if (p->mix[m].region == region)
                tally_merge(out, r->phases[i].tally[m]);
    }
}

double run_planned(const struct run *r, int phase, int endpoint)
{
    double planned = 0;
    for (uint32_t i = 0; i < r->plan->num_phases; i++) {
        const struct plan_phase *p = &r->plan->phases[i];
        if (!selected(r, i, phase))
            continue;
        if (p->arrive.kind == ARRIVE_CLIENTS)
            return 0;
        for (uint32_t m = 0; m < p->num_mix; m++)
            if (endpoint < 0 || (int)p->mix[m].endpoint == endpoint)
                planned += r->phases[i].planned * p->mix[m].weight / p->block;
    }
    return planned;
}

static void counts(struct fk_json *j, const struct tally *t)
{
    fk_json_put_i64(j, "sent", (int64_t)t->sent);
    fk_json_put_i64(j, "ok", (int64_t)t->ok);
    fk_json_put_i64(j, "late", (int64_t)t->late);
    fk_json_put_i64(j, "failed", (int64_t)t->failed);
    fk_json_put_i64(j, "aborted", (int64_t)t->aborted);
    fk_json_put_i64(j, "dropped", (int64_t)t->dropped);
}

static void percentile(
    struct fk_json *j, const char *key, const struct tally *t, double q)
{
    fk_json_key(j, key);
    fk_json_double(j, (double)fk_hist_quantile(&t->response, q) / FK_NS_PER_MS);
}

static bool has_endpoint(const struct plan_phase *p, uint32_t endpoint)
{
    for (uint32_t m = 0; m < p->num_mix; m++)
        if (p->mix[m].endpoint == endpoint)
            return true;
    return false;
}

static void print_phase(
    const struct run *r, uint32_t i, struct fk_json *j, struct tally *sum)
{
    const struct plan_phase *p = &r->plan->phases[i];
    const struct run_phase *played = &r->phases[i];
    run_sum(r, (int)i, -1, sum);
    fk_json_object(j);
    fk_json_put_strz(j, "name", p->name);
    fk_json_put_i64(j, "from", played->from_ms);
    fk_json_put_i64(j, "until", played->until_ms);
    counts(j, sum);
    fk_json_key(j, "endpoints");
    fk_json_object(j);
    for (uint32_t e = 0; e < r->plan->num_endpoints && played->played; e++) {
        run_sum(r, (int)i, (int)e, sum);
        if (!has_endpoint(p, e))
            continue;
        const struct tally *t = sum;
        fk_json_key(j, r->plan->endpoints[e].name);
        fk_json_object(j);
        counts(j, t);
        percentile(j, "p50Ms", t, 0.5);
        percentile(j, "p95Ms", t, 0.95);
        percentile(j, "p99Ms", t, 0.99);
        fk_json_end(j);
    }
    fk_json_end(j);
    fk_json_end(j);
}

void run_print(const struct run *r, struct fk_buf *out)
{
    struct fk_json j;
    char digest[17];
    struct tally *sum = tally_new();
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)r->digest);
    fk_json_init(&j, out);
    fk_json_object(&j);
    fk_json_put_strz(&j, "id", r->id);
    fk_json_put_strz(&j, "run", r->kit_run);
    fk_json_put_strz(&j, "plan", r->plan->name);
    fk_json_put_strz(&j, "instance", r->plan->instance);
    fk_json_put_strz(&j, "appName", r->service);
    fk_json_put_strz(&j, "target", r->target);
    fk_json_put_strz(&j, "digest", digest);
    fk_json_put_i64(&j, "seed", (int64_t)r->plan->seed);
    fk_json_put_i64(&j, "from", r->from_ms);
    fk_json_put_i64(&j, "until", r->until_ms);
    fk_json_key(&j, "finished");
    fk_json_bool(&j, r->finished);
    fk_json_key(&j, "interrupted");
    fk_json_bool(&j, r->interrupted);
    fk_json_key(&j, "phases");
    fk_json_array(&j);
    for (uint32_t i = 0; i < r->plan->num_phases; i++)
        print_phase(r, i, &j, sum);
    fk_json_end(&j);
    fk_json_end(&j);
    free(sum);
}
