#include "demoapp/calibrate.h"

#include "common/buf.h"
#include "common/clock.h"
#include "demoapp/answer.h"
#include "demoapp/app.h"
#include "demoapp/digest.h"
#include "demoapp/handlers.h"
#include "demoapp/primes.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { ROUNDS = 5, ROUND_MS = 30, MAX_CALLS = 2000 };

enum { WAIT_MS = 200, WAIT_MAX_MS = 205 };

static struct cache *cache;
static volatile uint64_t sink; /* results are used, so work is done */

static void run_primes_slow(void)
{
    sink += compute_primes_slow(PRIMES_LIMIT);
}

static void run_primes_fast(void)
{
    sink += compute_primes_fast(PRIMES_LIMIT);
}

static void run_hash_short(void)
{
    sink += compute_hash(FK_SLICE("a"));
}

static void run_hash_long(void)
{
    static const char text[1024] = "a long text";
    sink += compute_hash((struct fk_slice){text, sizeof text});
}

static void run_cache_hit(void)
{
    uint64_t value;
    cache_lookup(cache, FK_SLICE("known"), &value);
    sink += value;
}

static void run_render(void)
{
    struct fk_buf out;
    struct fk_json j;
    fk_buf_init(&out, 4096);
    fk_json_init(&j, &out);
    fk_json_object(&j);
    render_json(&j);
    sink += out.len;
    fk_buf_fini(&out);
}

/* The first row is the measure of the others. */
static const struct row {
    const char *name;
    void (*run)(void);
    double reference_ms; /* on the reference laptop */
} rows[] = {
    {"compute_primes_slow", run_primes_slow, 20},
    {"compute_primes_fast", run_primes_fast, 0.3},
    {"compute_hash (1 byte)", run_hash_short, 3},
    {"compute_hash (1 KB)", run_hash_long, 3},
    {"cache_lookup (hit)", run_cache_hit, 0.02},
    {"render_json", run_render, 0.4},
};

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

/* The quickest of some rounds: noise only ever adds. */
static double measure_ms(void (*run)(void))
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = thread_cpu_ns(), spent = 0;
        int calls = 0;
        while (spent < ROUND_MS * FK_NS_PER_MS && calls < MAX_CALLS) {
            run();
            calls++;
            spent = thread_cpu_ns() - start;
        }
        double ms = (double)spent / calls / FK_NS_PER_MS;
        if (round == 0 || ms < best)
            best = ms;
    }
    return best;
}

static bool in_band(double value, double reference)
{
    return value >= reference / 2 && value <= reference * 2;
}

static bool print_row(const struct row *r, double ms, double unit_ms)
{
    double share = ms / unit_ms;
    bool fits = in_band(share, r->reference_ms / rows[0].reference_ms);
    printf("%-22s %9.4f ms %9.4f ms %9.4f  %s\n", r->name, ms, r->reference_ms,
        share, fits ? "ok" : "outside the band of two");
    return fits;
}

static double wait_once_ms(void)
{
    int64_t start = fk_mono_ns();
    simulate_io(WAIT_MS);
    return (double)(fk_mono_ns() - start) / FK_NS_PER_MS;
}

static bool print_wait(void)
{
    double ms = wait_once_ms();
    for (int round = 1; round < ROUNDS && ms > WAIT_MAX_MS; round++)
        ms = fmin(ms, wait_once_ms());
    bool fits = ms >= WAIT_MS && ms <= WAIT_MAX_MS;
    printf("%-22s %9.1f ms %9.1f ms %9s  %s\n", "simulate_io (waits)", ms,
        (double)WAIT_MS, "", fits ? "ok" : "late: this machine is overloaded");
    return fits;
}

bool calibrate(void)
{
    cache = cache_new(APP_CACHE_ENTRIES, compute_hash);
    run_cache_hit();
    printf("%-22s %12s %12s %9s\n", "function", "CPU", "reference", "ratio");
    bool fits = true;
    double unit_ms = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double ms = measure_ms(rows[i].run);
        if (i == 0)
            unit_ms = ms;
        fits = print_row(&rows[i], ms, unit_ms) && fits;
    }
    fits = print_wait() && fits;
    cache_free(cache);
    printf(fits ? "This machine tells the same story as the reference.\n"
                : "Shares in the exercises may differ on this machine: close "
                  "other programs and try again.\n");
    return fits;
}
