/*
 * What a profiler costs the program it watches, measured so that a busy
 * machine cannot spoil it: it is switched on and off in short slices of one
 * run, in random order, and the CPU time of the same work is compared
 * (tests/bench_toggle.h). The profilers: none (what the rig itself shows), an
 * empty handler (what the kernel takes for a signal), ours, gperftools through
 * dlopen, and `perf record -g` through its control fifo, the last two where
 * installed. They take turns, so that all meet the same machine, until each
 * figure is known to +-0.1 points.
 *
 * What a profiler does in a thread or process of its own is added to what it
 * costs the program, as a share of one core. For ours that is looking for
 * threads and libraries ten times a second and, once in a turn of 15 s, an
 * upload.
 *
 *   overhead [TURNS]   of each profiler at most; 10
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/rng.h"
#include "tests/bench_estimate.h"
#include "tests/bench_profilers.h"
#include "tests/bench_toggle.h"

#define TURN_NS     (15 * FK_NS_PER_S)
#define LONGEST_S   60 /* a turn; gperftools is known to hang */
#define LEAST_TURNS 2
#define WIDTH       0.1  /* of an interval, to each side */
#define VALUES_MAX  8192 /* of a profiler */

/* ---- the side of a profiler: a process each ----------------------------- */

/* What both sides see. */
static struct result {
    size_t n;
    double percent[VALUES_MAX], slower[VALUES_MAX], disturbed[VALUES_MAX];
    int64_t own_ns, wall_ns; /* of all turns */
} * results;

static void take_turn(const struct bench_profiler *p, struct result *r)
{
    int64_t begin = fk_mono_ns(), own = p->own_cpu_ns();
    alarm(LONGEST_S);
    bench_toggle_pause(false);
    while (
        fk_mono_ns() - begin < TURN_NS && r->n + BENCH_THREADS <= VALUES_MAX) {
        struct bench_lost lost[BENCH_THREADS];
        bool on_first = fk_rng_at((uint64_t)begin, r->n) >> 63;
        if (!bench_toggle_pair(p->enable, on_first, lost))
            continue;
        for (int i = 0; i < BENCH_THREADS; i++, r->n++) {
            r->percent[r->n] = lost[i].percent;
            r->slower[r->n] = lost[i].slower;
            r->disturbed[r->n] = lost[i].disturbed;
        }
    }
    p->enable(false);
    bench_toggle_pause(true);
    r->wall_ns += fk_mono_ns() - begin;
    p->end_turn();
    r->own_ns += p->own_cpu_ns() - own;
    alarm(0);
}

/* A byte in is a turn, a byte out its end. */
static void serve(
    const struct bench_profiler *p, struct result *r, int in, int out)
{
    char byte = 0;
    bench_toggle_start();
    bool here = p->start(p->rate);
    bench_toggle_pause(true);
    while (here && write(out, &byte, 1) == 1 && read(in, &byte, 1) == 1)
        take_turn(p, r);
    if (here)
        p->stop();
    bench_toggle_stop();
}

/* ---- the side that asks -------------------------------------------------- */

static struct child {
    pid_t pid;
    int in, out; /* out < 0: it has ended */
} children[BENCH_ROWS];

static void forget(struct child *c)
{
    close(c->in);
    close(c->out);
    c->out = -1;
}

static void expect_byte(enum bench_row row)
{
    char byte;
    if (read(children[row].in, &byte, 1) == 1)
        return;
    printf("# %s is not available here, or has ended\n",
        bench_profilers[row].name);
    forget(&children[row]);
}

/* A process each, so that one profiler's handler is not the next one's. */
static void start_child(enum bench_row row)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        abort();
    fflush(stdout);
    struct child *c = &children[row];
    c->pid = fork();
    if (c->pid == 0) {
        for (enum bench_row r = 0; r < row; r++)
            if (children[r].out >= 0)
                forget(&children[r]);
        close(to[1]);
        close(from[0]);
        serve(&bench_profilers[row], &results[row], to[0], from[1]);
        exit(0);
    }
    close(to[0]);
    close(from[1]);
    c->in = from[0];
    c->out = to[1];
    expect_byte(row);
}

static void ask_for_turn(enum bench_row row)
{
    if (children[row].out < 0)
        return;
    if (write(children[row].out, "", 1) != 1)
        forget(&children[row]);
    else
        expect_byte(row);
}

static void end_child(enum bench_row row)
{
    if (children[row].out >= 0)
        forget(&children[row]);
    waitpid(children[row].pid, NULL, 0);
}

/* ---- figures ------------------------------------------------------------- */

static struct figure {
    struct bench_estimate slower, program;
    struct bench_estimate all; /* with what it does of its own */
    double own;                /* percent of a core */
} figures[BENCH_ROWS];

static bool is_measured(enum bench_row row)
{
    return results[row].n > 0;
}

static void estimate(enum bench_row row)
{
    static double values[VALUES_MAX];
    const struct result *r = &results[row];
    struct figure *f = &figures[row];
    if (!is_measured(row))
        return;
    memcpy(values, r->percent, r->n * sizeof(values[0]));
    bench_estimate(&f->program, values, r->disturbed, r->n);
    memcpy(values, r->slower, r->n * sizeof(values[0]));
    bench_estimate(&f->slower, values, r->disturbed, r->n);
    f->own = 100 * (double)r->own_ns / (double)r->wall_ns;
    f->all = f->program;
    f->all.value += f->own;
    f->all.lo += f->own;
    f->all.hi += f->own;
    for (size_t i = 0; i < BENCH_DRAWS; i++)
        f->all.draws[i] += f->own;
}

static bool is_known(enum bench_row row)
{
    const struct bench_estimate *e = &figures[row].all;
    return children[row].out < 0 || e->hi - e->lo <= 2 * WIDTH;
}

static void measure(int turns)
{
    bool known = false;
    for (int turn = 0; turn < turns && !known; turn++) {
        known = turn + 1 >= LEAST_TURNS;
        for (enum bench_row row = BENCH_NONE; row < BENCH_ROWS; row++) {
            ask_for_turn(row);
            estimate(row);
            known = is_known(row) && known;
        }
    }
}

static void print_figure(enum bench_row row)
{
    const struct bench_profiler *p = &bench_profilers[row];
    const struct figure *f = &figures[row];
    if (!is_measured(row))
        return;
    printf("# %s: %.2f %% in the program, %.2f to %.2f in 95 of 100 (%zu "
           "pairs; all units alike: %.2f to %.2f), and %.2f %% of a core "
           "beside it\n",
        p->name, f->program.value, f->program.lo, f->program.hi, results[row].n,
        f->slower.lo, f->slower.hi, f->own);
    bool ok = p->goal == NULL || f->all.value <= strtod(p->goal, NULL);
    printf("bench overhead_%s %.2f %% goal %s %s\n", p->name, f->all.value,
        p->goal ? p->goal : "-", ok ? "ok" : "short");
}

static const struct ratio {
    const char *name, *goal;
    enum bench_row ours, theirs;
} ratios[] = {
    {"overhead_vs_gperftools_100hz", "0.5", BENCH_OURS_100, BENCH_GPERF_100},
    {"overhead_vs_gperftools_1000hz", "0.5", BENCH_OURS_1000, BENCH_GPERF_1000},
    {"overhead_vs_perf_g_1000hz", "0.3", BENCH_OURS_1000, BENCH_PERF_1000},
};

static void print_ratio(const struct ratio *r)
{
    struct bench_estimate e, program;
    if (!is_measured(r->ours) || !is_measured(r->theirs))
        return;
    const struct figure *ours = &figures[r->ours],
                        *theirs = &figures[r->theirs];
    if (theirs->program.lo <= 0) {
        printf("# %s: the other side is lost in the noise\n", r->name);
        return;
    }
    bench_estimate_ratio(&e, &ours->all, &theirs->all);
    bench_estimate_ratio(&program, &ours->program, &theirs->program);
    printf("# %s: %.2f to %.2f in 95 of 100; in the program alone %.2f, %.2f "
           "to %.2f\n",
        r->name, e.lo, e.hi, program.value, program.lo, program.hi);
    printf("bench %s %.2f ratio goal %s %s\n", r->name, e.value, r->goal,
        e.value <= strtod(r->goal, NULL) ? "ok" : "short");
}

int main(int argc, char **argv)
{
    int turns = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10;
    results = mmap(NULL, BENCH_ROWS * sizeof(*results), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    pid_t server = bench_server_start();
    for (enum bench_row row = BENCH_NONE; row < BENCH_ROWS; row++)
        start_child(row);
    measure(turns);
    for (enum bench_row row = BENCH_NONE; row < BENCH_ROWS; row++)
        end_child(row);
    for (enum bench_row row = BENCH_NONE; row < BENCH_ROWS; row++)
        print_figure(row);
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++)
        print_ratio(&ratios[i]);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return 0;
}
