/*
 * Uploads that wait for the server, and when the next try is due. Bounded:
 * the oldest is dropped when a new one does not fit, or when it is too old to
 * matter. Agent thread only.
 */
#ifndef FK_AGENT_QUEUE_H
#define FK_AGENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FK_QUEUE_MAX   64
#define FK_QUEUE_BYTES (8u << 20)

struct fk_payload {
    char *bytes; /* owned by the queue */
    size_t len;
    uint64_t weight;  /* of the CPU samples inside */
    uint64_t wall_ns; /* of the wall clock's */
    int64_t made_ns;  /* monotonic */
    unsigned tries;
};

struct fk_queue {
    struct fk_payload items[FK_QUEUE_MAX + 1]; /* oldest first */
    size_t count, capacity, bytes;
    bool held; /* the head is under way: it stays */
    uint64_t dropped, dropped_weight, dropped_wall_ns; /* totals */
};

void fk_queue_init(struct fk_queue *q, size_t capacity);
void fk_queue_fini(struct fk_queue *q); /* what is left counts as dropped */
/* Takes payload->bytes. One that is larger than the queue is dropped. */
void fk_queue_put(struct fk_queue *q, const struct fk_payload *payload);
struct fk_payload *fk_queue_head(struct fk_queue *q); /* NULL when empty */
/* The head's bytes are being sent: nothing but done and drop takes it out
 * until it is released. */
void fk_queue_hold(struct fk_queue *q);
void fk_queue_release(struct fk_queue *q);
void fk_queue_done(struct fk_queue *q); /* the head was taken by the server */
void fk_queue_drop(struct fk_queue *q); /* the head is given up */
/* Drop heads made before `oldest_ns`. */
void fk_queue_expire(struct fk_queue *q, int64_t oldest_ns);

/* Exponential, with jitter: after n failures in a row the wait is a random
 * time between a half and the whole of initial * 2^(n-1), at most max_ns. */
struct fk_backoff {
    int64_t initial_ns, max_ns, not_before_ns;
    unsigned failures;
    uint64_t seed;
};

void fk_backoff_init(struct fk_backoff *b, int64_t interval_ns, uint64_t seed);
/* at_least_ns: the server asked for it (Retry-After), or 0. */
void fk_backoff_failed(
    struct fk_backoff *b, int64_t now_ns, int64_t at_least_ns);
void fk_backoff_succeeded(struct fk_backoff *b);

#endif
