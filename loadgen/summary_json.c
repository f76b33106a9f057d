/* The summary for programs. */
#include "loadgen/summary.h"

#include "common/clock.h"

#include <stdio.h>

static const struct {
    const char *name;
    double q;
} quantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}};

enum { NUM_QUANTILES = sizeof quantiles / sizeof *quantiles };

static double ms(int64_t ns)
{
    return (double)ns / FK_NS_PER_MS;
}

static void integer(struct fk_json *j, const char *key, uint64_t value)
{
    fk_json_key(j, key);
    fk_json_u64(j, value);
}

static void number(struct fk_json *j, const char *key, double value)
{
    fk_json_key(j, key);
    fk_json_double(j, value);
}

static void digest(struct fk_json *j, const char *key, uint64_t value)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)value);
    fk_json_put_strz(j, key, hex);
}

/* What is needed to add the histograms of several runs: the buckets that are
 * not empty as [index, count], and what they do not tell exactly. */
static void json_buckets(struct fk_json *j, const struct fk_hist *h)
{
    fk_json_put_i64(j, "minNs", h->count ? h->min : 0);
    fk_json_put_i64(j, "maxNs", h->count ? h->max : 0);
    number(j, "sumNs", h->sum);
    fk_json_key(j, "buckets");
    fk_json_array(j);
    for (size_t i = 0; h->count && i < FK_HIST_BUCKETS; i++) {
        if (!h->bucket[i])
            continue;
        fk_json_array(j);
        fk_json_u64(j, i);
        fk_json_u64(j, h->bucket[i]);
        fk_json_end(j);
    }
    fk_json_end(j);
}

static void json_hist(
    struct fk_json *j, const char *key, const struct fk_hist *h)
{
    fk_json_key(j, key);
    fk_json_object(j);
    integer(j, "count", h->count);
    number(j, "meanMs", fk_hist_mean(h) / FK_NS_PER_MS);
    for (int i = 0; i < NUM_QUANTILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%sMs", quantiles[i].name);
        number(j, name, ms(fk_hist_quantile(h, quantiles[i].q)));
    }
    number(j, "maxMs", ms(h->count ? h->max : 0));
    json_buckets(j, h);
    fk_json_end(j);
}

static void json_errors(struct fk_json *j, const struct tally *t)
{
    fk_json_key(j, "errors");
    fk_json_object(j);
    for (int i = ENGINE_OK + 1; i < ENGINE_NUM_ERRORS; i++)
        if (t->error[i])
            integer(j, engine_error_name((enum engine_error)i), t->error[i]);
    if (t->wrong_content)
        integer(j, "unexpected content", t->wrong_content);
    if (t->wrong_size)
        integer(j, "body too long", t->wrong_size);
    fk_json_end(j);
    fk_json_key(j, "statuses");
    fk_json_object(j);
    for (int i = 0; i < TALLY_STATUSES; i++)
        if (t->status[i]) {
            char status[12];
            snprintf(status, sizeof status, "%d", i);
            integer(j, status, t->status[i]);
        }
    fk_json_end(j);
}

static void json_tally(
    struct fk_json *j, const char *name, const struct tally *t)
{
    fk_json_object(j);
    fk_json_put_strz(j, "name", name);
    integer(j, "sent", t->sent);
    integer(j, "ok", t->ok);
    integer(j, "late", t->late);
    integer(j, "failed", t->failed);
    integer(j, "aborted", t->aborted);
    integer(j, "dropped", t->dropped);
    digest(j, "requests", t->requests);
    integer(j, "bytes", t->bytes);
    integer(j, "newConnections", t->new_connections);
    integer(j, "reusedConnections", tally_reuses(t));
    integer(j, "failedConnections", t->failed_connections);
    json_errors(j, t);
    for (int i = 0; i < TALLY_HISTS; i++)
        json_hist(j, tally_hist_names[i], &t->hist[i]);
}

static void json_time(struct fk_json *j, const struct report_row *phase)
{
    integer(j, "from", (uint64_t)phase->from_ms);
    integer(j, "sentUntil", (uint64_t)phase->sent_until_ms);
    integer(j, "until", (uint64_t)phase->until_ms);
    number(j, "seconds", phase->seconds);
    number(j, "planned", phase->planned);
    number(j, "rate", report_rate(phase));
}

static void json_rows(
    struct fk_json *j, const char *key, const struct report_rows *rows)
{
    fk_json_key(j, key);
    fk_json_array(j);
    for (uint32_t i = 0; i < rows->num; i++) {
        json_tally(j, rows->row[i].name, rows->row[i].tally);
        if (rows->row[i].from_ms)
            json_time(j, &rows->row[i]);
        fk_json_end(j);
    }
    fk_json_end(j);
}

static void json_thresholds(struct fk_json *j, const struct report *r)
{
    fk_json_key(j, "thresholds");
    fk_json_array(j);
    for (uint32_t i = 0; i < r->num_thresholds; i++) {
        fk_json_object(j);
        fk_json_put_strz(j, "text", r->thresholds[i].text);
        fk_json_put_strz(j, "measured", r->thresholds[i].measured);
        fk_json_key(j, "held");
        fk_json_bool(j, r->thresholds[i].held);
        fk_json_end(j);
    }
    fk_json_end(j);
}

static void json_facts(struct fk_json *j, const struct report *r)
{
    integer(j, "version", 1);
    fk_json_put_strz(j, "id", r->id);
    integer(j, "runs", r->runs);
    fk_json_put_strz(j, "plan", r->plan);
    integer(j, "seed", r->seed);
    digest(j, "digest", r->digest);
    fk_json_put_strz(j, "target", r->target);
    fk_json_put_strz(j, "engine", r->engine);
    number(j, "resolveMs", r->resolve_ms);
    fk_json_key(j, "interrupted");
    fk_json_bool(j, r->interrupted);
    fk_json_put_strz(j, "stopped", r->stopped);
    integer(j, "postsFailed", r->posts_failed);
    integer(j, "untoldPhases", r->untold);
    fk_json_put_strz(j, "priority", r->priority);
    number(j, "senderCpuSeconds", r->sender_cpu_s);
    number(j, "senderWaitSeconds", r->sender_wait_s);
}

void summary_json(const struct report *r, struct fk_buf *out)
{
    struct fk_json j;
    fk_json_init(&j, out);
    fk_json_object(&j);
    json_facts(&j, r);
    fk_json_key(&j, "all");
    json_tally(&j, r->all.name, r->all.tally);
    fk_json_end(&j);
    json_rows(&j, "phases", &r->phases);
    json_rows(&j, "endpoints", &r->endpoints);
    if (r->regions.num)
        json_rows(&j, "regions", &r->regions);
    json_thresholds(&j, r);
    fk_json_end(&j);
    fk_buf_addc(out, '\n');
}
