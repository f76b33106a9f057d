/* CPU time is counted once and shared out truly: in threads that end before
 * anybody looks, and in work that comes round with the sampling period.
 * Numbers are the pitfalls of the agent's design. */
#include "agent/flamekit.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

static struct received upload(void)
{
    struct received r;
    size_t len;
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned n = fake_server_count(host_server());
    const void *body = fake_server_body(host_server(), n - 1, &len);
    received_read(&r, body, len);
    return r;
}

/* ---- threads that end ----------------------------------------------------
 */

#define BRIEF_THREADS HOST_FULL(300, 60)

static _Atomic int64_t brief_ns;

static void *brief(void *arg)
{
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_burn(2 * FK_NS_PER_MS);
    flamekit_thread_unregister();
    atomic_fetch_add(&brief_ns, host_cpu_ns());
    return arg;
}

static void brief_threads_count(unsigned rate)
{
    host_start(rate);
    host_wait_sampled();
    uint64_t before = host_stats().samples;
    int64_t main_before = host_cpu_ns();
    for (int i = 0; i < BRIEF_THREADS; i++) {
        pthread_t t;
        CHECK_INT(pthread_create(&t, NULL, brief, NULL), 0);
        pthread_join(t, NULL);
    }
    double cpu = (double)(brief_ns + host_cpu_ns() - main_before);
    double got = (double)(host_stats().samples - before) / rate * 1e9;
    tap_diag("%u Hz: %.1f %% of %.0f ms", rate, 100 * got / cpu, cpu / 1e6);
    /* What a thread does outside of its registration is not ours to see. */
    CHECK(got > HOST_FULL(0.9, 0.8) * cpu - 2e9 / rate);
    CHECK(got < 1.02 * cpu + 2e9 / rate);
    struct received r = upload();
    CHECK(received_of(&r, 0, "brief") * HOST_FULL(100, 120) >=
          received_total(&r, 0) * 90);
    received_free(&r);
    flamekit_shutdown();
}

TEST(pitfall_8_brief_threads_count_at_100_hz)
{
    brief_threads_count(100);
}

TEST(pitfall_8_brief_threads_count_at_1000_hz)
{
    brief_threads_count(1000);
}

/* ---- work in step with the samples ---------------------------------------
 */

#define CYCLE_NS (10 * FK_NS_PER_MS)

__attribute__((noipa)) static void two_fifths(int64_t until)
{
    while (host_cpu_ns() < until)
        host_spin(500);
    __asm__ volatile("");
}

__attribute__((noipa)) static void three_fifths(int64_t until)
{
    while (host_cpu_ns() < until)
        host_spin(500);
    __asm__ volatile("");
}

static int64_t tick_ns(void)
{
    struct timespec t = {0};
    clock_getres(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

/* Each cycle is as long as the period. The kernel looks at CPU timers on its
 * ticks, which are 2 ms apart in the cycle (4 ms, 10 ms): two of five fall
 * into the first part, wherever the first one is. */
TEST_TIMED(pitfall_6_work_as_long_as_the_period_is_not_met_in_step, 60)
{
    if (tick_ns() != 4 * FK_NS_PER_MS && tick_ns() > FK_NS_PER_MS)
        tap_skip("this kernel's tick and a period of 10 ms have no cycle");
    host_start(100);
    host_wait_sampled();
    received_free(&(struct received[]){upload()}[0]);
    int64_t at = host_cpu_ns();
    for (int i = 0; i < 500; i++, at += CYCLE_NS) {
        two_fifths(at + CYCLE_NS * 2 / 5);
        three_fifths(at + CYCLE_NS);
    }
    struct received r = upload();
    double a = (double)received_of(&r, 0, "two_fifths");
    double b = (double)received_of(&r, 0, "three_fifths");
    tap_diag("%.1f %% of %.0f samples, truth 40 %%", 100 * a / (a + b), a + b);
    CHECK(a + b > 480);
    /* 500 independent samples have a deviation of 2.2 points. */
    CHECK(fabs(a / (a + b) - 0.4) < 0.11);
    received_free(&r);
    flamekit_shutdown();
}

TAP_MAIN
