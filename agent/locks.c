#include "agent/locks.h"

#include <errno.h>
#include <pthread.h>

#include "agent/capture.h"
#include "agent/counters.h"
#include "agent/own.h"
#include "agent/poisson.h"
#include "agent/sites.h"
#include "common/clock.h"

#define SITE_AMOUNTS FK_KIND_VALUES /* nothing stays */

bool fk_locks_hooked;
_Atomic bool fk_locks_on;

static _Thread_local struct {
    bool begun;
    int64_t ns;
} credit;

/* Those who hold the ledger's lock wait for nothing. What is lost: ns. */
static struct {
    struct fk_ledger ledger;
    uint64_t mean_ns;
} locks = {.ledger.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep_sample(int64_t ns, const struct fk_trace *trace)
{
    double weight = fk_poisson_weight((uint64_t)ns, locks.mean_ns);
    const int64_t values[FK_KIND_VALUES] = {
        fk_poisson_round(weight, fk_poisson_draw()),
        fk_poisson_round(weight * (double)ns, fk_poisson_draw())};
    pthread_mutex_lock(&locks.ledger.lock);
    bool kept =
        fk_sites_add(locks.ledger.sites, trace, values) != FK_SITES_NONE;
    locks.ledger.lost += kept ? 0 : (uint64_t)values[1];
    pthread_mutex_unlock(&locks.ledger.lock);
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
    if (!credit.begun)
        credit.ns = fk_poisson_distance(fk_poisson_draw(), locks.mean_ns);
    credit.begun = true;
    credit.ns -= ns;
    if (credit.ns < 0) {
        struct fk_capture c;
        fk_own_busy = true;
        credit.ns = fk_poisson_distance(fk_poisson_draw(), locks.mean_ns);
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
    if (locks.ledger.sites == NULL)
        locks.ledger.sites = fk_sites_new(SITE_AMOUNTS);
    if (locks.ledger.sites == NULL)
        return -ENOMEM;
    locks.mean_ns = mean_ns;
    atomic_store(&fk_locks_on, true);
    return 0;
}

void fk_locks_stop(void)
{
    atomic_store(&fk_locks_on, false);
}

enum fk_err fk_locks_drain(void *unused, struct fk_profile *p, uint64_t *lost)
{
    (void)unused;
    fk_ledger_drain(&locks.ledger, p, lost);
    return FK_OK;
}

void fk_locks_fork_prepare(void)
{
    pthread_mutex_lock(&locks.ledger.lock);
}

void fk_locks_fork_done(void)
{
    pthread_mutex_unlock(&locks.ledger.lock);
}
