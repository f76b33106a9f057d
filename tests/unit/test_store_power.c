/* 2, 3: the power goes, at any operation, while profiles arrive and are added
 * up. What was acknowledged is there afterwards, once, and no file is
 * damaged. */
#include "common/rng.h"
#include "server/maintain.h"
#include "tests/cut_vfs.h"
#include "tests/store_clock.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRIALS = 300, LYING_TRIALS = 40, MAX_PUTS = 60, APART_MS = 47000 };

struct trial {
    struct fx fx;
    bool acked[MAX_PUTS];
    int found[MAX_PUTS];
    int64_t summed;
    bool wrong; /* something was lost, doubled or damaged */
};

static void set_up(struct trial *t)
{
    *t = (struct trial){0};
    fx_init_clock(&t->fx, T0);
    t->fx.options.keep = (struct store_keep){0};
    t->fx.options.commit_delay_ns = 0;
}

/* Until the power goes. */
static void work(struct trial *t)
{
    struct fx *fx = &t->fx;
    char labels[64], folded[64];
    if (fx->ops->open(&fx->options, &fx->store, NULL))
        return;
    enum fk_err err =
        fx->ops->tenant(fx->store, FK_SLICE("anonymous"), &fx->tenant, NULL);
    for (int i = 0; !err && i < MAX_PUTS && !cut_happened(); i++) {
        snprintf(
            labels, sizeof labels, "service_name=a%d,pod=%d", i % 2, i % 5);
        snprintf(folded, sizeof folded, "main;f%d 1", i);
        /* The clock jumps, so that all kinds of sums are being made. */
        fx_clock_ms += i % 9 == 8 ? 2 * 3600000 : APART_MS;
        err = fx_put(fx, labels, T0 + i * APART_MS, folded);
        t->acked[i] = !err;
    }
    fx_close(fx);
}

static enum fk_err on_point(void *arg, const struct store_point *p)
{
    struct trial *t = arg;
    int64_t i = (p->time_ms - T0) / APART_MS;
    if (i < 0 || i >= MAX_PUTS || p->total != 1)
        t->wrong = true;
    else
        t->found[i]++;
    return FK_OK;
}

static enum fk_err on_run(void *arg, const struct store_run *run)
{
    struct trial *t = arg;
    for (size_t i = 0; i < run->n; i++)
        t->summed += run->values[i];
    return FK_OK;
}

static void look(struct trial *t)
{
    struct fx *fx = &t->fx;
    struct selector all;
    int64_t count = 0;
    selector_init(&all);
    if (fx->ops->open(&fx->options, &fx->store, NULL) ||
        fx->ops->tenant(fx->store, FK_SLICE("anonymous"), &fx->tenant, NULL) ||
        fx->ops->timeline(
            fx->tenant, &all, 0, T0 * 2, NULL, on_point, t, NULL) ||
        fx->ops->merge(fx->tenant, &all, 0, T0 * 2, NULL, on_run, t, NULL))
        t->wrong = true;
    for (int i = 0; i < MAX_PUTS; i++) {
        if (t->found[i] > 1 || t->found[i] < t->acked[i])
            t->wrong = true;
        count += t->found[i];
    }
    t->wrong |= count != t->summed;
    if (fx->store && fx_stats(fx).corrupt + fx_stats(fx).set_aside)
        t->wrong = true;
    fx_close(fx);
}

static bool run_trial(uint64_t seed, bool lies)
{
    struct trial t;
    struct fk_diag diag = {""};
    set_up(&t);
    cut_install(30 + (int64_t)(fk_rng_at(seed, 0) % 1500), lies);
    work(&t);
    cut_lose(seed);
    if (maintain_check(t.fx.dir, stderr, &diag))
        t.wrong = true;
    look(&t);
    fx_fini(&t.fx);
    return !t.wrong;
}

/* The store complains about each cut, and the check names each file. */
static void hush(void)
{
    CHECK(freopen("/dev/null", "w", stderr));
}

TEST_TIMED(no_cut_loses_or_damages_anything, 600)
{
    hush();
    for (uint64_t seed = 0; seed < TRIALS; seed++)
        if (!run_trial(seed, false))
            tap_fail(__FILE__, __LINE__, "seed %d", (int)seed);
}

/* The same eyes see it when a disk only says that it wrote. */
TEST_TIMED(a_disk_that_lies_is_seen_to_lose, 300)
{
    int wrong = 0;
    hush();
    for (uint64_t seed = 0; seed < LYING_TRIALS; seed++)
        wrong += !run_trial(seed, true);
    CHECK(wrong > 0);
}

TAP_MAIN
