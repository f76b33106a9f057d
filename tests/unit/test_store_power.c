/* 2, 3: the power goes, at any operation, while profiles arrive and are added
 * up. What was acknowledged is there afterwards, once, and no file is
 * damaged. */
#include "common/rng.h"
#include "server/levels.h"
#include "server/maintain.h"
#include "tests/cut_vfs.h"
#include "tests/store_clock.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TRIALS = 300,
    LYING_TRIALS = 40,
    FORGETTING_TRIALS = 32,
    MAX_PUTS = 60,
    OLD_PUTS = 48,
    APART_MS = 47000
};

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

static enum fk_err add_point(void *arg, const struct store_point *p)
{
    *(int64_t *)arg += p->total;
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

/* ---- while series are forgotten ---- */

/* Two days of four series of one service, added up; one put an hour. */
static void set_up_old_days(struct trial *t)
{
    struct fx *fx = &t->fx;
    struct fx_batch b;
    char labels[64], folded[64];
    set_up(t);
    fx_clock_ms = DAY0;
    fx->options.keep_days = 0;
    fx->options.keep = (struct store_keep){
        .journal_ms = 2 * HOUR_MS, .minutes_ms = 1, .tens_ms = 1};
    fx_open(fx);
    fx_batch_init(&b);
    for (int i = 0; i < OLD_PUTS; i++) {
        snprintf(labels, sizeof labels, "service_name=a,pod=%d", i % 4);
        snprintf(folded, sizeof folded, "main;f%d 1", i);
        fx_batch_add(&b, labels, DAY0 + i * HOUR_MS, folded);
        t->acked[i] = true;
    }
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
    fx_settle(fx, DAY0 + 5 * FX_DAY_MS);
    fx_settle(fx, DAY0 + 5 * FX_DAY_MS + 3 * HOUR_MS);
    fx_close(fx);
    fx->options.keep.series_ms = FX_DAY_MS;
}

/* Until the power goes, or there is nothing left to do; some come late. */
static void forget_series(struct trial *t)
{
    struct fx *fx = &t->fx;
    char folded[64];
    if (fx->ops->open(&fx->options, &fx->store, NULL))
        return;
    enum fk_err err =
        fx->ops->tenant(fx->store, FK_SLICE("anonymous"), &fx->tenant, NULL);
    for (int i = OLD_PUTS; !err && i < MAX_PUTS && !cut_happened(); i++) {
        snprintf(folded, sizeof folded, "main;f%d 1", i);
        err = fx_put(fx, "service_name=a,pod=1", DAY0 + i * MIN_MS, folded);
        t->acked[i] = !err;
        fx_clock_ms += HOUR_MS;
    }
    while (!err && !cut_happened() && fx_stats(fx).seal_rounds < 3)
        usleep(200);
    fx_close(fx);
}

static int64_t all_points(struct fx *fx)
{
    struct selector all;
    int64_t sum = 0;
    selector_init(&all);
    CHECK_INT(fx->ops->timeline(fx->tenant, &all, DAY0, DAY0 + 3 * FX_DAY_MS,
                  NULL, add_point, &sum, NULL),
        0);
    return sum;
}

/* Each stack is one put's own: there once, or not at all. */
static void look_at_stacks(struct trial *t)
{
    struct fx *fx = &t->fx;
    const char *all = fx_merge(fx, ALL, DAY0, DAY0 + 3 * FX_DAY_MS);
    int64_t count = 0;
    for (const char *at = all; (at = strstr(at, "main;f")); at++, count++) {
        char *end;
        long i = strtol(at + strlen("main;f"), &end, 10);
        if (i < 0 || i >= MAX_PUTS || strncmp(end, " 1", 2) ||
            (end[2] && end[2] != '\n'))
            t->wrong = true;
        else
            t->found[i]++;
    }
    t->wrong |= strstr(all, "error") || all_points(fx) != count;
    for (int i = 0; i < MAX_PUTS; i++)
        t->wrong |= t->found[i] > 1 || t->found[i] < t->acked[i];
    t->wrong |= fx_stats(fx).corrupt + fx_stats(fx).set_aside != 0;
    memset(t->found, 0, sizeof t->found);
}

static bool run_forgetting_trial(uint64_t seed, int (*stage)[GROUPS_ALONE + 1])
{
    static const char pod[] = "{pod=\"1\"}";
    struct trial t;
    struct fk_diag diag = {""};
    set_up_old_days(&t);
    cut_install(3 + 5 * (int64_t)seed, false);
    forget_series(&t);
    cut_lose(seed);
    if (maintain_check(t.fx.dir, stderr, &diag))
        t.wrong = true;
    (*stage)[fx_sql_int(&t.fx, "t-anonymous/day-20231114.db",
        "SELECT max(value * (id = 6)) FROM state")]++;
    fx_open(&t.fx);
    look_at_stacks(&t);
    fx_settle(&t.fx, DAY0 + 9 * FX_DAY_MS);
    fx_settle(&t.fx, DAY0 + 9 * FX_DAY_MS + 3 * HOUR_MS);
    look_at_stacks(&t);
    t.wrong |= strcmp(
        fx_merge(&t.fx, pod, DAY0, DAY0 + 2 * FX_DAY_MS), "error: partial");
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

/* Wherever the power goes while the series of a day give way to their group:
 * all is there, by series or by group, and the next run finishes it. */
TEST_TIMED(no_cut_loses_what_series_have_in_common, 300)
{
    int stage[GROUPS_ALONE + 1] = {0};
    hush();
    for (uint64_t seed = 0; seed < FORGETTING_TRIALS; seed++)
        if (!run_forgetting_trial(seed, &stage))
            tap_fail(__FILE__, __LINE__, "seed %d", (int)seed);
    for (int i = 0; i <= GROUPS_ALONE; i++)
        tap_diag("%d cuts at stage %d", stage[i], i);
    CHECK(
        stage[GROUPS_AND_SERIES] && stage[GROUPS_READ] && stage[GROUPS_ALONE]);
}

TAP_MAIN
