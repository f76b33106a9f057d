/* Readers and writers at once, and answers compared with the oracle. */
#include "common/clock.h"
#include "common/rng.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRITERS = 2, READERS = 2, EACH = 150 };

struct race {
    struct fx *fx;
    int number;
    _Atomic bool *over;
    _Atomic int failures;
};

/* Every profile has a total of 10 in two stacks of one name each. */
static void *write_some(void *arg)
{
    struct race *r = arg;
    char labels[64], folded[64];
    for (int i = 0; i < EACH; i++) {
        uint64_t x = fk_rng_at(7, (uint64_t)(r->number * EACH + i));
        snprintf(labels, sizeof labels, "service_name=app%d,pod=%d",
            (int)(x % 3), (int)(x / 3 % 5));
        snprintf(folded, sizeof folded, "main;f%d;g%d 4\nmain;f%d 6",
            (int)(x % 40), (int)(x / 40 % 9), (int)(x % 40));
        if (fx_put(r->fx, labels, T0 + (int64_t)(x % 200000), folded))
            r->failures++;
    }
    return NULL;
}

static enum fk_err add_run(void *arg, const struct store_run *run)
{
    struct race *r = arg;
    struct store_trie trie;
    int64_t sum = 0;
    if (r->fx->ops->trie_hold(r->fx->tenant, run->trie, &trie))
        return FK_ERR_CORRUPT;
    for (size_t i = 0; i < run->n; i++) {
        struct store_frame f;
        uint32_t node = run->nodes[i];
        if (node >= trie.count || trie.parent[node] >= node ||
            r->fx->ops->frame(r->fx->tenant, run->trie, trie.frame[node], &f))
            r->failures++;
        sum += run->values[i];
    }
    r->fx->ops->trie_release(r->fx->tenant, &trie);
    r->failures += !sum || sum % 10; /* sums of several, once sealed */
    return FK_OK;
}

static enum fk_err skip_series(void *arg, const struct store_series *s)
{
    struct race *r = arg;
    r->failures += s->first_ms > s->last_ms;
    return FK_OK;
}

static void *read_all(void *arg)
{
    struct race *r = arg;
    struct selector all;
    selector_init(&all);
    do {
        r->failures += r->fx->ops->merge(r->fx->tenant, &all, T0,
                           T0 + FX_DAY_MS, NULL, add_run, r, NULL) != FK_OK;
        r->failures += r->fx->ops->series(
                           r->fx->tenant, &all, 0, 0, skip_series, r) != FK_OK;
    } while (!*r->over);
    return NULL;
}

static void run_race(struct fx *fx)
{
    pthread_t thread[WRITERS + READERS];
    struct race race[WRITERS + READERS];
    _Atomic bool over = false;
    for (int i = 0; i < WRITERS + READERS; i++) {
        race[i] = (struct race){.fx = fx, .number = i, .over = &over};
        CHECK_INT(pthread_create(&thread[i], NULL,
                      i < WRITERS ? write_some : read_all, &race[i]),
            0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(thread[i], NULL);
    over = true;
    for (int i = WRITERS; i < WRITERS + READERS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < WRITERS + READERS; i++)
        CHECK_INT(race[i].failures, 0);
}

EVERY_STORE(readers_see_whole_profiles_while_others_write)
{
    run_race(fx);
    CHECK_INT(fx_stats(fx).profiles, WRITERS * EACH);
}

/* ---- against the oracle ---- */

static void compare(struct fx *oracle, struct fx *fx, int questions)
{
    static const char *const selectors[] = {"{}", "{service_name=\"app1\"}",
        "{pod=~\"[13]\"}", "{service_name!=\"app0\",pod!=\"2\"}",
        "{service_name=\"none\"}"};
    for (int i = 0; i < questions; i++) {
        uint64_t x = fk_rng_at(11, (uint64_t)i);
        const char *s = selectors[x % 5];
        int64_t t0 = T0 - 1000 + (int64_t)(x / 5 % 202000);
        int64_t t1 = t0 + (int64_t)(x >> 32 & 0x1FFFF);
        CHECK_STR(fx_merge(fx, s, t0, t1), fx_merge(oracle, s, t0, t1));
        CHECK_STR(fx_timeline(fx, s, t0, t1), fx_timeline(oracle, s, t0, t1));
    }
}

/* Ids of series depend on who came first; so ask for one by one. */
static void compare_series(struct fx *oracle, struct fx *fx)
{
    char selector[64];
    for (int i = 0; i < 15; i++) {
        snprintf(selector, sizeof selector,
            "{service_name=\"app%d\",pod=\"%d\"}", i % 3, i / 3);
        const char *want = fx_series(oracle, selector, 0, 0);
        CHECK(*want);
        CHECK_STR(fx_series(fx, selector, 0, 0), want);
    }
}

TEST_TIMED(after_a_race_sqlite_answers_as_the_oracle_does, 120)
{
    struct fx oracle, fx;
    fx_init(&oracle, &store_memory_ops);
    fx_init(&fx, &store_sqlite_ops);
    fx_open(&oracle);
    fx_open(&fx);
    run_race(&oracle);
    run_race(&fx);
    compare(&oracle, &fx, 150);
    compare_series(&oracle, &fx);
    fx_close(&fx);
    fx_open(&fx);
    compare(&oracle, &fx, 50);
    fx_fini(&fx);
    fx_fini(&oracle);
}

TAP_MAIN
