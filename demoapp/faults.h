/*
 * What can be switched while the service runs (faults, for load plans and
 * instructors) and what a "new version" of it does differently (features,
 * chosen at the start). One table each. Faults are thread-safe.
 */
#ifndef FK_DEMOAPP_FAULTS_H
#define FK_DEMOAPP_FAULTS_H

#include "common/err.h"
#include "common/slice.h"

#include <stdatomic.h>
#include <stdbool.h>

struct app;

enum feature {
    FEATURE_FAST_PRIMES,  /* /api/primes_slow uses the sieve */
    FEATURE_SESSION_TTL,  /* sessions end even when they leak */
    FEATURE_SHARDED_LOCK, /* 16 locks instead of one */
    NUM_FEATURES,
};

struct faults {
    atomic_bool leak;
};

/* "fast_primes,session_ttl"; "" = none. */
FK_MUST_USE enum fk_err features_parse(
    const char *list, bool out[NUM_FEATURES], struct fk_diag *diag);

/* "cache=cold", "leak=on", "leak=off", or "none" for the state at the
 * start. FK_ERR_ARG names what there is. */
FK_MUST_USE enum fk_err faults_set(
    struct app *app, struct fk_slice flag, struct fk_diag *diag);

#endif
