/*
 * The server's counters, every loss among them: what came in equals what was
 * stored plus what is counted here. Plain atomics, safe from any thread; the
 * page /metrics prints them in Prometheus's text format together with the
 * store's own (server/store.h).
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "common/buf.h"

#include <stdatomic.h>

struct store_stats;

/* Why a profile or a request was refused; the words are in metrics.c. */
enum metrics_reason {
    REJECTED_MALFORMED, /* bytes are not what they claim */
    REJECTED_LABELS,    /* label rules of spec/pyroscope-api 14 */
    REJECTED_LIMIT,     /* profile larger than a limit */
    REJECTED_TOO_OLD,   /* outside of the ingestion window */
    REJECTED_TOO_NEW,
    REJECTED_UNSUPPORTED, /* a format the server does not read */
    REJECTED_QUEUE_FULL,
    REJECTED_SERIES, /* series limit of the tenant */
    REJECTED_SECOND, /* too many profiles of a series in one second */
    REJECTED_RATE,   /* bytes a second of the tenant */
    REJECTED_STORE,  /* the store failed */
    METRICS_REASONS,
};

enum metrics_counter {
    METRIC_BODY_BYTES,        /* received, as sent */
    METRIC_PROFILES_RECEIVED, /* pprof or folded bodies decoded */
    METRIC_PROFILES_STORED,   /* acknowledged; one for each sample type */
    METRIC_PROFILES_EMPTY,    /* nothing left after normalization */
    METRIC_SAMPLES_DROPPED,   /* negative or all-zero samples */
    METRIC_STACKS_TRUNCATED,
    METRIC_QUERIES_INCOMPLETE, /* answered without damaged profiles */
    METRIC_QUERIES_CANCELLED,  /* the client left */
    METRIC_ACCESS_REFUSED,     /* host, origin or token */
    METRIC_HTTP_CONNECTIONS,   /* accepted */
    METRIC_HTTP_REAPED,        /* closed because a deadline passed */
    METRIC_HTTP_BUSY,          /* refused because the workers' queue is full */
    METRIC_HTTP_MALFORMED,     /* refused before a route was looked for */
    METRICS_COUNTERS,
};

enum {
    METRICS_ROUTES = 96,
    METRICS_BUCKETS = 14, /* upper bounds in metrics.c, the last is +Inf */
    METRICS_CLASSES = 6,  /* status / 100; 0 = the client left */
};

struct metrics_route {
    _Atomic uint64_t answered[METRICS_CLASSES];
    _Atomic uint64_t bucket[METRICS_BUCKETS];
    _Atomic uint64_t sum_ns;
};

struct metrics {
    _Atomic uint64_t rejected[METRICS_REASONS];
    _Atomic uint64_t rejected_bytes[METRICS_REASONS];
    _Atomic uint64_t counter[METRICS_COUNTERS];
    _Atomic uint64_t http_in_flight;            /* a gauge */
    _Atomic uint64_t queries_running;           /* a gauge */
    struct metrics_route route[METRICS_ROUTES]; /* by routes_index */
};

void metrics_add(struct metrics *m, enum metrics_counter c, uint64_t n);
void metrics_reject(
    struct metrics *m, enum metrics_reason reason, uint64_t bytes);
void metrics_answered(
    struct metrics *m, size_t route, int status, int64_t took_ns);
void metrics_print(const struct metrics *m, const struct store_stats *store,
    struct fk_buf *out);

#endif
