#include "demoapp/handlers.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/json.h"
#include "demoapp/app.h"
#include "demoapp/digest.h"
#include "demoapp/endpoints.h"
#include "demoapp/primes.h"
#include "demoapp/profiler.h"
#include "demoapp/teaching.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    SEAL_STEPS = 270000,
    SLOW_IO_MS = 200,
    HELLO_STEPS = 140000000,
    FLUSH_TIMEOUT_MS = 5000,
};

static void json_hex(struct fk_json *j, const char *key, uint64_t value)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)value);
    fk_json_key(j, key);
    fk_json_strz(j, hex);
}

static void json_text(struct fk_json *j, const char *key, const char *value)
{
    fk_json_key(j, key);
    fk_json_strz(j, value);
}

static void json_int(struct fk_json *j, const char *key, int64_t value)
{
    fk_json_key(j, key);
    fk_json_i64(j, value);
}

TEACHING void render_json(struct fk_json *j)
{
    struct fk_slice body = fk_buf_slice(j->out);
    uint64_t seal = fk_hash_bytes(0, body.ptr, body.len);
    for (int i = 0; i < SEAL_STEPS; i++)
        seal = (seal ^ seal >> 29) * 0xbf58476d1ce4e5b9u;
    json_hex(j, "seal", seal);
    fk_json_end(j);
}

static void answer_open(struct call *c, struct fk_json *j)
{
    fk_json_init(j, &c->body);
    fk_json_object(j);
    if (c->endpoint)
        json_text(j, "endpoint", c->endpoint->path);
}

TEACHING void handle_index(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    json_text(&j, "service", c->app->service);
    fk_json_key(&j, "endpoints");
    fk_json_object(&j);
    for (const struct endpoint *r = endpoints_table; r->path; r++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s%s", r->path, r->text_name ? "/" : "",
            r->text_name ? "<text>" : "");
        json_text(&j, path, r->about);
    }
    fk_json_end(&j);
    render_json(&j);
}

TEACHING void handle_primes_slow(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    json_int(&j, "limit", PRIMES_LIMIT);
    json_int(&j, "primes", compute_primes_slow(PRIMES_LIMIT));
    render_json(&j);
}

TEACHING void handle_primes_fast(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    json_int(&j, "limit", PRIMES_LIMIT);
    json_int(&j, "primes", compute_primes_fast(PRIMES_LIMIT));
    render_json(&j);
}

static void answer_text(struct call *c, struct fk_json *j)
{
    answer_open(c, j);
    fk_json_key(j, "text");
    fk_json_str(j, call_text(c));
}

TEACHING void handle_hash(struct call *c)
{
    struct fk_json j;
    answer_text(c, &j);
    json_hex(&j, "hash", compute_hash(call_text(c)));
    render_json(&j);
}

TEACHING void handle_hash_cached(struct call *c)
{
    static const char *const words[] = {
        [CACHE_HIT] = "hit", [CACHE_MISS] = "miss", [CACHE_JOINED] = "joined"};
    uint64_t value;
    enum cache_answer answer =
        cache_lookup(c->app->cache, call_text(c), &value);
    c->header_name = "X-Cache";
    c->header_value = words[answer];

    struct fk_json j;
    answer_text(c, &j);
    json_hex(&j, "hash", value);
    json_text(&j, "cache", words[answer]);
    render_json(&j);
}

TEACHING int64_t simulate_io(void)
{
    /* An absolute deadline: a relative sleep would end, or start again, with
     * every signal of a profiler. */
    int64_t deadline = fk_mono_ns() + SLOW_IO_MS * FK_NS_PER_MS;
    struct timespec at = {deadline / FK_NS_PER_S, deadline % FK_NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
    return fk_mono_ns() - deadline;
}

TEACHING void handle_slow_io(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    json_int(&j, "waitMs", SLOW_IO_MS);
    json_int(&j, "lateUs", simulate_io() / 1000);
    render_json(&j);
}

TEACHING void handle_healthz(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    json_text(&j, "status", "ok");
    fk_json_end(&j);
}

static void json_requests(struct fk_json *j, struct app *app)
{
    fk_json_key(j, "requests");
    fk_json_object(j);
    for (const struct endpoint *r = endpoints_table; r->path; r++)
        json_int(j, r->path, (int64_t)app->requests[r - endpoints_table]);
    fk_json_end(j);
}

TEACHING void handle_hello(struct call *c)
{
    struct app *app = c->app;
    struct fk_json j;
    fk_json_init(&j, &c->body);
    fk_json_object(&j);
    json_text(&j, "kit", "flamekit");
    json_text(&j, "component", "demoapp");
    json_text(&j, "version", FK_VERSION);
    json_text(&j, "run", app->run);
    json_int(&j, "pid", getpid());
    json_int(&j, "startedAt", app->started_ms);
    json_int(&j, "now", fk_wall_ns() / FK_NS_PER_MS);
    json_text(&j, "service", app->service);
    json_text(&j, "server", app->server);
    json_requests(&j, app);
    json_int(&j, "cpuNs", fk_cpu_ns());
    fk_json_end(&j);
}

static TEACHING uint64_t hello_profiler(void)
{
    teaching_keep_frame();
    uint64_t x = 1;
    for (int i = 0; i < HELLO_STEPS; i++)
        x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
    return x;
}

TEACHING void handle_hello_profiler(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    int64_t from = fk_wall_ns() / FK_NS_PER_MS;
    json_hex(&j, "result", hello_profiler());
    json_int(&j, "from", from);
    json_int(&j, "until", fk_wall_ns() / FK_NS_PER_MS);

    struct fk_diag diag = {""};
    enum fk_err err = profiler_flush(FLUSH_TIMEOUT_MS, &diag);
    if (err) {
        call_fail(c, 503, "%s", diag.text);
        return;
    }
    fk_json_key(&j, "flushed");
    fk_json_bool(&j, true);
    fk_json_end(&j);
}
