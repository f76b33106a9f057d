/*
 * Wall-clock profiles of a living program: what threads do and where they
 * wait adds up, and none of them notices. Numbers are the pitfalls of the
 * agent's design.
 */
#include "agent/flamekit.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

/* ---- a program ------------------------------------------------------------*/

#define PHASE_US 25000
#define BLINK_US 300

static _Atomic bool stop;

__attribute__((noipa)) static void sleeps(int64_t us)
{
    host_nap_ms(us / 1000);
    __asm__ volatile("");
}

__attribute__((noipa)) static void polls(int64_t us)
{
    poll(NULL, 0, (int)(us / 1000));
    __asm__ volatile("");
}

__attribute__((noipa)) static void burns(int64_t us)
{
    host_burn(us * 1000);
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
            deeds[i](PHASE_US);
            int64_t now = fk_mono_ns();
            truth[i] += now - at;
            at = now;
        }
    return arg;
}

/* What it does is too little for any scheduler to take it off: when it comes
 * late it was late to wake up. */
static void *sleep_and_blink(void *arg)
{
    flamekit_thread_register("blinks");
    int64_t at = fk_mono_ns();
    while (!atomic_load(&stop)) {
        sleeps(PHASE_US);
        int64_t woken = fk_mono_ns();
        truth[SLEEPS] += woken - at;
        burns(BLINK_US);
        at = fk_mono_ns();
        truth[BURNS] += at - woken;
    }
    return arg;
}

struct actor {
    const char *name;
    void *(*play)(void *);
};

static const struct actor mixed = {"burn_sleep_poll", burn_sleep_poll};
static const struct actor blinks = {"sleep_and_blink", sleep_and_blink};

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
static double worst_share(
    const struct actor *actor, int hogs, double *total_error)
{
    pthread_t t, hog_threads[8];
    atomic_store(&stop, false);
    memset(truth, 0, sizeof(truth));
    for (int i = 0; i < hogs; i++)
        CHECK_INT(pthread_create(&hog_threads[i], NULL, hog, NULL), 0);
    CHECK_INT(pthread_create(&t, NULL, actor->play, NULL), 0);
    host_nap_ms(5000);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    for (int i = 0; i < hogs; i++)
        pthread_join(hog_threads[i], NULL);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    receive(&r, "wall");
    double worst = 0, all = (double)received_of(&r, 0, actor->name);
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
static void shares_are_true(const struct actor *actor, int hogs)
{
    double total_error = 100, worst = 100;
    start_wall();
    for (int tries = 0; tries < 4 && (worst > 3 || total_error > 5); tries++)
        worst = worst_share(actor, hogs, &total_error);
    flamekit_shutdown();
    CHECK(worst <= 3);
    CHECK(total_error <= 5);
}

TEST(shares_of_burning_sleeping_and_polling_are_true)
{
    shares_are_true(&mixed, 0);
}

TEST(pitfall_48_shares_are_true_beside_cpu_hogs)
{
    shares_are_true(&mixed, 4);
}

TEST(who_is_late_to_wake_up_was_still_in_the_call)
{
    shares_are_true(&blinks, 4);
}

/* Half computing, half sleeping: one view each. */
static void *half_and_half(void *arg)
{
    flamekit_thread_register("half");
    while (!atomic_load(&stop)) {
        int64_t at = fk_mono_ns();
        burns(PHASE_US);
        sleeps((fk_mono_ns() - at) / 1000);
    }
    return arg;
}

/* How far the wall's half is from a half, in points. */
static double half_error(void)
{
    pthread_t t;
    atomic_store(&stop, false);
    CHECK_INT(pthread_create(&t, NULL, half_and_half, NULL), 0);
    host_nap_ms(4000);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received cpu, wall;
    receive(&cpu, "process_cpu");
    receive(&wall, "wall");
    int64_t on_cpu = received_of(&cpu, 1, "half_and_half");
    CHECK(on_cpu > FK_NS_PER_S / 5);
    /* Going to sleep takes a moment, too. */
    CHECK(received_of(&cpu, 1, "sleeps") * 50 <= on_cpu);
    double all = (double)received_of(&wall, 0, "half_and_half");
    double half = 100 * (double)received_of(&wall, 0, "burns") / all;
    tap_diag("wall: %.1f %% computes", half);
    received_free(&cpu);
    received_free(&wall);
    return fabs(half - 50);
}

TEST(cpu_shows_computing_and_wall_shows_both)
{
    double error = 100;
    start_wall();
    for (int tries = 0; tries < 4 && error > 3; tries++)
        error = half_error();
    flamekit_shutdown();
    CHECK(error <= 3);
}

/* ---- who is seen ----------------------------------------------------------*/

static sem_t forever;

__attribute__((noipa)) static void waits(void)
{
    sem_wait(&forever);
    __asm__ volatile("");
}

__attribute__((noipa)) static void waits_tagged(void)
{
    FLAMEKIT_TAG("endpoint", "/wait");
    waits();
}

static void *tagged(void *arg)
{
    waits_tagged();
    waits();
    return arg;
}

TEST(waiting_has_the_tags_of_the_waiter)
{
    pthread_t t;
    start_wall();
    CHECK_INT(pthread_create(&t, NULL, tagged, NULL), 0);
    host_nap_ms(1000);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    receive(&r, "wall");
    int64_t with = received_label(&r, 0, "endpoint", "/wait");
    CHECK(with > 700 * FK_NS_PER_MS);
    CHECK_INT(received_of(&r, 0, "waits"), with);
    received_free(&r);
    sem_post(&forever);
    host_nap_ms(1000);
    CHECK_INT(flamekit_flush(10000), 0);
    receive(&r, "wall");
    CHECK(received_of(&r, 0, "waits") > 700 * FK_NS_PER_MS);
    CHECK(received_label(&r, 0, "endpoint", "/wait") < 100 * FK_NS_PER_MS);
    received_free(&r);
    sem_post(&forever);
    pthread_join(t, NULL);
    flamekit_shutdown();
}

TEST(pitfall_44_the_agents_threads_are_in_no_profile)
{
    static const char *const ours[] = {"wall_main", "worker_main"};
    start_wall();
    burns(200 * 1000);
    host_nap_ms(800);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    for (int s = 0; s < 2; s++) {
        receive(&r, s ? "wall" : "process_cpu");
        for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
            CHECK_INT(received_of(&r, 0, ours[i]), 0);
        CHECK(received_of(&r, 0, "tap_main") > 0);
        received_free(&r);
    }
    flamekit_shutdown();
}

TEST(pitfall_10_threads_without_a_timer_are_seen)
{
    pthread_t t;
    struct rlimit limit = {0, 0};
    CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(pthread_create(&t, NULL, burn_sleep_poll, NULL), 0);
    host_nap_ms(2000);
    CHECK(host_stats().no_timer >= 2);
    CHECK_INT(flamekit_flush(10000), 0);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    struct received r;
    receive(&r, "wall");
    CHECK(received_of(&r, 0, "sleeps") > 100 * FK_NS_PER_MS);
    CHECK(received_of(&r, 0, "polls") > 100 * FK_NS_PER_MS);
    CHECK(received_of(&r, 0, "[running]") > 100 * FK_NS_PER_MS);
    received_free(&r);
    flamekit_shutdown();
}

TEST(what_happens_while_it_is_off_is_in_no_profile)
{
    start_wall();
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_WALL, 0), 0);
    CHECK_INT(flamekit_flush(10000), 0);
    uint64_t before = host_stats().wall_ns;
    sleeps(300 * 1000);
    burns(100 * 1000);
    CHECK_INT(host_stats().wall_ns, before);
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_WALL, 1), 0);
    sleeps(500 * 1000);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    receive(&r, "wall");
    double seen = (double)received_of(&r, 0, "sleeps") / 1e6;
    tap_diag("%.0f ms of 500", seen);
    CHECK(seen > 350 && seen < 750);
    received_free(&r);
    flamekit_shutdown();
}

TEST(wall_alone_has_running_and_waiting)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_WALL;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register("main");
    host_wait_sampled();
    burns(300 * 1000);
    sleeps(300 * 1000);
    CHECK_INT(flamekit_flush(10000), 0);
    struct received r;
    receive(&r, "wall");
    CHECK_INT(r.num_series, 1);
    CHECK(fk_slice_eqz(r.profile.types[0].type, "wall"));
    CHECK(fk_slice_eqz(r.profile.types[0].unit, "nanoseconds"));
    tap_diag("burns %.0f ms, sleeps %.0f ms",
        (double)received_of(&r, 0, "burns") / 1e6,
        (double)received_of(&r, 0, "sleeps") / 1e6);
    CHECK(received_of(&r, 0, "burns") >= 250 * FK_NS_PER_MS);
    CHECK(received_of(&r, 0, "sleeps") >= 200 * FK_NS_PER_MS);
    CHECK_INT(host_stats().samples, 0);
    received_free(&r);
    flamekit_shutdown();
}

TAP_MAIN
