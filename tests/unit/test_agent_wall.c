/*
 * Wall-clock profiles of a living program: what threads do and where they
 * wait adds up, and none of them notices. Numbers are the pitfalls of the
 * agent's design.
 */
#include "agent/flamekit.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

/* ---- a program ------------------------------------------------------------*/

#define PHASE_MS 25

static _Atomic bool stop;

__attribute__((noipa)) static void sleeps(int64_t ms)
{
    host_nap_ms(ms);
    __asm__ volatile("");
}

__attribute__((noipa)) static void polls(int64_t ms)
{
    poll(NULL, 0, (int)ms);
    __asm__ volatile("");
}

__attribute__((noipa)) static void burns(int64_t ms)
{
    host_burn(ms * FK_NS_PER_MS);
    __asm__ volatile("");
}

/* What the three take, by the program's own clock. */
enum { BURNS, SLEEPS, POLLS, DEEDS };

static const char *const names[DEEDS] = {"burns", "sleeps", "polls"};
static int64_t truth[DEEDS];

static void *burn_sleep_poll(void *arg)
{
    static void (*const deeds[DEEDS])(int64_t) = {burns, sleeps, polls};
    flamekit_thread_register("mixed");
    int64_t at = fk_mono_ns();
    while (!atomic_load(&stop))
        for (int i = 0; i < DEEDS; i++) {
            deeds[i](PHASE_MS);
            int64_t now = fk_mono_ns();
            truth[i] += now - at;
            at = now;
        }
    return arg;
}

static void *hog(void *arg)
{
    while (!atomic_load(&stop))
        host_spin(10000);
    return arg;
}

static void start_wall(void)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register("main");
    host_wait_sampled();
}

static void receive(struct received *r, const char *series)
{
    size_t len;
    unsigned last = fake_server_count(host_server()) - 1;
    const void *bytes = fake_server_body(host_server(), last, &len);
    CHECK(received_read_named(r, bytes, len, series));
}

/* ---- shares ---------------------------------------------------------------*/

/* The largest difference between a deed's share and the truth, in points. */
static double worst_share(int hogs, double *total_error)
{
    pthread_t t, hog_threads[8];
    atomic_store(&stop, false);
    memset(truth, 0, sizeof(truth));
    for (int i = 0; i < hogs; i++)
        CHECK_INT(pthread_create(&hog_threads[i], NULL, hog, NULL), 0);
    CHECK_INT(pthread_create(&t, NULL, burn_sleep_poll, NULL), 0);
    host_nap_ms(5000);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    for (int i = 0; i < hogs; i++)
        pthread_join(hog_threads[i], NULL);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    receive(&r, "wall");
    double worst = 0, all = (double)received_of(&r, 0, "burn_sleep_poll");
    double time = (double)(truth[0] + truth[1] + truth[2]);
    *total_error = 100 * fabs(all - time) / time;
    for (int i = 0; i < DEEDS; i++) {
        double got = 100 * (double)received_of(&r, 0, names[i]) / all;
        double want = 100 * (double)truth[i] / time;
        tap_diag(
            "%d hogs: %s %.1f %%, truth %.1f %%", hogs, names[i], got, want);
        worst = fmax(worst, fabs(got - want));
    }
    received_free(&r);
    return worst;
}

/* An estimate from a few hundred looks: one that misses is made again. */
static void shares_are_true(int hogs)
{
    double total_error = 100, worst = 100;
    start_wall();
    for (int tries = 0; tries < 4 && (worst > 3 || total_error > 5); tries++)
        worst = worst_share(hogs, &total_error);
    flamekit_shutdown();
    CHECK(worst <= 3);
    CHECK(total_error <= 5);
}

TEST(shares_of_burning_sleeping_and_polling_are_true)
{
    shares_are_true(0);
}

TEST(pitfall_48_shares_are_true_beside_cpu_hogs)
{
    shares_are_true(4);
}

TAP_MAIN
