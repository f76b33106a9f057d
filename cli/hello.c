/*
 * The round trip: the demo app burns CPU in hello_profiler, its agent sends
 * the profile, and the server must give back what that request burnt. (By its
 * label, not by the name of the function: BUILD=stripped has no names.)
 */
#include "cli/client.h"
#include "cli/profile.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <stdio.h>

enum { HELLO_TIMEOUT_S = 15, RETRY_MS = 50, LOOK_BACK_S = 120 };

static enum fk_err burn(const struct kit *kit, struct fk_diag *diag)
{
    json_t *answer = NULL;
    struct client_request ask = {
        "POST", kit->app, "/api/kit/hello_profiler", "{}", HELLO_TIMEOUT_S};
    enum fk_err err = client_json(&ask, &answer, diag);
    json_decref(answer);
    return err;
}

static enum fk_err service_of(
    const struct kit *kit, char service[128], struct fk_diag *diag)
{
    json_t *hello = NULL;
    struct client_request ask = {"GET", kit->app, "/api/kit/hello", NULL, 5};
    enum fk_err err = client_json(&ask, &hello, diag);
    if (!err) {
        const char *name = json_string_value(json_object_get(hello, "service"));
        snprintf(service, 128, "%s", name ? name : "workshop.demo.app");
    }
    json_decref(hello);
    return err;
}

/* CPU time of that request that the server knows of. A profile carries the
 * time of its interval's start, which may be one upload ago or more. */
static enum fk_err known_ns(const struct kit *kit, const char *service,
    int64_t from_ms, int64_t *ns, struct fk_diag *diag)
{
    char selector[256];
    struct profile p;
    snprintf(selector, sizeof selector,
        "{service_name=\"%s\",endpoint=\"/api/kit/hello_profiler\"}", service);
    struct profile_query query = {
        PROFILE_CPU, selector, from_ms, fk_wall_ns() / FK_NS_PER_MS + 1000};
    enum fk_err err = profile_fetch(kit->server, &query, &p, diag);
    if (err)
        return err;
    *ns = profile_total(&p);
    profile_fini(&p);
    return FK_OK;
}

enum fk_err stack_hello(const struct kit *kit, struct fk_diag *diag)
{
    char service[128];
    int64_t before_ns = 0, after_ns = 0;
    int64_t from_ms = fk_wall_ns() / FK_NS_PER_MS - LOOK_BACK_S * 1000;
    int64_t deadline = fk_mono_ns() + HELLO_TIMEOUT_S * FK_NS_PER_S;
    enum fk_err err = service_of(kit, service, diag);
    if (!err)
        err = known_ns(kit, service, from_ms, &before_ns, diag);
    if (!err)
        err = burn(kit, diag);
    while (!err && fk_mono_ns() < deadline) {
        err = known_ns(kit, service, from_ms, &after_ns, diag);
        if (!err && after_ns > before_ns)
            return FK_OK;
        fk_sleep_until_mono(fk_mono_ns() + RETRY_MS * FK_NS_PER_MS);
    }
    return err ? err
               : fk_diag_set(diag, FK_ERR_UNAVAILABLE,
                     "hello_profiler ran in the demo app but its profile did "
                     "not reach %s within %d s; see .flamekit/log/demoapp and "
                     ".flamekit/log/server",
                     kit->server, HELLO_TIMEOUT_S);
}

int verb_hello(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct fk_diag diag = {""};
    enum fk_err err = FK_OK;
    if (!*kit->run)
        err = fk_diag_set(
            &diag, FK_ERR_UNAVAILABLE, "nothing is up; type `make up` first");
    if (!err)
        err = stack_hello(kit, &diag);
    if (err)
        return verb_fail(3, &diag);
    printf("hello     wrote a profile, read it back\n");
    return 0;
}
