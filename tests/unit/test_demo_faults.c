/* demoapp: faults, features and the endpoints behind them. */
#include "demoapp/faults.h"

#include "common/clock.h"
#include "demoapp/app.h"
#include "demoapp/contend.h"
#include "demoapp/digest.h"
#include "demoapp/endpoints.h"
#include "tests/tap.h"

static struct app app = {.service = "test.app", .server = "", .run = ""};

static int status_of(enum call_method method, const char *path, bool local)
{
    struct call c;
    call_init(&c, &app, method);
    c.local = local;
    if (endpoints_find(&c, fk_slice_of(path)))
        endpoints_run(&c);
    int status = c.status;
    call_fini(&c);
    return status;
}

static void open_app(void)
{
    app.cache = cache_new(APP_CACHE_ENTRIES, compute_hash);
    app.sessions = sessions_new();
}

TEST(faults_are_set_from_this_machine_only)
{
    open_app();
    CHECK_INT(status_of(CALL_POST, "/api/faults/leak=on", false), 403);
    CHECK(!app.faults.leak);
    CHECK_INT(status_of(CALL_POST, "/api/faults/leak=on", true), 200);
    CHECK(app.faults.leak);
    CHECK_INT(status_of(CALL_POST, "/api/faults/none", true), 200);
    CHECK(!app.faults.leak);
    CHECK_INT(status_of(CALL_POST, "/api/faults/leak=maybe", true), 400);
    CHECK_INT(status_of(CALL_GET, "/api/faults/leak=on", true), 405);
}

TEST(a_cold_cache_has_forgotten)
{
    uint64_t value;
    open_app();
    CHECK_INT(cache_lookup(app.cache, FK_SLICE("a"), &value), CACHE_MISS);
    CHECK_INT(cache_lookup(app.cache, FK_SLICE("a"), &value), CACHE_HIT);
    CHECK_INT(status_of(CALL_POST, "/api/faults/cache=cold", true), 200);
    CHECK_INT(cache_count(app.cache), 0);
    CHECK_INT(cache_lookup(app.cache, FK_SLICE("a"), &value), CACHE_MISS);
}

TEST(sessions_end_unless_they_leak)
{
    struct sessions *s = sessions_new();
    for (int i = 0; i < SESSIONS_KEPT + 10; i++)
        session_store(s, false);
    CHECK_INT(session_store(s, false), SESSIONS_KEPT);
    for (int i = 0; i < 10; i++)
        session_store(s, true);
    CHECK_INT(session_store(s, true), SESSIONS_KEPT + 11);
    CHECK_INT(session_store(s, false), SESSIONS_KEPT);
    sessions_free(s);
}

TEST(features_are_a_list_of_known_names)
{
    bool on[NUM_FEATURES] = {false};
    struct fk_diag diag = {""};
    CHECK_INT(features_parse("", on, &diag), FK_OK);
    CHECK_INT(features_parse("fast_primes,sharded_lock", on, &diag), FK_OK);
    CHECK(on[FEATURE_FAST_PRIMES] && on[FEATURE_SHARDED_LOCK]);
    CHECK(!on[FEATURE_SESSION_TTL]);
    CHECK_INT(features_parse("faster", on, &diag), FK_ERR_ARG);
}

TEST(every_new_endpoint_answers)
{
    static const char *const paths[] = {"/api/mixed", "/api/report",
        "/api/session", "/api/locked", "/api/spin"};
    open_app();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        tap_diag("%s", paths[i]);
        CHECK_INT(status_of(CALL_GET, paths[i], true), 200);
    }
    /* Without a profiling server there is nothing to flush to. */
    CHECK_INT(status_of(CALL_POST, "/api/kit/flush", true), 503);
}

TEST(locks_hold_for_ten_milliseconds)
{
    int64_t start = fk_mono_ns();
    hold_mutex(1);
    hold_spin(1);
    CHECK(fk_mono_ns() - start >= 2 * CONTEND_HELD_MS * FK_NS_PER_MS);
}

TAP_MAIN
