/* The demo app's teaching functions: right answers, costs by count. */
#include "demoapp/digest.h"
#include "demoapp/handlers.h"
#include "demoapp/primes.h"
#include "demoapp/wait.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

TEST(primes_are_right)
{
    static const struct {
        uint32_t limit, primes;
    } rows[] = {{0, 0}, {1, 0}, {2, 0}, {3, 1}, {4, 2}, {5, 2}, {6, 3}, {10, 4},
        {100, 25}, {1000, 168}, {7919, 999}, {7920, 1000}, {100000, 9592},
        {PRIMES_LIMIT, 25997}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(compute_primes_slow(rows[i].limit), rows[i].primes);
        CHECK_INT(compute_primes_fast(rows[i].limit), rows[i].primes);
    }
}

static double cpu_ms(struct fk_slice text)
{
    struct timespec a, b;
    double best = 1e9;
    for (int i = 0; i < 7; i++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        uint64_t hash = compute_hash(text);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        CHECK_INT(hash, compute_hash(text));
        double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 +
                    (double)(b.tv_nsec - a.tv_nsec) / 1e6;
        best = ms < best ? ms : best;
    }
    return best;
}

TEST(hash_costs_the_same_for_every_length)
{
    static char text[1024];
    memset(text, 'x', sizeof text);
    double longest = cpu_ms((struct fk_slice){text, sizeof text});
    double shortest = cpu_ms((struct fk_slice){text, 1});
    tap_diag("1 byte %.3f ms, 1 KB %.3f ms", shortest, longest);
    CHECK(longest < 1.5 * shortest);
    CHECK(shortest < 1.5 * longest);
}

TEST(hash_depends_on_every_byte)
{
    uint64_t ab = compute_hash(FK_SLICE("ab"));
    CHECK(ab != compute_hash(FK_SLICE("ba")));
    CHECK(ab != compute_hash(FK_SLICE("abc")));
    CHECK(ab != compute_hash(FK_SLICE("a")));
    CHECK(ab != compute_hash(FK_SLICE("")));
}

static volatile sig_atomic_t ticks;

static void on_alarm(int number)
{
    (void)number;
    ticks++;
}

/* A wall-clock profiler's signals must not make the wait shorter. */
TEST(io_waits_out_signals)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval every_10_ms = {{0, 10000}, {0, 10000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every_10_ms, NULL);
    int64_t start = fk_mono_ns();
    int64_t late = simulate_io(WAIT_USUAL_MS);
    int64_t waited = fk_mono_ns() - start;
    CHECK(ticks >= 1); /* more, unless others have the CPU */
    CHECK(late >= 0);
    CHECK(waited >= 200 * FK_NS_PER_MS);
}

TAP_MAIN
