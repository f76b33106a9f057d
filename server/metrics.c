#include "server/metrics.h"

#include "server/routes.h"
#include "server/store.h"

#include <stdio.h>

static const char *const reason_words[METRICS_REASONS] = {
    [REJECTED_MALFORMED] = "malformed",
    [REJECTED_LABELS] = "labels",
    [REJECTED_LIMIT] = "limit",
    [REJECTED_TOO_OLD] = "too_old",
    [REJECTED_TOO_NEW] = "too_new",
    [REJECTED_UNSUPPORTED] = "unsupported",
    [REJECTED_QUEUE_FULL] = "queue_full",
    [REJECTED_SERIES] = "series_limit",
    [REJECTED_SECOND] = "same_second",
    [REJECTED_RATE] = "rate_limit",
    [REJECTED_STORE] = "store_failed",
};

static const struct {
    const char *name, *help;
} counter_words[METRICS_COUNTERS] = {
    [METRIC_BODY_BYTES] = {"received_bytes", "Bytes of request bodies."},
    [METRIC_PROFILES_RECEIVED] = {"profiles_received",
        "Profiles that clients sent, well-formed or not."},
    [METRIC_PROFILES_STORED] = {"profiles_stored",
        "Profiles acknowledged, one for each sample type and label set."},
    [METRIC_PROFILES_EMPTY] = {"profiles_empty",
        "Profiles accepted without a sample to store."},
    [METRIC_SAMPLES_DROPPED] = {"samples_dropped",
        "Samples with a negative value or nothing but zeros."},
    [METRIC_STACKS_TRUNCATED] = {"stacks_truncated",
        "Stacks deeper than the limit, stored without their leaf side."},
    [METRIC_QUERIES_INCOMPLETE] = {"queries_incomplete",
        "Answers that leave out stored profiles which failed their check."},
    [METRIC_QUERIES_CANCELLED] = {"queries_cancelled",
        "Queries given up because their client had left."},
    [METRIC_ACCESS_REFUSED] = {"access_refused",
        "Requests refused because of their host, origin or token."},
    [METRIC_HTTP_CONNECTIONS] = {"http_connections", "Connections accepted."},
    [METRIC_HTTP_REAPED] = {"http_reaped",
        "Connections closed because a client was too slow, or idle while "
        "others needed its place."},
    [METRIC_HTTP_BUSY] = {"http_busy",
        "Requests refused because the server had too much to do."},
    [METRIC_HTTP_MALFORMED] = {"http_malformed",
        "Requests refused because of ambiguous framing."},
};

/* In microseconds; the last bucket is +Inf. */
static const uint64_t bounds_us[METRICS_BUCKETS - 1] = {250, 500, 1000, 2500,
    5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

void metrics_add(struct metrics *m, enum metrics_counter c, uint64_t n)
{
    atomic_fetch_add_explicit(&m->counter[c], n, memory_order_relaxed);
}

void metrics_reject(
    struct metrics *m, enum metrics_reason reason, uint64_t bytes)
{
    atomic_fetch_add(&m->rejected[reason], 1);
    atomic_fetch_add(&m->rejected_bytes[reason], bytes);
}

void metrics_answered(
    struct metrics *m, size_t route, int status, int64_t took_ns)
{
    if (route >= METRICS_ROUTES)
        route = METRICS_ROUTES - 1;
    struct metrics_route *r = &m->route[route];
    int class = status / 100;
    size_t b = 0;

    while (b < METRICS_BUCKETS - 1 && (uint64_t)took_ns > bounds_us[b] * 1000)
        b++;
    atomic_fetch_add(&r->bucket[b], 1);
    atomic_fetch_add(&r->sum_ns, (uint64_t)took_ns);
    atomic_fetch_add(&r->answered[class < METRICS_CLASSES ? class : 0], 1);
}

static void head(
    struct fk_buf *out, const char *name, const char *kind, const char *help)
{
    fk_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void print_rejected(const struct metrics *m, struct fk_buf *out)
{
    static const struct {
        const char *name, *help;
    } both[2] = {
        {"pyroscope_discarded_samples_total", "Profiles refused, by reason."},
        {"pyroscope_discarded_bytes_total",
            "Bytes of refused profiles, by reason."},
    };

    for (int i = 0; i < 2; i++) {
        const _Atomic uint64_t *from = i == 0 ? m->rejected : m->rejected_bytes;
        head(out, both[i].name, "counter", both[i].help);
        for (int k = 0; k < METRICS_REASONS; k++)
            fk_buf_printf(out, "%s{reason=\"%s\"} %llu\n", both[i].name,
                reason_words[k], (unsigned long long)atomic_load(&from[k]));
    }
}

static void print_gauge(const char *name, const char *help,
    const _Atomic uint64_t *value, struct fk_buf *out)
{
    head(out, name, "gauge", help);
    fk_buf_printf(
        out, "%s %llu\n", name, (unsigned long long)atomic_load(value));
}

static void print_counters(const struct metrics *m, struct fk_buf *out)
{
    char name[64];

    for (int i = 0; i < METRICS_COUNTERS; i++) {
        snprintf(
            name, sizeof(name), "flamekit_%s_total", counter_words[i].name);
        head(out, name, "counter", counter_words[i].help);
        fk_buf_printf(out, "%s %llu\n", name,
            (unsigned long long)atomic_load(&m->counter[i]));
    }
    print_gauge("flamekit_http_in_flight", "Requests under way.",
        &m->http_in_flight, out);
    print_gauge("flamekit_queries_running",
        "Queries that a worker is at, or that wait for one.",
        &m->queries_running, out);
}

static const char *path_of(size_t route)
{
    const struct route *r =
        route == METRICS_ROUTES - 1 ? NULL : routes_at(route);
    return r ? r->path : "other";
}

static uint64_t print_buckets(
    const struct metrics_route *r, const char *path, struct fk_buf *out)
{
    uint64_t sum = 0;

    for (int b = 0; b < METRICS_BUCKETS; b++) {
        sum += atomic_load(&r->bucket[b]);
        fk_buf_printf(out,
            "pyroscope_request_duration_seconds_bucket{route=\"%s\",le=", path);
        if (b < METRICS_BUCKETS - 1)
            fk_buf_printf(out, "\"%g\"} ", (double)bounds_us[b] / 1e6);
        else
            fk_buf_adds(out, "\"+Inf\"} ");
        fk_buf_printf(out, "%llu\n", (unsigned long long)sum);
    }
    return sum;
}

static void print_durations(const struct metrics *m, struct fk_buf *out)
{
    const char *name = "pyroscope_request_duration_seconds";

    head(out, name, "histogram", "From the whole head to the last byte sent.");
    for (size_t i = 0; i < METRICS_ROUTES; i++) {
        const struct metrics_route *r = &m->route[i];
        if (atomic_load(&r->sum_ns) == 0)
            continue;
        const char *path = path_of(i);
        uint64_t count = print_buckets(r, path, out);
        fk_buf_printf(out, "%s_sum{route=\"%s\"} %g\n", name, path,
            (double)atomic_load(&r->sum_ns) / 1e9);
        fk_buf_printf(out, "%s_count{route=\"%s\"} %llu\n", name, path,
            (unsigned long long)count);
    }
}

static void print_answers(const struct metrics *m, struct fk_buf *out)
{
    static const char *const classes[METRICS_CLASSES] = {
        "gone", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const char *name = "flamekit_http_answers_total";

    head(out, name, "counter", "Requests answered, by class of status.");
    for (size_t i = 0; i < METRICS_ROUTES; i++) {
        for (int c = 0; c < METRICS_CLASSES; c++) {
            uint64_t n = atomic_load(&m->route[i].answered[c]);
            if (n > 0)
                fk_buf_printf(out, "%s{route=\"%s\",status=\"%s\"} %llu\n",
                    name, path_of(i), classes[c], (unsigned long long)n);
        }
    }
}

static void print_store(const struct store_stats *s, struct fk_buf *out)
{
    const struct {
        const char *name, *kind, *help;
        uint64_t value;
    } rows[] = {
        {"profiles_total", "counter", "Profiles kept.", s->profiles},
        {"samples_total", "counter", "Values kept.", s->samples},
        {"batches_total", "counter", "Requests written.", s->batches},
        {"commits_total", "counter", "Transactions.", s->commits},
        {"duplicates_total", "counter", "Profiles sent again, kept once.",
            s->duplicates},
        {"rejected_full_total", "counter", "Refused: the queue was full.",
            s->rejected_full},
        {"failed_total", "counter", "Lost by a failed transaction.", s->failed},
        {"queue_profiles", "gauge", "Waiting for the writer.",
            s->queue_profiles},
        {"queue_bytes", "gauge", "Waiting for the writer.", s->queue_bytes},
        {"series", "gauge", "Label sets.", s->series},
        {"trie_nodes", "gauge", "Nodes of all stacks.", s->trie_nodes},
        {"other_stacks_total", "counter",
            "Stacks kept as \"other\", for their app had too many in a day.",
            s->other_stacks},
        {"disk_bytes", "gauge", "Files of the store.", s->disk_bytes},
        {"oldest_ms", "gauge", "Time of the oldest profile.",
            (uint64_t)s->oldest_ms},
        {"newest_ms", "gauge", "Time of the newest profile.",
            (uint64_t)s->newest_ms},
    };

    char name[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(name, sizeof(name), "flamekit_store_%s", rows[i].name);
        head(out, name, rows[i].kind, rows[i].help);
        fk_buf_printf(
            out, "%s %llu\n", name, (unsigned long long)rows[i].value);
    }
}

void metrics_print(const struct metrics *m, const struct store_stats *store,
    struct fk_buf *out)
{
    head(out, "pyroscope_build_info", "gauge", "Always 1; see the labels.");
    fk_buf_adds(out, "pyroscope_build_info{version=\"" FK_VERSION "\"} 1\n");
    print_rejected(m, out);
    print_counters(m, out);
    print_store(store, out);
    print_answers(m, out);
    print_durations(m, out);
}
