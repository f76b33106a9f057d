#include "tests/bench_toggle.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "agent/flamekit.h"
#include "common/clock.h"
#include "common/rng.h"

#define SLICE_CPU_NS (40 * FK_NS_PER_MS) /* of each thread */
#define SLICE_MAX_NS (5 * FK_NS_PER_S)
#define LOOK_NS      (5 * FK_NS_PER_MS)
#define ROUNDS       3      /* of work in a unit */
#define MORE_MAX_NS  150000 /* of a unit; beyond it was the machine itself */
#define UNITS_MAX    8192   /* of a slice */
#define WINDOW       16     /* units whose median is what one takes just now */
#define ELSEWHERE_NS 3000   /* not running for so long: others were */
#define NUM_NUMBERS  256
#define FEWEST_UNITS 100

enum phase { OFF, ON, NUM_PHASES, NONE };

static struct worker {
    pthread_t thread;
    uint32_t numbers[NUM_NUMBERS];

    struct slice {
        _Atomic uint32_t units, disturbed;
        _Atomic uint64_t cpu_ns;
        uint32_t ns[UNITS_MAX];
    } slices[NUM_PHASES];
} workers[BENCH_THREADS];

static struct {
    _Atomic enum phase phase;
    _Atomic bool stop, pause;
    pthread_mutex_t lock;
    pthread_cond_t go_on;
} rig = {.phase = NONE,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .go_on = PTHREAD_COND_INITIALIZER};

static volatile uint64_t sink;

/* ---- the program --------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

__attribute__((noipa)) static uint64_t recurse(int depth, uint64_t x)
{
    if (depth == 0)
        return x * 31;
    return recurse(depth - 1, x + 1) + 1;
}

__attribute__((noipa)) static uint64_t hash(const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

/* The same work each time. */
__attribute__((noipa)) static void unit(struct worker *w)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < NUM_NUMBERS; i++)
            w->numbers[i] = (uint32_t)fk_rng_at(round, i);
        qsort(w->numbers, NUM_NUMBERS, sizeof(w->numbers[0]), compare);
        uint64_t h = hash(w->numbers, sizeof(w->numbers));
        for (int i = 0; i < 50; i++)
            h += recurse(20, h);
        sink = h;
    }
}

/* The nth of those that this process may use. */
static void stay_on_processor(size_t n)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof(all), &all) != 0)
        return;
    n %= (size_t)CPU_COUNT(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && n-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
}

static void wait_while_paused(void)
{
    pthread_mutex_lock(&rig.lock);
    while (atomic_load(&rig.pause) && !atomic_load(&rig.stop))
        pthread_cond_wait(&rig.go_on, &rig.lock);
    pthread_mutex_unlock(&rig.lock);
}

static int64_t own_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

static void count(struct slice *s, int64_t cpu_ns, int64_t mono_ns)
{
    uint32_t n = atomic_load(&s->units);
    if (n == UNITS_MAX)
        return;
    s->ns[n] = (uint32_t)(cpu_ns < UINT32_MAX ? cpu_ns : UINT32_MAX);
    atomic_fetch_add(&s->disturbed, mono_ns - cpu_ns > ELSEWHERE_NS);
    atomic_fetch_add(&s->cpu_ns, (uint64_t)cpu_ns);
    atomic_store(&s->units, n + 1);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    stay_on_processor((size_t)(w - workers));
    flamekit_thread_register("bench");
    enum phase was = NONE;
    int64_t was_cpu = 0, was_mono = 0;
    while (!atomic_load(&rig.stop)) {
        unit(w);
        enum phase is = atomic_load(&rig.phase);
        int64_t cpu = own_cpu_ns(), mono = fk_mono_ns();
        if (is == was && is != NONE)
            count(&w->slices[is], cpu - was_cpu, mono - was_mono);
        was = is;
        was_cpu = cpu;
        was_mono = mono;
        if (atomic_load(&rig.pause))
            wait_while_paused();
    }
    return NULL;
}

void bench_toggle_start(void)
{
    for (int i = 0; i < BENCH_THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
}

static void set_and_wake(_Atomic bool *flag, bool value)
{
    pthread_mutex_lock(&rig.lock);
    atomic_store(flag, value);
    pthread_cond_broadcast(&rig.go_on);
    pthread_mutex_unlock(&rig.lock);
}

void bench_toggle_pause(bool on)
{
    set_and_wake(&rig.pause, on);
}

void bench_toggle_stop(void)
{
    set_and_wake(&rig.stop, true);
    for (int i = 0; i < BENCH_THREADS; i++)
        pthread_join(workers[i].thread, NULL);
}

/* ---- slices -------------------------------------------------------------- */

static bool is_full(enum phase phase)
{
    for (int i = 0; i < BENCH_THREADS; i++)
        if (atomic_load(&workers[i].slices[phase].cpu_ns) < SLICE_CPU_NS)
            return false;
    return true;
}

static bool take_slice(void (*enable)(bool on), enum phase phase)
{
    int64_t until = fk_mono_ns() + SLICE_MAX_NS;
    for (int i = 0; i < BENCH_THREADS; i++) {
        struct slice *s = &workers[i].slices[phase];
        atomic_store(&s->cpu_ns, 0);
        atomic_store(&s->disturbed, 0);
        atomic_store(&s->units, 0);
    }
    enable(phase == ON);
    atomic_store(&rig.phase, phase);
    while (!is_full(phase) && fk_mono_ns() < until)
        fk_sleep_until_mono(fk_mono_ns() + LOOK_NS);
    atomic_store(&rig.phase, NONE);
    return is_full(phase);
}

struct taken {
    double usual_ns;  /* what a unit takes */
    double more;      /* percent that all units together took more */
    double disturbed; /* percent of the units */
};

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static struct taken evaluate(struct slice *s)
{
    double usual = 0, more = 0;
    uint32_t n = atomic_load(&s->units) / WINDOW * WINDOW;
    for (uint32_t at = 0; at < n; at += WINDOW) {
        qsort(&s->ns[at], WINDOW, sizeof(s->ns[0]), ascending);
        uint32_t median = s->ns[at + WINDOW / 2];
        usual += WINDOW * (double)median;
        for (uint32_t i = at; i < at + WINDOW; i++)
            more += fmin((double)s->ns[i] - median, MORE_MAX_NS);
    }
    double part = 100.0 * atomic_load(&s->disturbed);
    return (struct taken){
        usual / n, 100 * more / usual, part / atomic_load(&s->units)};
}

bool bench_toggle_pair(void (*enable)(bool on), bool on_first,
    struct bench_lost lost[BENCH_THREADS])
{
    if (!take_slice(enable, on_first ? ON : OFF) ||
        !take_slice(enable, on_first ? OFF : ON))
        return false;
    for (int i = 0; i < BENCH_THREADS; i++) {
        if (atomic_load(&workers[i].slices[ON].units) < WINDOW ||
            atomic_load(&workers[i].slices[OFF].units) < WINDOW)
            return false;
        struct taken on = evaluate(&workers[i].slices[ON]);
        struct taken off = evaluate(&workers[i].slices[OFF]);
        lost[i].percent = on.more - off.more;
        lost[i].slower = 100 * (on.usual_ns / off.usual_ns - 1);
        lost[i].disturbed = on.disturbed - off.disturbed;
    }
    return true;
}
