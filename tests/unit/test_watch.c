/* The account of one thread's time: nothing lost, nothing counted twice. */
#include "agent/watch.h"

#include <stdio.h>

#include "agent/procstat.h"
#include "agent/thrift.h"
#include "common/clock.h"
#include "common/rng.h"
#include "tests/tap.h"

#define MS FK_NS_PER_MS

static struct fk_look look(
    int64_t now_ms, int64_t cpu_ms, int64_t delay_ms, bool waiting)
{
    return (struct fk_look){now_ms * MS, cpu_ms * MS, delay_ms * MS, waiting};
}

static struct fk_watch begun(void)
{
    struct fk_watch w;
    struct fk_look first = look(0, 0, 0, false);
    fk_watch_begin(&w, 7, &first);
    return w;
}

static const struct step {
    const char *what;
    int64_t now, cpu, delay;
    bool waiting;
    int64_t before, on_cpu, kept, here; /* wanted, of this look */
} steps[] = {
    {"found waiting", 20, 0, 0, true, 0, 0, 0, 20},
    {"ran 4 ms, waits again: half to each", 40, 4, 0, true, 28, 4, 0, 8},
    {"ran, was kept from it, runs", 60, 9, 5, false, 8, 5, 5, 0},
    {"the doubtful 10 were at the place before", 80, 20, 8, false, 10, 11, 3,
        0},
    {"of them 6 stay unplaced, until it waits", 100, 25, 10, true, 0, 5, 2, 19},
    {"a wait in a queue that was taken for waiting", 120, 30, 10, false, 19, 5,
        0, 0},
    {"is told late", 140, 40, 25, false, 10, 10, 15, 0},
};

TEST(shares_of_each_step)
{
    struct fk_watch w = begun();
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct step *s = &steps[i];
        struct fk_look l = look(s->now, s->cpu, s->delay, s->waiting);
        struct fk_shares shares = fk_watch_split(&w, &l);
        tap_diag("%s", s->what);
        CHECK_INT(shares.before_ns, s->before * MS);
        CHECK_INT(shares.cpu_ns, s->on_cpu * MS);
        CHECK_INT(shares.kept_ns, s->kept * MS);
        CHECK_INT(l.now_ns - w.since_ns, s->here * MS);
        sum += shares.before_ns + shares.cpu_ns + shares.kept_ns;
        int64_t open = s->waiting ? l.now_ns - w.since_ns : 0;
        CHECK_INT(sum + open + w.unplaced_ns + w.doubtful_ns, s->now * MS);
    }
}

/* Whatever is seen and told, in any order: the sum is the time that went by.
 */
TEST(any_history_adds_up)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fk_watch w = begun();
        int64_t now = 0, cpu = 0, delay = 0, sum = 0;
        for (uint64_t i = 0; i < 500; i++) {
            uint64_t draw = fk_rng_at(seed, i);
            now += 1 + (int64_t)(draw % 1000);
            cpu += (int64_t)(draw >> 16 & 511);
            delay += (int64_t)(draw >> 32 & 1023);
            struct fk_look l = {now, cpu, delay, draw >> 60 & 1};
            struct fk_shares s = fk_watch_split(&w, &l);
            CHECK(s.before_ns >= 0 && s.cpu_ns >= 0 && s.kept_ns >= 0);
            sum += s.before_ns + s.cpu_ns + s.kept_ns;
        }
        sum += w.unplaced_ns + fk_watch_end(&w);
        CHECK_INT(sum, now);
        CHECK_INT(w.tid, 0);
    }
}

TEST(standing_still_is_exact_however_rarely_it_is_looked_at)
{
    struct fk_watch w = begun();
    struct fk_look l = look(20, 0, 0, true);
    fk_watch_split(&w, &l);
    static const unsigned rounds[] = {1, 2, 4, 8, 16, 16};
    for (int i = 0; i < 6; i++) {
        fk_watch_still(&w, (100 + i) * MS, 16);
        CHECK_INT(w.back_off, rounds[i]);
        CHECK_INT(w.skip, rounds[i] - 1);
    }
    CHECK_INT(fk_watch_settle(&w), 105 * MS);
    CHECK_INT(fk_watch_settle(&w), 0);
    fk_watch_still(&w, 200 * MS, 1);
    CHECK_INT(w.back_off, 1);
    l = look(210, 10, 0, false);
    CHECK_INT(fk_watch_split(&w, &l).before_ns, 95 * MS);
    CHECK_INT(w.skip, 0);
}

TEST(without_run_queue_times_a_thread_that_never_waits_runs)
{
    struct fk_watch w = begun();
    int64_t kept = 0;
    for (int64_t i = 1; i <= 100; i++) {
        struct fk_look l = look(20 * i, 5 * i, 0, false);
        kept += fk_watch_split(&w, &l).kept_ns;
    }
    CHECK(kept >= FK_NS_PER_S);
}

/* ---- what the kernel prints -----------------------------------------------*/

TEST(places_are_read_from_what_the_kernel_prints)
{
    static const struct {
        const char *text;
        enum fk_whereabouts where;
        uintptr_t sp, pc;
    } rows[] = {
        {"running\n", FK_THREAD_RUNS, 0, 0},
        {"-1 0x7ffd00000010 0x401000\n", FK_THREAD_WAITS, 0x7ffd00000010,
            0x401000},
        {"34 0x0 0x1 0x2 0x3 0x4 0x5 0x7ffd00000020 0x7f00000000ab\n",
            FK_THREAD_WAITS, 0x7ffd00000020, 0x7f00000000ab},
        {"", FK_THREAD_HIDDEN, 0, 0},
        {"\n", FK_THREAD_HIDDEN, 0, 0},
        {"0x", FK_THREAD_RUNS, 0, 0},
        {"-1 0x10", FK_THREAD_RUNS, 0, 0},
        {"-1 0x11112222333344445 0x1", FK_THREAD_RUNS, 0, 0},
        {" 0x1 0x2", FK_THREAD_WAITS, 1, 2},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uintptr_t pc = 0, sp = 0;
        CHECK_INT(
            fk_thread_where_of(rows[i].text, strlen(rows[i].text), &pc, &sp),
            rows[i].where);
        if (rows[i].where != FK_THREAD_WAITS)
            continue;
        CHECK_INT(sp, rows[i].sp);
        CHECK_INT(pc, rows[i].pc);
    }
}

/* ---- the budget -----------------------------------------------------------*/

TEST(rounds_are_stretched_until_the_share_is_kept)
{
    struct fk_thrift t;
    int64_t now = FK_NS_PER_S, cpu = 0;
    fk_thrift_init(&t, now, cpu);
    double used = 0;
    for (int i = 0; i < 2000; i++) {
        /* A second of rounds that would take 5 % unstretched. */
        used = 0.05 / t.stretch;
        now += FK_NS_PER_S;
        cpu += (int64_t)(used * 1e9);
        fk_thrift_update(&t, now, cpu, 0.005);
    }
    CHECK(used <= 0.005 && used > 0.003);
    for (int i = 0; i < 500; i++) {
        now += FK_NS_PER_S;
        fk_thrift_update(&t, now, cpu, 0.005);
    }
    CHECK(t.stretch < 1.0001);
}

TAP_MAIN
