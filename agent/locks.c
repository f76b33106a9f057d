#include "agent/locks.h"

#include <errno.h>
#include <pthread.h>

#include "agent/capture.h"
#include "agent/counters.h"
#include "agent/own.h"
#include "agent/poisson.h"
#include "agent/sites.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/rng.h"

#define SITE_AMOUNTS FK_KIND_VALUES /* nothing stays */

bool fk_locks_hooked;
_Atomic bool fk_locks_on;

static _Thread_local int64_t credit_ns;
static _Thread_local uint64_t draws;

/* `lock` guards the sites. Those who hold it wait for nothing. */
static struct {
    pthread_mutex_t lock;
    struct fk_sites *sites;
    uint64_t mean_ns;
    uint64_t lost; /* ns, since the last drain */
} locks = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t draw(void)
{
    if (draws == 0)
        draws = (uint64_t)fk_mono_ns() ^ (uintptr_t)&draws << 20;
    return fk_rng_at(fk_hash_seed(), draws++);
}

static void keep_sample(int64_t ns, const struct fk_trace *trace)
{
    double weight = fk_poisson_weight((uint64_t)ns, locks.mean_ns);
    const int64_t values[FK_KIND_VALUES] = {fk_poisson_round(weight, draw()),
        fk_poisson_round(weight * (double)ns, draw())};
    pthread_mutex_lock(&locks.lock);
    bool kept = fk_sites_add(locks.sites, trace, values) != FK_SITES_NONE;
    locks.lost += kept ? 0 : (uint64_t)values[1];
    pthread_mutex_unlock(&locks.lock);
    fk_count(kept ? &fk_counters.lock_samples : &fk_counters.lock_lost, 1);
}

int64_t fk_locks_begin(void)
{
    return fk_own_busy ? 0 : fk_mono_ns();
}

void fk_locks_end(int64_t begin_ns, const void *caller)
{
    if (begin_ns == 0 || fk_own_busy)
        return;
    int saved_errno = errno;
    int64_t ns = fk_mono_ns() - begin_ns;
    if (draws == 0)
        credit_ns = fk_poisson_distance(draw(), locks.mean_ns);
    credit_ns -= ns;
    if (credit_ns < 0) {
        struct fk_capture c;
        fk_own_busy = true;
        credit_ns = fk_poisson_distance(draw(), locks.mean_ns);
        fk_capture_take(&c, caller);
        keep_sample(ns, &c.trace);
        fk_own_busy = false;
    }
    errno = saved_errno;
}

/* ---- the agent's side ----------------------------------------------------
 */

int fk_locks_start(uint64_t mean_ns)
{
    if (locks.sites == NULL)
        locks.sites = fk_sites_new(SITE_AMOUNTS);
    if (locks.sites == NULL)
        return -ENOMEM;
    locks.mean_ns = mean_ns;
    atomic_store(&fk_locks_on, true);
    return 0;
}

void fk_locks_stop(void)
{
    atomic_store(&fk_locks_on, false);
}

struct drained {
    struct fk_profile *profile;
    uint64_t lost;
};

static void emit(void *arg, const struct fk_trace *trace, const int64_t *values)
{
    struct drained *d = arg;
    if (!fk_profile_put(d->profile, trace, values))
        d->lost++;
}

enum fk_err fk_locks_drain(void *unused, struct fk_profile *p, uint64_t *lost)
{
    (void)unused;
    struct drained d = {.profile = p};
    if (locks.sites == NULL)
        return FK_OK;
    pthread_mutex_lock(&locks.lock);
    fk_sites_cut(locks.sites);
    d.lost = locks.lost;
    locks.lost = 0;
    pthread_mutex_unlock(&locks.lock);
    fk_sites_emit(locks.sites, emit, &d);
    *lost += d.lost;
    return FK_OK;
}

void fk_locks_fork_prepare(void)
{
    pthread_mutex_lock(&locks.lock);
}

void fk_locks_fork_done(void)
{
    pthread_mutex_unlock(&locks.lock);
}
