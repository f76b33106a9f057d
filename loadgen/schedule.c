#include "loadgen/schedule.h"

#include "common/check.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Independent streams of one phase. */
enum stream {
    STREAM_GAP,
    STREAM_ORDER,
    STREAM_KEY,
    STREAM_FILL,
    STREAM_OFFSET
};

static uint64_t draw(uint64_t seed, enum stream stream, uint64_t k)
{
    return fk_rng_at(fk_hash_mix(seed + (uint64_t)stream), k);
}

static uint64_t phase_seed(const struct plan *p, const char *phase)
{
    uint64_t plan = fk_hash_bytes(p->seed, p->name, strlen(p->name));
    return fk_hash_bytes(plan, phase, strlen(phase));
}

/* Share of keys up to each, by their rank: weight 1 / rank^exponent. */
static double *zipf_shares(const struct plan_keys *keys)
{
    double *shares = calloc(keys->count, sizeof *shares);
    FK_ASSERT(shares);
    double sum = 0;
    for (uint32_t i = 0; i < keys->count; i++)
        shares[i] = sum += pow(i + 1.0, -keys->exponent);
    for (uint32_t i = 0; i < keys->count; i++)
        shares[i] /= sum;
    return shares;
}

void schedule_init(
    struct schedule *s, const struct plan *p, uint32_t phase_index)
{
    memset(s, 0, sizeof *s);
    s->plan = p;
    s->phase = &p->phases[phase_index];
    s->seed = phase_seed(p, s->phase->name);
    s->order_block = UINT64_MAX;
    if (s->phase->keys.kind == KEYS_ZIPF)
        s->zipf = zipf_shares(&s->phase->keys);
}

void schedule_fini(struct schedule *s)
{
    free(s->zipf);
    s->zipf = NULL;
}

/* Seconds until k requests were due, at a rate that grows evenly from a to b
 * in T: the root of a t + (b - a) t^2 / 2T = k, written so that equal rates
 * need no case of their own. Beyond the last one: infinity. */
static double ramp_due(double a, double b, double T, double k)
{
    double discriminant = a * a + 2 * (b - a) * k / T;
    if (k == 0)
        return 0;
    if (discriminant < 0)
        return INFINITY;
    return 2 * k / (a + sqrt(discriminant));
}

/* Gap before request k + 1. */
static double poisson_gap(const struct schedule *s, uint64_t k)
{
    double unit = fk_rng_unit(draw(s->seed, STREAM_GAP, k));
    return -log1p(-unit) / s->phase->arrive.rate;
}

static double due_seconds(struct schedule *s)
{
    const struct plan_arrive *a = &s->phase->arrive;
    double T = (double)s->phase->duration_ns / FK_NS_PER_S;
    switch (a->kind) {
    case ARRIVE_CONSTANT:
    case ARRIVE_RAMP:
        return ramp_due(a->rate, a->rate_end, T, (double)s->next_k);
    case ARRIVE_POISSON:
        if (s->next_k == 0)
            s->poisson_s = poisson_gap(s, UINT64_MAX);
        else
            s->poisson_s += poisson_gap(s, s->next_k - 1);
        return s->poisson_s;
    case ARRIVE_CLIENTS:
    case ARRIVE_NONE:
        break;
    }
    return 0;
}

bool schedule_next(struct schedule *s, struct schedule_request *out)
{
    double due_ns = due_seconds(s) * FK_NS_PER_S;
    if (due_ns >= (double)s->phase->duration_ns)
        return false;
    out->k = s->next_k++;
    out->due_ns = (int64_t)due_ns;
    out->mix = schedule_mix(s, out->k);
    return true;
}

struct place {
    double at;
    uint8_t mix;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (int)x->mix - (int)y->mix;
}

/* The order of one block: every endpoint has its exact number of places,
 * spread evenly with a random part, so that short runs come close to the
 * proportions as well. */
static void order_block(struct schedule *s, uint64_t block)
{
    struct place places[PLAN_MAX_WEIGHTS];
    uint32_t n = 0;
    for (uint32_t m = 0; m < s->phase->num_mix; m++) {
        uint32_t count = s->phase->mix[m].weight;
        for (uint32_t i = 0; i < count; i++, n++) {
            uint64_t random =
                draw(s->seed, STREAM_ORDER, block * PLAN_MAX_WEIGHTS + n);
            places[n] =
                (struct place){(i + fk_rng_unit(random)) / count, (uint8_t)m};
        }
    }
    qsort(places, n, sizeof *places, by_place);
    for (uint32_t i = 0; i < n; i++)
        s->order[i] = places[i].mix;
    s->order_block = block;
}

uint32_t schedule_mix(struct schedule *s, uint64_t k)
{
    uint64_t block = k / s->phase->block;
    if (s->phase->num_mix == 1)
        return 0; /* nothing to order */
    if (block != s->order_block)
        order_block(s, block);
    return s->order[k % s->phase->block];
}

static uint32_t zipf_rank(const struct schedule *s, double unit)
{
    uint32_t low = 0, high = s->phase->keys.count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->zipf[middle] > unit)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void schedule_key(
    const struct schedule *s, uint64_t k, char key[SCHEDULE_KEY_BYTES])
{
    const struct plan_keys *keys = &s->phase->keys;
    uint64_t random = draw(s->seed, STREAM_KEY, k);
    uint64_t number = 0;
    switch (keys->kind) {
    case KEYS_UNIFORM:
        number = fk_rng_below(random, keys->count);
        break;
    case KEYS_ZIPF:
        number = zipf_rank(s, fk_rng_unit(random));
        break;
    case KEYS_UNIQUE:
        snprintf(key, SCHEDULE_KEY_BYTES, "u%016llx-%llu",
            (unsigned long long)s->seed, (unsigned long long)k);
        return;
    }
    snprintf(key, SCHEDULE_KEY_BYTES, "key-%llu", (unsigned long long)number);
}

void schedule_write(const struct schedule *s, const struct schedule_request *r,
    struct fk_buf *path, struct fk_buf *body)
{
    const struct plan_endpoint *e =
        &s->plan->endpoints[s->phase->mix[r->mix].endpoint];
    char key[SCHEDULE_KEY_BYTES] = "";
    if (e->path.has_key || e->body.has_key)
        schedule_key(s, r->k, key);
    struct template_fill fill = {
        key, r->k, draw(s->seed, STREAM_FILL, 2 * r->k)};
    template_write(&e->path, &fill, path);
    fill.draw = draw(s->seed, STREAM_FILL, 2 * r->k + 1);
    template_write(&e->body, &fill, body);
}

uint64_t schedule_digest(const struct schedule *s,
    const struct schedule_request *r, const struct fk_buf *path,
    const struct fk_buf *body)
{
    uint32_t region = s->phase->mix[r->mix].region;
    uint64_t h = fk_hash_bytes(
        fk_hash_mix(s->seed + r->k) + region, path->ptr, path->len);
    return body->len ? fk_hash_bytes(h, body->ptr, body->len) : h;
}

int64_t schedule_offset_ns(const struct plan *p, uint32_t phase_index)
{
    const struct plan_phase *phase = &p->phases[phase_index];
    uint64_t random = draw(phase_seed(p, phase->name), STREAM_OFFSET, 0);
    int64_t span = phase->offset_max_ns - phase->offset_min_ns;
    return phase->offset_min_ns + (int64_t)(fk_rng_unit(random) * (double)span);
}

double schedule_planned(const struct plan_phase *phase)
{
    const struct plan_arrive *a = &phase->arrive;
    double T = (double)phase->duration_ns / FK_NS_PER_S;
    return a->kind == ARRIVE_CLIENTS ? 0 : (a->rate + a->rate_end) / 2 * T;
}
