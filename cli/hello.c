/*
 * The round trip: the demo app burns CPU in hello_profiler, its agent sends
 * the profile, and the server must give that function back.
 */
#include "cli/client.h"
#include "cli/profile.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <stdio.h>

enum { HELLO_TIMEOUT_S = 15, RETRY_MS = 50 };

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

enum fk_err stack_hello(const struct kit *kit, struct fk_diag *diag)
{
    char service[128], selector[192];
    int64_t from_ms = fk_wall_ns() / FK_NS_PER_MS - 1000;
    int64_t deadline = fk_mono_ns() + HELLO_TIMEOUT_S * FK_NS_PER_S;
    enum fk_err err = service_of(kit, service, diag);
    if (!err)
        err = burn(kit, diag);
    if (err)
        return err;
    snprintf(selector, sizeof selector, "{service_name=\"%s\"}", service);
    while (fk_mono_ns() < deadline) {
        struct profile p;
        struct profile_query query = {
            PROFILE_CPU, selector, from_ms, fk_wall_ns() / FK_NS_PER_MS + 1000};
        if ((err = profile_fetch(kit->server, &query, &p, diag)))
            return err;
        bool found = profile_total_of(&p, "hello_profiler") > 0;
        profile_fini(&p);
        if (found)
            return FK_OK;
        fk_sleep_until_mono(fk_mono_ns() + RETRY_MS * FK_NS_PER_MS);
    }
    return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
        "hello_profiler ran in the demo app but its profile did not reach %s "
        "within %d s; see .flamekit/log/demoapp and .flamekit/log/server",
        kit->server, HELLO_TIMEOUT_S);
}

int verb_hello(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct fk_diag diag = {""};
    if (stack_hello(kit, &diag))
        return verb_fail(3, &diag);
    printf("hello     wrote a profile, read it back\n");
    return 0;
}
