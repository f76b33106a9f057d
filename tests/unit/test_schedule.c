#include "loadgen/schedule.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static struct plan *plan_of(const char *seed, const char *phase)
{
    char text[1024];
    struct fk_buf errors;
    struct plan *p;
    snprintf(text, sizeof text, "seed=%s\n[phase a]\n%s\n", seed, phase);
    struct plan_source source = {"t", fk_slice_of(text), no_environment};
    fk_buf_init(&errors, 4096);
    if (plan_parse(&source, &p, &errors))
        tap_fail(__FILE__, __LINE__, "%s", errors.ptr);
    memset(text, '!', sizeof text); /* a plan does not need its file */
    fk_buf_fini(&errors);
    return p;
}

struct list {
    struct schedule_request *item;
    size_t count;
};

static struct list list_of(const struct plan *p)
{
    static struct schedule s;
    struct list l = {calloc(200000, sizeof *l.item), 0};
    CHECK(l.item);
    schedule_init(&s, p, 0);
    while (schedule_next(&s, &l.item[l.count]))
        CHECK(++l.count < 200000);
    schedule_fini(&s);
    return l;
}

#define MIX "mix=primes_slow 20, primes_fast 30, hash 50\n"

TEST(schedule_sends_the_promised_number_in_order)
{
    static const struct {
        const char *phase;
        size_t count; /* 0 = by chance */
        double expected;
    } rows[] = {
        {"duration=30s\narrive=constant 20/s\n" MIX, 600, 600},
        {"duration=10s\narrive=constant 0.5/s\n" MIX, 5, 5},
        {"duration=1s\narrive=constant 1/m\n" MIX, 1, 1},
        {"duration=20s\narrive=ramp 5/s..50/s\n" MIX, 550, 550},
        {"duration=20s\narrive=ramp 50/s..0/s\n" MIX, 500, 500},
        {"duration=20s\narrive=ramp 0/s..50/s\n" MIX, 500, 500},
        {"duration=100s\narrive=poisson 50/s\n" MIX, 0, 5000},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *p = plan_of("7", rows[i].phase);
        struct list l = list_of(p);
        tap_diag("row %zu: %zu requests", i, l.count);
        if (rows[i].count)
            CHECK_INT(l.count, rows[i].count);
        CHECK(fabs((double)l.count - rows[i].expected) <=
              4 * sqrt(rows[i].expected));
        for (size_t k = 0; k < l.count; k++) {
            CHECK_INT(l.item[k].k, k);
            CHECK(l.item[k].due_ns < p->phases[0].duration_ns);
            CHECK(k == 0 || l.item[k].due_ns >= l.item[k - 1].due_ns);
        }
        free(l.item);
        plan_free(p);
    }
}

TEST(schedule_constant_is_even_without_drift)
{
    struct plan *p = plan_of("7", "duration=100s\narrive=constant 700/s\n" MIX);
    struct list l = list_of(p);
    CHECK_INT(l.count, 70000);
    for (size_t k = 0; k < l.count; k++)
        CHECK(llabs(l.item[k].due_ns -
                    (int64_t)((double)k / 700 * FK_NS_PER_S)) <= 1);
    free(l.item);
    plan_free(p);
}

TEST(schedule_ramp_follows_its_rate)
{
    struct plan *p =
        plan_of("7", "duration=20s\narrive=ramp 10/s..110/s\n" MIX);
    struct list l = list_of(p);
    /* After t seconds: 10 t + 5 t^2 / 2. */
    for (size_t k = 0; k < l.count; k++) {
        double t = (double)l.item[k].due_ns / FK_NS_PER_S;
        CHECK(fabs(10 * t + 2.5 * t * t - (double)k) < 1e-4);
    }
    free(l.item);
    plan_free(p);
}

TEST(schedule_poisson_gaps_are_exponential)
{
    struct plan *p = plan_of("7", "duration=400s\narrive=poisson 100/s\n" MIX);
    struct list l = list_of(p);
    double sum = 0, squares = 0, short_gaps = 0;
    for (size_t k = 1; k < l.count; k++) {
        double gap =
            (double)(l.item[k].due_ns - l.item[k - 1].due_ns) / FK_NS_PER_S;
        sum += gap;
        squares += gap * gap;
        short_gaps += gap < 0.01 * log(2);
    }
    double n = (double)l.count - 1, mean = sum / n;
    double deviation = sqrt(squares / n - mean * mean);
    CHECK(fabs(mean - 0.01) < 0.0002);
    CHECK(fabs(deviation / mean - 1) < 0.03);
    CHECK(fabs(short_gaps / n - 0.5) < 0.015); /* half below the median */
    free(l.item);
    plan_free(p);
}

TEST(schedule_is_a_function_of_the_seed)
{
    struct plan *p = plan_of("7", "duration=60s\narrive=poisson 20/s\n" MIX);
    struct plan *same = plan_of("7", "duration=60s\narrive=poisson 20/s\n" MIX);
    struct plan *other =
        plan_of("8", "duration=60s\narrive=poisson 20/s\n" MIX);
    struct list a = list_of(p), b = list_of(same), c = list_of(other);
    size_t equal = 0;
    CHECK_MEM(
        a.item, a.count * sizeof *a.item, b.item, b.count * sizeof *b.item);
    for (size_t k = 0; k < a.count && k < c.count; k++)
        equal += a.item[k].due_ns == c.item[k].due_ns;
    CHECK(equal < 5);
    CHECK_INT(plan_digest(p), plan_digest(same));
    CHECK(plan_digest(p) != plan_digest(other));
    free(a.item);
    free(b.item);
    free(c.item);
    plan_free(p);
    plan_free(same);
    plan_free(other);
}

/* What a player sends must not depend on which requests others send. */
TEST(schedule_lookups_do_not_depend_on_their_order)
{
    static struct schedule s;
    struct plan *p = plan_of("7", "duration=9s\narrive=poisson 90/s\n"
                                  "keys=1000 zipf 1.1\n" MIX);
    uint32_t mix[500];
    char key[500][SCHEDULE_KEY_BYTES], again[SCHEDULE_KEY_BYTES];
    schedule_init(&s, p, 0);
    for (uint64_t k = 0; k < 500; k++) {
        mix[k] = schedule_mix(&s, k);
        schedule_key(&s, k, key[k]);
    }
    for (uint64_t i = 0; i < 500; i++) {
        uint64_t k = i * 191 % 500;
        CHECK_INT(schedule_mix(&s, k), mix[k]);
        schedule_key(&s, k, again);
        CHECK_STR(again, key[k]);
    }
    schedule_fini(&s);
    plan_free(p);
}

TEST(schedule_mix_is_exact_in_blocks_and_close_in_between)
{
    static struct schedule s;
    static const double share[] = {0.2, 0.3, 0.5};
    struct plan *p = plan_of("7", "duration=9s\narrive=constant 1/s\n" MIX);
    int count[3] = {0};
    bool orders_differ = false;
    schedule_init(&s, p, 0);
    for (uint64_t k = 0; k < 2000; k++) {
        orders_differ |= schedule_mix(&s, k) != schedule_mix(&s, k % 100);
        count[schedule_mix(&s, k)]++;
        for (int m = 0; m < 3; m++) {
            double wanted = share[m] * (double)(k + 1);
            double off = fabs(count[m] - wanted);
            CHECK(off <= ((k + 1) % 100 ? 2.0 : 1e-6));
        }
    }
    CHECK(orders_differ);
    schedule_fini(&s);
    plan_free(p);
}

TEST(schedule_keys_are_distributed_as_said)
{
    static const struct {
        const char *keys;
        double first; /* share of key-0 */
    } rows[] = {{"keys=5 uniform\n", 0.2}, {"keys=5 zipf 1\n", 0.438},
        {"keys=1 uniform\n", 1}, {"keys=5 zipf 0\n", 0.2}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct schedule s;
        char phase[256], key[SCHEDULE_KEY_BYTES];
        snprintf(phase, sizeof phase,
            "duration=9s\narrive=constant 1/s\n%s" MIX, rows[i].keys);
        struct plan *p = plan_of("7", phase);
        int first = 0;
        schedule_init(&s, p, 0);
        for (uint64_t k = 0; k < 10000; k++) {
            schedule_key(&s, k, key);
            first += strcmp(key, "key-0") == 0;
        }
        CHECK(fabs(first / 1e4 - rows[i].first) < 0.02);
        schedule_fini(&s);
        plan_free(p);
    }
}

TEST(schedule_writes_templates)
{
    static struct schedule s;
    char text[] = "duration=9s\narrive=constant 1/s\nkeys=unique\nmix=x 1\n"
                  "[endpoint x]\npost=/{{seq}}/{{choice a b}}/{{rand 3 3}}\n"
                  "body={{key}} {{uuid}}\n";
    struct plan *p = plan_of("7", text);
    struct fk_buf path, body, other;
    struct schedule_request r = {.k = 41};
    bool a = false, b = false;
    fk_buf_init(&path, 4096);
    fk_buf_init(&body, 4096);
    fk_buf_init(&other, 4096);
    schedule_init(&s, p, 0);
    for (; r.k < 80; r.k++) {
        char want_a[32], want_b[32];
        snprintf(want_a, sizeof want_a, "/%llu/a/3", (unsigned long long)r.k);
        snprintf(want_b, sizeof want_b, "/%llu/b/3", (unsigned long long)r.k);
        fk_buf_reset(&path);
        fk_buf_reset(&body);
        schedule_write(&s, &r, &path, &body);
        bool is_a = strcmp(path.ptr, want_a) == 0;
        if (!is_a)
            CHECK_STR(path.ptr, want_b);
        a |= is_a;
        b |= !is_a;
        CHECK_INT(
            body.len - 1 - (size_t)(strchr(body.ptr, ' ') - body.ptr), 36);
        CHECK(strchr(body.ptr, ' ')[15] == '4'); /* version of the UUID */
        CHECK(!other.len || strcmp(other.ptr, body.ptr) != 0);
        fk_buf_reset(&other);
        fk_buf_adds(&other, body.ptr);
    }
    CHECK(a && b);
    schedule_fini(&s);
    fk_buf_fini(&path);
    fk_buf_fini(&body);
    fk_buf_fini(&other);
    plan_free(p);
}

TEST(schedule_offset_is_drawn_from_the_seed)
{
    int64_t seen[8];
    for (int i = 0; i < 8; i++) {
        char seed[8];
        snprintf(seed, sizeof seed, "%d", i);
        struct plan *p = plan_of(seed, "duration=9s\narrive=constant 1/s\n"
                                       "offset=uniform 10s..70s\n" MIX);
        seen[i] = schedule_offset_ns(p, 0);
        CHECK(seen[i] >= 10 * FK_NS_PER_S && seen[i] < 70 * FK_NS_PER_S);
        CHECK_INT(schedule_offset_ns(p, 0), seen[i]);
        CHECK(i == 0 || seen[i] != seen[i - 1]);
        plan_free(p);
    }
}

TAP_MAIN
