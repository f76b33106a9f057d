/*
 * What one unwind costs, hot, at three depths, beside glibc's backtrace() and,
 * where it is installed, libunwind's, in the same process and the same frames.
 * Prints a line per figure:
 *   bench NAME VALUE UNIT goal GOAL ok|short
 */
#include "agent/unwind.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

enum { MAX_FRAMES = 256, ROUNDS = 21, CALLS = 2000, CALLS_OF_BACKTRACE = 50 };

struct figures {
    unsigned frames;
    bool complete;
    double ours_ns, backtrace_ns, libunwind_ns;
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int (*libunwind)(void **addresses, int max); /* NULL: not here */

static void find_libunwind(void)
{
    void *lib = dlopen("libunwind.so.8", RTLD_NOW);
    if (lib != NULL)
        *(void **)&libunwind = dlsym(lib, "unw_backtrace");
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

static struct fk_stack own_stack(void)
{
    pthread_attr_t attr;
    void *lo = NULL;
    size_t size = 0;
    if (!pthread_getattr_np(pthread_self(), &attr)) {
        pthread_attr_getstack(&attr, &lo, &size);
        pthread_attr_destroy(&attr);
    }
    return (struct fk_stack){(uintptr_t)lo, (uintptr_t)lo + size, 0, NULL};
}

__attribute__((noinline)) static struct figures measure(void)
{
    static uintptr_t pcs[MAX_FRAMES];
    static void *addresses[MAX_FRAMES];
    double ours[ROUNDS], theirs[ROUNDS], third[ROUNDS];
    const struct fk_objects *objects = fk_objects_current();
    struct fk_stack stack = own_stack();
    struct figures f = {0};
    enum fk_unwind_stop why = FK_UNWIND_NO_RULE;
    ucontext_t context;
    getcontext(&context);
    struct fk_regs regs = fk_regs_from_ucontext(&context);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < CALLS; i++)
            f.frames = fk_unwind(objects, &regs, &stack, pcs, MAX_FRAMES, &why);
        ours[round] = (now_ns() - start) / CALLS;
        start = now_ns();
        for (int i = 0; i < CALLS_OF_BACKTRACE; i++)
            backtrace(addresses, MAX_FRAMES);
        theirs[round] = (now_ns() - start) / CALLS_OF_BACKTRACE;
        start = now_ns();
        for (int i = 0; i < CALLS && libunwind != NULL; i++)
            libunwind(addresses, MAX_FRAMES);
        third[round] = (now_ns() - start) / CALLS;
    }
    f.complete = why == FK_UNWIND_COMPLETE;
    f.ours_ns = median(ours);
    f.backtrace_ns = median(theirs);
    f.libunwind_ns = median(third);
    return f;
}

/* Two functions in turn, so that frames are not all alike. */
static struct figures descend_b(unsigned depth);

__attribute__((noipa)) static struct figures descend_a(unsigned depth)
{
    struct figures f = depth ? descend_b(depth - 1) : measure();
    __asm__ volatile("" ::: "memory");
    return f;
}

__attribute__((noipa)) static struct figures descend_b(unsigned depth)
{
    volatile char room[96] = {0};
    struct figures f = depth ? descend_a(depth - 1) : measure();
    f.frames += (unsigned)room[depth % sizeof room];
    return f;
}

static void print_at_most(const char *name, unsigned depth, double value,
    const char *unit, double goal)
{
    printf("bench %s_depth_%u %.3g %s goal %.3g %s\n", name, depth, value, unit,
        goal, value <= goal ? "ok" : "short");
}

int main(void)
{
    static const struct {
        unsigned depth;
        double goal_ns, goal_ratio;
    } rows[] = {{10, 100, 0.1}, {30, 300, 0.1}, {100, 1200, 0.1}};

    find_libunwind();
    int err = fk_objects_refresh();
    if (err < 0) {
        fprintf(stderr, "no unwind tables: error %d\n", -err);
        return 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* main, measure and three frames of the C library are on the stack. */
        struct figures f = descend_a(rows[i].depth - 6);
        if (!f.complete || f.frames != rows[i].depth) {
            fprintf(
                stderr, "unwound %u frames of %u\n", f.frames, rows[i].depth);
            return 1;
        }
        print_at_most(
            "unwind", rows[i].depth, f.ours_ns, "ns", rows[i].goal_ns);
        print_at_most("unwind_vs_backtrace", rows[i].depth,
            f.ours_ns / f.backtrace_ns, "ratio", rows[i].goal_ratio);
        if (libunwind != NULL)
            print_at_most("unwind_vs_libunwind", rows[i].depth,
                f.ours_ns / f.libunwind_ns, "ratio", 1);
    }
    return 0;
}
