#include "loadgen/plan_fields.h"

#include "common/clock.h"

#include <string.h>

/* A word of a fixed set. */
struct word {
    const char *name;
    int value;
};

static bool read_word(struct value *v, const struct word *words, int *out)
{
    char known[128] = "";
    struct fk_slice s = value_token(v);
    for (; words->name; words++) {
        if (fk_slice_eqz(s, words->name)) {
            *out = words->value;
            return !v->bad;
        }
        size_t len = strlen(known), n = strlen(words->name);
        if (len + n + 2 < sizeof known) {
            known[len] = ' ';
            memcpy(known + len + 1, words->name, n + 1);
        }
    }
    return value_fail(v, "one of these words is needed here:%s", known);
}

const char *field_text(struct draft *d, struct fk_slice s)
{
    return fk_arena_strdup(&d->plan->arena, s);
}

static const char *read_text(struct draft *d, struct value *v)
{
    return field_text(d, value_rest(v));
}

/* ---- globals ------------------------------------------------------------- */

static void read_plan(struct draft *d, struct value *v)
{
    d->plan->name = read_text(d, v);
}

static void read_version(struct draft *d, struct value *v)
{
    if (value_integer(v, 1, 1, &d->plan->version))
        value_end(v);
}

static void read_instance(struct draft *d, struct value *v)
{
    d->plan->instance = read_text(d, v);
}

static void read_target(struct draft *d, struct value *v)
{
    d->plan->target = read_text(d, v);
}

static void read_seed(struct draft *d, struct value *v)
{
    int64_t seed = 0;
    if (value_integer(v, 0, INT64_MAX, &seed) && value_end(v))
        d->plan->seed = (uint64_t)seed;
}

static void read_markers(struct draft *d, struct value *v)
{
    static const struct word words[] = {{"on", MARKERS_ON},
        {"hidden", MARKERS_HIDDEN}, {"off", MARKERS_OFF}, {0}};
    int markers = 0;
    if (read_word(v, words, &markers) && value_end(v))
        d->plan->markers = (enum plan_markers)markers;
}

static void read_snap(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->plan->snap_ns))
        value_end(v);
}

static void read_drain(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->plan->drain_ns))
        value_end(v);
}

static void read_gap(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->plan->gap_ns))
        value_end(v);
}

static void read_plan_timeout(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->plan->timeout_ns))
        value_end(v);
}

static void read_max_inflight(struct draft *d, struct value *v)
{
    if (value_integer(v, 1, 10000, &d->plan->max_inflight))
        value_end(v);
}

static void read_per_connection(struct draft *d, struct value *v)
{
    if (value_integer(v, 1, INT32_MAX, &d->plan->per_connection))
        value_end(v);
}

/* late > 5% or errors > 5% */
static void read_abort_if(struct draft *d, struct value *v)
{
    do {
        bool late = value_take(v, "late");
        double share = 1;
        if (!late && !value_take(v, "errors")) {
            value_token(v);
            value_fail(v, "\"late > 5%%\" or \"errors > 5%%\" is needed here");
        } else if (!value_take(v, ">")) {
            value_token(v);
            value_fail(v, "\">\" and a percentage are needed here");
        }
        if (value_percent(v, &share))
            *(late ? &d->plan->abort_late : &d->plan->abort_errors) = share;
    } while (value_take(v, "or"));
    value_end(v);
}

const struct field fields_global[] = {
    {"plan", false, read_plan},
    {"version", false, read_version},
    {"instance", false, read_instance},
    {"target", false, read_target},
    {"seed", false, read_seed},
    {"markers", false, read_markers},
    {"snap", false, read_snap},
    {"drain", false, read_drain},
    {"gap", false, read_gap},
    {"timeout", false, read_plan_timeout},
    {"max_inflight", false, read_max_inflight},
    {"requests_per_connection", false, read_per_connection},
    {"abort_if", false, read_abort_if},
    {0},
};

/* ---- [phase NAME] -----------------------------------------------------------
 */

static void read_duration(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->phase->duration_ns) && value_end(v) &&
        d->phase->duration_ns == 0)
        value_report(
            &d->errors, v->line, v->column, "a phase lasts longer than 0");
}

static void read_offset(struct draft *d, struct value *v)
{
    value_take(v, "uniform");
    if (value_durations(v, &d->phase->offset_min_ns, &d->phase->offset_max_ns))
        value_end(v);
}

static void read_clients(struct plan_arrive *a, struct value *v)
{
    int64_t clients = 0;
    if (!value_integer(v, 1, PLAN_MAX_CLIENTS, &clients))
        return;
    a->clients = (uint32_t)clients;
    if (value_take(v, "think"))
        value_duration(v, &a->think_ns);
}

static void read_arrive(struct draft *d, struct value *v)
{
    static const struct word words[] = {{"constant", ARRIVE_CONSTANT},
        {"poisson", ARRIVE_POISSON}, {"ramp", ARRIVE_RAMP},
        {"clients", ARRIVE_CLIENTS}, {0}};
    int kind = ARRIVE_NONE;
    struct plan_arrive a = {0};
    if (!read_word(v, words, &kind))
        return;
    a.kind = (enum plan_arrival)kind;
    if (a.kind == ARRIVE_CLIENTS) {
        read_clients(&a, v);
    } else if (a.kind == ARRIVE_RAMP) {
        if (value_rates(v, &a.rate, &a.rate_end) && a.rate + a.rate_end <= 0)
            value_fail(v, "a ramp needs a rate above 0 at one end");
    } else if (value_rate(v, &a.rate)) {
        a.rate_end = a.rate;
    }
    if (value_end(v))
        d->phase->arrive = a;
}

/* The endpoints may be named further down: kept until the end. */
static void read_mix(struct draft *d, struct value *v)
{
    d->mix[d->phase - d->plan->phases] = *v;
}

static void read_regions(struct draft *d, struct value *v)
{
    d->regions[d->phase - d->plan->phases] = *v;
}

static void read_keys(struct draft *d, struct value *v)
{
    static const struct word words[] = {
        {"uniform", KEYS_UNIFORM}, {"zipf", KEYS_ZIPF}, {0}};
    struct plan_keys keys = {.kind = KEYS_UNIQUE};
    if (!value_take(v, "unique")) {
        int64_t count = 0;
        int kind = 0;
        value_integer(v, 1, PLAN_MAX_KEYS, &count);
        read_word(v, words, &kind);
        keys.count = (uint32_t)count;
        keys.kind = (enum plan_key_kind)kind;
        if (keys.kind == KEYS_ZIPF)
            value_number(v, 0, 10, &keys.exponent);
    }
    if (value_end(v))
        d->phase->keys = keys;
}

static void read_label(struct draft *d, struct value *v)
{
    d->phase->label = read_text(d, v);
}

static void read_phase_expect(struct draft *d, struct value *v)
{
    d->phase->expect = read_text(d, v);
}

static void read_before(struct draft *d, struct value *v)
{
    struct fk_slice fault;
    if (!value_take(v, "fault")) {
        value_token(v);
        value_fail(v, "\"fault NAME=VALUE\" is needed here");
        return;
    }
    fault = value_token(v);
    if (value_end(v))
        d->phase->before = field_text(d, fault);
}

static void read_phase_timeout(struct draft *d, struct value *v)
{
    if (value_duration(v, &d->phase->timeout_ns))
        value_end(v);
}

static void read_record(struct draft *d, struct value *v)
{
    static const struct word words[] = {{"yes", 1}, {"no", 0}, {0}};
    int record = 1;
    if (read_word(v, words, &record) && value_end(v))
        d->phase->record = record;
}

static void read_repeat(struct draft *d, struct value *v)
{
    int64_t times = 1;
    if (value_integer(v, 1, PLAN_MAX_PHASES, &times) && value_end(v))
        d->phase->repeat = (uint32_t)times;
}

/* header "Name: value" */
static void read_with(struct draft *d, struct value *v)
{
    struct fk_slice header = {0};
    if (value_take(v, "header"))
        header = value_token(v);
    if (fk_slice_find(header, ':') < 1) {
        value_fail(v, "header \"NAME: VALUE\" is needed here");
        return;
    }
    if (value_end(v))
        d->phase->header = field_text(d, header);
}

static void read_stop_on(struct draft *d, struct value *v)
{
    static const struct word words[] = {{"ask", 1}, {"time", 0}, {0}};
    int ask = 0;
    if (read_word(v, words, &ask) && value_end(v))
        d->phase->ask = ask;
}

const struct field fields_phase[] = {
    {"duration", true, read_duration},
    {"arrive", true, read_arrive},
    {"mix", false, read_mix},
    {"keys", false, read_keys},
    {"offset", false, read_offset},
    {"label", false, read_label},
    {"expect", false, read_phase_expect},
    {"before", false, read_before},
    {"timeout", false, read_phase_timeout},
    {"record", false, read_record},
    {"region", false, read_regions},
    {"repeat", false, read_repeat},
    {"with", false, read_with},
    {"stop_on", false, read_stop_on},
    {0},
};

/* ---- [endpoint NAME] --------------------------------------------------------
 */

static void read_template(
    struct draft *d, struct value *v, struct template *out)
{
    struct fk_diag diag = {"too long"};
    struct fk_slice text = value_rest(v);
    size_t at;
    diag.text[0] = '\0';
    if (template_parse(text, &d->plan->arena, out, &at, &diag)) {
        v->token_at += at;
        value_fail(v, "%s", diag.text);
    }
}

static void read_path(struct draft *d, struct value *v)
{
    struct plan_endpoint *e = d->endpoint;
    if (e->path.num_parts) {
        value_fail(v, "an endpoint has one \"get\" or one \"post\"");
        return;
    }
    if (!value_at_end(v) && v->text.ptr[v->at] != '/') {
        value_fail(v, "a path starts with \"/\"; the host is the target's");
        return;
    }
    read_template(d, v, &e->path);
}

static void read_get(struct draft *d, struct value *v)
{
    read_path(d, v);
}

static void read_post(struct draft *d, struct value *v)
{
    read_path(d, v);
    d->endpoint->post = true;
}

static void read_body(struct draft *d, struct value *v)
{
    read_template(d, v, &d->endpoint->body);
}

static void read_weight(struct draft *d, struct value *v)
{
    int64_t weight = 0;
    if (value_integer(v, 1, PLAN_MAX_WEIGHTS, &weight) && value_end(v))
        d->endpoint->weight = (uint32_t)weight;
}

/* status 200, body contains "sha256", body <= 64KB */
static void read_expect(struct draft *d, struct value *v)
{
    do {
        int64_t status = 0;
        bool body = value_take(v, "body");
        if (!body && value_take(v, "status")) {
            if (value_integer(v, 100, 599, &status))
                d->endpoint->expect_status = (int)status;
        } else if (body && value_take(v, "contains")) {
            d->endpoint->expect_content = field_text(d, value_token(v));
        } else if (body && value_take(v, "<=")) {
            value_size(v, &d->endpoint->expect_bytes);
        } else {
            value_token(v);
            value_fail(v, "\"status N\", \"body contains TEXT\" or \"body <= "
                          "SIZE\" is needed here");
        }
    } while (value_take(v, ","));
    value_end(v);
}

static void read_phases(struct draft *d, struct value *v)
{
    d->only_phases[d->endpoint - d->plan->endpoints] = *v;
}

const struct field fields_endpoint[] = {
    {"get", false, read_get},
    {"post", false, read_post},
    {"body", false, read_body},
    {"weight", false, read_weight},
    {"expect", false, read_expect},
    {"phases", false, read_phases},
    {0},
};

/* ---- [region NAME] ---
 */

static void read_region_target(struct draft *d, struct value *v)
{
    d->region->target = read_text(d, v);
}

const struct field fields_region[] = {
    {"target", true, read_region_target},
    {0},
};

/* ---- [thresholds] -----------------------------------------------------------
 */

static const struct word metrics[] = {
    {"errors", METRIC_ERRORS},
    {"late", METRIC_LATE},
    {"rate", METRIC_RATE},
    {"p50", METRIC_P50},
    {"p90", METRIC_P90},
    {"p95", METRIC_P95},
    {"p99", METRIC_P99},
    {"p99.9", METRIC_P999},
    {"mean", METRIC_MEAN},
    {"max", METRIC_MAX},
    {0},
};

/* SCOPE.METRIC or METRIC; p99.9 has a point of its own. */
static bool read_metric(
    struct draft *d, struct value *v, struct plan_threshold *t)
{
    struct fk_slice word = value_token(v), metric = word;
    for (;;) {
        for (const struct word *m = metrics; m->name; m++)
            if (fk_slice_eqz(metric, m->name)) {
                t->metric = (enum plan_metric)m->value;
                size_t left = word.len - metric.len;
                if (left)
                    t->scope = field_text(d, fk_slice_sub(word, 0, left - 1));
                return true;
            }
        ptrdiff_t point = fk_slice_find(metric, '.');
        if (point < 0)
            return value_fail(v, "unknown metric; known are errors late rate "
                                 "p50 p90 p95 p99 p99.9 mean max");
        metric = fk_slice_sub(metric, (size_t)point + 1, metric.len);
    }
}

void field_threshold(struct draft *d, struct value *v)
{
    static const struct word ops[] = {
        {"<", OP_LT}, {"<=", OP_LE}, {">", OP_GT}, {">=", OP_GE}, {0}};
    struct plan_threshold t = {.line = v->line};
    int64_t ns = 0;
    int op = 0;
    bool good = read_metric(d, v, &t) && read_word(v, ops, &op);
    if (good && t.metric <= METRIC_RATE)
        good = value_percent(v, &t.value);
    else if (good)
        good = value_duration(v, &ns);
    if (!good || !value_end(v))
        return;
    if (t.metric > METRIC_RATE)
        t.value = (double)ns;
    t.op = (enum plan_op)op;
    t.text = field_text(d, v->text);
    if (d->plan->num_thresholds == PLAN_MAX_THRESHOLDS)
        value_fail(v, "more than %d thresholds", PLAN_MAX_THRESHOLDS);
    else
        d->plan->thresholds[d->plan->num_thresholds++] = t;
}
