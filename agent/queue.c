#include "agent/queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/rng.h"

void fk_queue_init(struct fk_queue *q, size_t capacity)
{
    *q = (struct fk_queue){
        .capacity = capacity < FK_QUEUE_MAX ? capacity : FK_QUEUE_MAX};
}

static void take_out(struct fk_queue *q, size_t i)
{
    struct fk_payload *gone = &q->items[i];
    free(gone->bytes);
    q->bytes -= gone->len;
    q->count--;
    memmove(gone, gone + 1, (q->count - i) * sizeof(*gone));
}

static void count_dropped(struct fk_queue *q, const struct fk_payload *gone)
{
    q->dropped++;
    q->dropped_weight += gone->weight;
    q->dropped_wall_ns += gone->wall_ns;
}

static void drop(struct fk_queue *q, size_t i)
{
    count_dropped(q, &q->items[i]);
    take_out(q, i);
}

void fk_queue_hold(struct fk_queue *q)
{
    q->held = true;
}

void fk_queue_release(struct fk_queue *q)
{
    q->held = false;
}

void fk_queue_done(struct fk_queue *q)
{
    fk_queue_release(q);
    take_out(q, 0);
}

void fk_queue_drop(struct fk_queue *q)
{
    fk_queue_release(q);
    drop(q, 0);
}

void fk_queue_fini(struct fk_queue *q)
{
    while (q->count > 0)
        fk_queue_drop(q);
}

void fk_queue_put(struct fk_queue *q, const struct fk_payload *payload)
{
    while (q->count > q->held && (q->count >= q->capacity ||
                                     payload->len + q->bytes > FK_QUEUE_BYTES))
        drop(q, q->held);
    if (payload->len > FK_QUEUE_BYTES) {
        count_dropped(q, payload);
        free(payload->bytes);
        return;
    }
    q->items[q->count++] = *payload;
    q->bytes += payload->len;
}

struct fk_payload *fk_queue_head(struct fk_queue *q)
{
    return q->count > 0 ? &q->items[0] : NULL;
}

void fk_queue_expire(struct fk_queue *q, int64_t oldest_ns)
{
    while (q->count > q->held && q->items[q->held].made_ns < oldest_ns)
        drop(q, q->held);
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Short intervals are tests and demonstrations: they want quick retries. */
void fk_backoff_init(struct fk_backoff *b, int64_t interval_ns, uint64_t seed)
{
    *b = (struct fk_backoff){
        .initial_ns =
            clamp(interval_ns / 4, 50 * FK_NS_PER_MS, 1 * FK_NS_PER_S),
        .max_ns = clamp(4 * interval_ns, 1 * FK_NS_PER_S, 60 * FK_NS_PER_S),
        .seed = seed,
    };
}

void fk_backoff_failed(
    struct fk_backoff *b, int64_t now_ns, int64_t at_least_ns)
{
    int64_t wait = b->initial_ns;
    for (unsigned i = 0; i < b->failures && wait < b->max_ns; i++)
        wait *= 2;
    wait = clamp(wait, 0, b->max_ns);
    b->failures++;
    uint64_t draw = fk_rng_at(b->seed, b->failures);
    wait = wait / 2 + (int64_t)fk_rng_below(draw, (uint64_t)(wait / 2 + 1));
    b->not_before_ns =
        now_ns + clamp(wait, clamp(at_least_ns, 0, b->max_ns), b->max_ns);
}

void fk_backoff_succeeded(struct fk_backoff *b)
{
    b->failures = 0;
    b->not_before_ns = 0;
}
