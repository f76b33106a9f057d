/*
 * Which request is due when: a pure function of the plan, its seed, the phase
 * and the number k of the request. Threads decide only when a connection is
 * free, never what is sent: a schedule read by one thread or by ten gives the
 * same requests at the same times.
 *
 * Constant and ramp: the due time of k is the inverse of the cumulated rate,
 * in closed form. Poisson: the sum of k exponential gaps, each drawn from its
 * number. Clients: no due times; the number is all that counts.
 */
#ifndef FK_LOADGEN_SCHEDULE_H
#define FK_LOADGEN_SCHEDULE_H

#include "loadgen/plan.h"

enum { SCHEDULE_KEY_BYTES = 48 };

struct schedule_request {
    uint64_t k;
    int64_t due_ns; /* from the start of the phase */
    uint32_t mix;   /* index into the mix of the phase */
};

struct schedule {
    const struct plan *plan;
    const struct plan_phase *phase;
    uint64_t seed; /* of this phase */
    uint64_t next_k;
    double poisson_s;     /* due time of next_k */
    double *zipf;         /* cumulated shares, or NULL */
    uint64_t order_block; /* `order` is of this block */
    uint8_t order[PLAN_MAX_WEIGHTS];
};

void schedule_init(
    struct schedule *s, const struct plan *p, uint32_t phase_index);
void schedule_fini(struct schedule *s);

/* The next request; false when the phase is over (never for clients). */
bool schedule_next(struct schedule *s, struct schedule_request *out);
/* Pure lookups, in any order of k. */
uint32_t schedule_mix(struct schedule *s, uint64_t k);
void schedule_key(
    const struct schedule *s, uint64_t k, char key[SCHEDULE_KEY_BYTES]);
/* Path (and body) of request k. */
void schedule_write(const struct schedule *s, const struct schedule_request *r,
    struct fk_buf *path, struct fk_buf *body);
/* Of request k as written; a sum of them does not depend on the order. */
uint64_t schedule_digest(const struct schedule *s,
    const struct schedule_request *r, const struct fk_buf *path,
    const struct fk_buf *body);

/* Idle time before the phase, drawn from the seed. */
int64_t schedule_offset_ns(const struct plan *p, uint32_t phase_index);
/* Requests that the rate promises for the whole phase; 0 for clients. */
double schedule_planned(const struct plan_phase *phase);

#endif
