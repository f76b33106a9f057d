/* A JSON report, which may come from anywhere: what is missing or of another
 * kind counts as absent, what would not add up is refused. */
#include "loadgen/report.h"

#include "common/check.h"
#include "common/clock.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So that no sum of counts can overflow, whoever wrote them. */
static const uint64_t max_count = UINT64_C(1) << 40;

struct reader {
    struct fk_diag *diag;
    enum fk_err err;
};

static void damaged(struct reader *in, const char *what)
{
    if (!in->err)
        in->err = fk_diag_set(in->diag, FK_ERR_FORMAT,
            "This is no report of loadgen, or it is damaged: %s.", what);
}

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(object, key));
    return v > 0 ? (uint64_t)v : 0;
}

static double real(const json_t *object, const char *key)
{
    double v = json_number_value(json_object_get(object, key));
    return v > 0 ? v : 0;
}

static uint64_t hex(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? strtoull(text, NULL, 16) : 0;
}

static void text(const json_t *object, const char *key, char *out, size_t size)
{
    const char *s = json_string_value(json_object_get(object, key));
    snprintf(out, size, "%s", s ? s : "");
}

/* ---- histograms -----------------------------------------------------------
 */

static void read_bucket(
    struct reader *in, const json_t *pair, struct fk_hist *h)
{
    json_int_t index = json_integer_value(json_array_get(pair, 0));
    json_int_t count = json_integer_value(json_array_get(pair, 1));
    if (json_array_size(pair) != 2 || index < 0 || index >= FK_HIST_BUCKETS ||
        count < 1 || (uint64_t)count > max_count - h->count) {
        damaged(in, "a bucket of a histogram is out of range");
        return;
    }
    h->bucket[index] += (uint64_t)count;
    h->count += (uint64_t)count;
}

static void read_hist(
    struct reader *in, const json_t *object, struct fk_hist *h)
{
    const json_t *buckets = json_object_get(object, "buckets");
    for (size_t i = 0; i < json_array_size(buckets); i++)
        read_bucket(in, json_array_get(buckets, i), h);
    h->min = (int64_t)number(object, "minNs");
    h->max = (int64_t)number(object, "maxNs");
    h->sum = real(object, "sumNs");
    if (h->count != number(object, "count") || h->min > h->max)
        damaged(in, "the buckets of a histogram do not add up to its count");
}

/* ---- counts ---------------------------------------------------------------
 */

static void read_errors(const json_t *object, struct tally *t)
{
    const json_t *errors = json_object_get(object, "errors");
    for (int i = ENGINE_OK + 1; i < ENGINE_NUM_ERRORS; i++)
        t->error[i] = number(errors, engine_error_name((enum engine_error)i));
    t->wrong_content = number(errors, "unexpected content");
    t->wrong_size = number(errors, "body too long");
    const json_t *statuses = json_object_get(object, "statuses");
    for (int i = 0; i < TALLY_STATUSES; i++) {
        char name[12];
        snprintf(name, sizeof name, "%d", i);
        t->status[i] = (uint32_t)number(statuses, name);
    }
}

static void read_tally(struct reader *in, const json_t *object, struct tally *t)
{
    const struct {
        const char *key;
        uint64_t *value;
    } counts[] = {{"sent", &t->sent}, {"ok", &t->ok}, {"late", &t->late},
        {"failed", &t->failed}, {"aborted", &t->aborted},
        {"dropped", &t->dropped}, {"bytes", &t->bytes},
        {"newConnections", &t->new_connections},
        {"failedConnections", &t->failed_connections}};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        *counts[i].value = number(object, counts[i].key);
        if (*counts[i].value > max_count)
            damaged(in, "a count is too large");
    }
    t->requests = hex(object, "requests");
    read_errors(object, t);
    for (int i = 0; i < TALLY_HISTS; i++)
        read_hist(
            in, json_object_get(object, tally_hist_names[i]), &t->hist[i]);
    if (t->new_connections + t->failed_connections > t->ok + t->failed ||
        t->ok + t->failed > t->sent)
        damaged(in, "more was answered than was sent");
}

static void read_rows(struct reader *in, const json_t *root, const char *key,
    struct report_rows *rows)
{
    const json_t *array = json_object_get(root, key);
    for (size_t i = 0; i < json_array_size(array) && !in->err; i++) {
        const json_t *object = json_array_get(array, i);
        const char *name = json_string_value(json_object_get(object, "name"));
        uint32_t before = rows->num;
        struct report_row *row = name && strlen(name) < REPORT_MAX_NAME
                                     ? report_row(rows, name)
                                     : NULL;
        if (!row || rows->num == before) {
            damaged(in, "a phase or an endpoint has no name, or one that is "
                        "too long or there twice, or there are too many");
            return;
        }
        read_tally(in, object, row->tally);
        row->from_ms = (int64_t)number(object, "from");
        row->sent_until_ms = (int64_t)number(object, "sentUntil");
        row->until_ms = (int64_t)number(object, "until");
        row->seconds = real(object, "seconds");
        row->planned = real(object, "planned");
    }
}

static void read_thresholds(const json_t *root, struct report *r)
{
    const json_t *array = json_object_get(root, "thresholds");
    size_t n = json_array_size(array);
    for (size_t i = 0; i < n && i < THRESHOLD_MAX_ROWS; i++) {
        const json_t *object = json_array_get(array, i);
        struct report_threshold *t = &r->thresholds[r->num_thresholds++];
        text(object, "text", t->text, sizeof t->text);
        text(object, "measured", t->measured, sizeof t->measured);
        t->held = json_is_true(json_object_get(object, "held"));
    }
}

static void read_report(struct reader *in, const json_t *root, struct report *r)
{
    if (number(root, "version") != 1)
        damaged(in, "its version is not 1");
    text(root, "id", r->id, sizeof r->id);
    text(root, "plan", r->plan, sizeof r->plan);
    text(root, "target", r->target, sizeof r->target);
    text(root, "engine", r->engine, sizeof r->engine);
    text(root, "priority", r->priority, sizeof r->priority);
    text(root, "stopped", r->stopped, sizeof r->stopped);
    r->seed = number(root, "seed");
    r->digest = hex(root, "digest");
    if (number(root, "runs") > 1)
        r->runs = number(root, "runs");
    r->untold = number(root, "untoldPhases");
    r->posts_failed = number(root, "postsFailed");
    r->interrupted = json_is_true(json_object_get(root, "interrupted"));
    r->sender_cpu_s = real(root, "senderCpuSeconds");
    r->sender_wait_s = real(root, "senderWaitSeconds");
    r->resolve_ms = real(root, "resolveMs");
    read_tally(in, json_object_get(root, "all"), r->all.tally);
    read_rows(in, root, "phases", &r->phases);
    read_rows(in, root, "endpoints", &r->endpoints);
    read_rows(in, root, "regions", &r->regions);
    read_thresholds(root, r);
}

enum fk_err report_read(
    struct fk_slice json, struct report **out, struct fk_diag *diag)
{
    struct reader in = {.diag = diag};
    json_t *root =
        json.len > REPORT_MAX_TEXT
            ? NULL
            : json_loadb(json.ptr ? json.ptr : "", json.len, 0, NULL);
    *out = report_new();
    if (root)
        read_report(&in, root, *out);
    else
        damaged(&in, "it is not JSON, or too long");
    json_decref(root);
    if (in.err) {
        report_free(*out);
        *out = NULL;
    }
    return in.err;
}
