#include "demoapp/handlers.h"

#include "common/clock.h"
#include "demoapp/answer.h"
#include "demoapp/app.h"
#include "demoapp/digest.h"
#include "demoapp/endpoints.h"
#include "demoapp/primes.h"
#include "demoapp/profiler.h"
#include "demoapp/teaching.h"
#include "demoapp/wait.h"

#include <stdio.h>
#include <unistd.h>

enum {
    HELLO_STEPS = 140000000,
    FLUSH_TIMEOUT_MS = 5000,
};

TEACHING void handle_index(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_text(&j, "service", c->app->service);
    fk_json_key(&j, "endpoints");
    fk_json_object(&j);
    for (const struct endpoint *r = endpoints_table; r->path; r++) {
        char path[64];
        snprintf(path, sizeof path, "%s%s%s", r->path, r->text_name ? "/" : "",
            r->text_name ? r->text_name : "");
        answer_text(&j, path, r->about);
    }
    fk_json_end(&j);
    render_json(&j);
}

TEACHING void handle_primes_slow(struct call *c)
{
    struct fk_json j;
    uint32_t limit = (uint32_t)c->number;
    answer_open(c, &j);
    answer_int(&j, "limit", limit);
    bool fast = c->app->features[FEATURE_FAST_PRIMES];
    answer_int(&j, "primes",
        fast ? compute_primes_fast(limit) : compute_primes_slow(limit));
    render_json(&j);
}

TEACHING void handle_primes_fast(struct call *c)
{
    struct fk_json j;
    uint32_t limit = (uint32_t)c->number;
    answer_open(c, &j);
    answer_int(&j, "limit", limit);
    answer_int(&j, "primes", compute_primes_fast(limit));
    render_json(&j);
}

static void open_with_text(struct call *c, struct fk_json *j)
{
    answer_open(c, j);
    fk_json_key(j, "text");
    fk_json_str(j, call_text(c));
}

TEACHING void handle_hash(struct call *c)
{
    struct fk_json j;
    open_with_text(c, &j);
    answer_hex(&j, "hash", compute_hash(call_text(c)));
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
    open_with_text(c, &j);
    answer_hex(&j, "hash", value);
    answer_text(&j, "cache", words[answer]);
    render_json(&j);
}

TEACHING int64_t simulate_io(int64_t ms)
{
    return wait_ms(ms);
}

TEACHING void handle_slow_io(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_int(&j, "waitMs", c->number);
    answer_int(&j, "lateUs", simulate_io(c->number) / 1000);
    render_json(&j);
}

TEACHING void handle_healthz(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_text(&j, "status", "ok");
    fk_json_end(&j);
}

static void json_requests(struct fk_json *j, struct app *app)
{
    fk_json_key(j, "requests");
    fk_json_object(j);
    for (const struct endpoint *r = endpoints_table; r->path; r++)
        answer_int(j, r->path, (int64_t)app->requests[r - endpoints_table]);
    fk_json_end(j);
}

TEACHING void handle_hello(struct call *c)
{
    struct app *app = c->app;
    struct fk_json j;
    fk_json_init(&j, &c->body);
    fk_json_object(&j);
    answer_text(&j, "kit", "flamekit");
    answer_text(&j, "component", "demoapp");
    answer_text(&j, "version", FK_VERSION);
    answer_text(&j, "run", app->run);
    answer_int(&j, "pid", getpid());
    answer_int(&j, "startedAt", app->started_ms);
    answer_int(&j, "now", fk_wall_ns() / FK_NS_PER_MS);
    answer_text(&j, "service", app->service);
    answer_text(&j, "server", app->server);
    json_requests(&j, app);
    answer_int(&j, "cpuNs", fk_cpu_ns());
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
    answer_hex(&j, "result", hello_profiler());
    answer_int(&j, "from", from);
    answer_int(&j, "until", fk_wall_ns() / FK_NS_PER_MS);

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
