/* The endpoints of later scenarios, and those that the kit itself calls. */
#include "demoapp/answer.h"
#include "demoapp/app.h"
#include "demoapp/contend.h"
#include "demoapp/endpoints.h"
#include "demoapp/handlers.h"
#include "demoapp/primes.h"
#include "demoapp/profiler.h"
#include "demoapp/teaching.h"
#include "demoapp/wait.h"

#include "common/clock.h"

#include <time.h>

enum { FLUSH_TIMEOUT_MS = 5000 };

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

static TEACHING int64_t wait_as_long(int64_t ns)
{
    return wait_ns(ns);
}

/* Half work, half wait, on any machine. */
TEACHING void handle_mixed(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    int64_t before = thread_cpu_ns();
    answer_int(&j, "primes", compute_primes_slow(PRIMES_LIMIT));
    int64_t cpu = thread_cpu_ns() - before;
    answer_int(&j, "cpuUs", cpu / 1000);
    wait_as_long(cpu);
    render_json(&j);
}

TEACHING void handle_report(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_int(&j, "bytes", REPORT_BYTES);
    answer_hex(&j, "sum", build_report());
    render_json(&j);
}

TEACHING void handle_session(struct call *c)
{
    struct app *app = c->app;
    struct fk_json j;
    bool leaking = app->faults.leak && !app->features[FEATURE_SESSION_TTL];
    answer_open(c, &j);
    answer_int(&j, "sessions", (int64_t)session_store(app->sessions, leaking));
    render_json(&j);
}

static unsigned shards_of(const struct app *app)
{
    return app->features[FEATURE_SHARDED_LOCK] ? CONTEND_SHARDS_MAX : 1;
}

TEACHING void handle_locked(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_int(&j, "heldMs", CONTEND_HELD_MS);
    hold_mutex(shards_of(c->app));
    render_json(&j);
}

TEACHING void handle_spin(struct call *c)
{
    struct fk_json j;
    answer_open(c, &j);
    answer_int(&j, "heldMs", CONTEND_HELD_MS);
    hold_spin(shards_of(c->app));
    render_json(&j);
}

/* ---- for the kit ----------------------------------------------------------
 */

TEACHING void handle_faults(struct call *c)
{
    struct fk_json j;
    struct fk_diag diag = {""};
    if (!c->local) {
        call_fail(c, 403, "Faults are set from this machine only.");
        return;
    }
    if (faults_set(c->app, call_text(c), &diag)) {
        call_fail(c, 400, "%s", diag.text);
        return;
    }
    answer_open(c, &j);
    fk_json_key(&j, "set");
    fk_json_str(&j, call_text(c));
    fk_json_end(&j);
}

/* A phase of load ends with this, so that its last profile arrives now and
 * not with the first requests of the next phase in it. */
TEACHING void handle_flush(struct call *c)
{
    struct fk_json j;
    struct fk_diag diag = {""};
    if (profiler_flush(FLUSH_TIMEOUT_MS, &diag)) {
        call_fail(c, 503, "%s", diag.text);
        return;
    }
    answer_open(c, &j);
    fk_json_key(&j, "flushed");
    fk_json_bool(&j, true);
    fk_json_end(&j);
}
