#include "demoapp/faults.h"

#include "demoapp/app.h"

static const char *const feature_names[NUM_FEATURES] = {
    [FEATURE_FAST_PRIMES] = "fast_primes",
    [FEATURE_SESSION_TTL] = "session_ttl",
    [FEATURE_SHARDED_LOCK] = "sharded_lock",
};

static bool set_feature(struct fk_slice name, bool out[NUM_FEATURES])
{
    for (size_t i = 0; i < NUM_FEATURES; i++)
        if (fk_slice_eqz(name, feature_names[i]))
            return out[i] = true;
    return false;
}

enum fk_err features_parse(
    const char *list, bool out[NUM_FEATURES], struct fk_diag *diag)
{
    struct fk_slice rest = fk_slice_of(list), name;
    while (fk_slice_split(&rest, ',', &name))
        if (name.len && !set_feature(name, out))
            return fk_diag_set(diag, FK_ERR_ARG,
                "There is no feature \"" FK_SLICE_FMT "\"; FEATURE is a list "
                "of fast_primes, session_ttl and sharded_lock.",
                FK_SLICE_ARG(name));
    return FK_OK;
}

static void cool_cache(struct app *app)
{
    cache_clear(app->cache);
}

static void start_leak(struct app *app)
{
    app->faults.leak = true;
}

static void stop_leak(struct app *app)
{
    app->faults.leak = false;
}

static const struct {
    const char *flag;
    void (*set)(struct app *app);
} flags[] = {
    {"cache=cold", cool_cache},
    {"leak=on", start_leak},
    {"leak=off", stop_leak},
    {"none", stop_leak},
};

enum fk_err faults_set(
    struct app *app, struct fk_slice flag, struct fk_diag *diag)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!fk_slice_eqz(flag, flags[i].flag))
            continue;
        flags[i].set(app);
        return FK_OK;
    }
    return fk_diag_set(diag, FK_ERR_ARG,
        "There is no such fault; known are cache=cold, leak=on, leak=off and "
        "none.");
}
